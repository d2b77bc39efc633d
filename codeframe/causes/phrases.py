"""New cue phrases from cases whose cause was confirmed: what is said with one cause and not with a symptom's others.

Ranked by the log odds ratio with an informative Dirichlet prior, in standard errors (Monroe, Colaresi and Quinn 2008,
"Fightin' Words"). A phrase counts once a case, and must come from several cases, so that no customer can be recognised.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from codeframe.causes.graph import Graph
from codeframe.folding import fold

if TYPE_CHECKING:
    from codeframe.causes.learning import Case

MIN_CASES = 8
MAX_PHRASES = 20
_MIN_Z = 4.0
_PRIOR = 50.0
_SHORTEST, _LONGEST = 2, 6
_RUN = re.compile(r"[\u4e00-\u9fff]+|[a-z]+(?:['-][a-z]+)*")


def mine(graph: Graph, cases: Sequence[Case]) -> list[tuple[str, str]]:
    """(cause, phrase) pairs beyond the graph's own phrases; none from a handful of cases."""
    known = {fold(word) for cause in graph.causes for words in cause.cues.values() for word in words}
    with_cause: dict[str, Counter[str]] = defaultdict(Counter)
    with_tag: dict[str, Counter[str]] = defaultdict(Counter)
    sizes: Counter[str] = Counter()
    tags_of: dict[str, Counter[str]] = defaultdict(Counter)
    for case in cases:
        if case.confirmed is None or case.confirmed not in graph.by_id:
            continue
        grams = ngrams(case.situation.text)
        with_tag[case.tag].update(grams)
        sizes[case.tag] += 1
        with_cause[case.confirmed].update(grams)
        sizes[case.confirmed] += 1
        tags_of[case.confirmed][case.tag] += 1
    found = []
    for cause, counts in with_cause.items():
        others = Counter[str]()
        for tag in tags_of[cause]:
            others.update(with_tag[tag])
        total = sum(sizes[tag] for tag in tags_of[cause])
        found += [(cause, phrase) for phrase in _best(counts, sizes[cause], others, total, known)]
    return found


def ngrams(text: str) -> set[str]:
    """The stretches of 2 to 6 Chinese characters, and of 1 to 3 English words, of a text."""
    grams: set[str] = set()
    words: list[str] = []
    for run in _RUN.findall(fold(text)):
        if run.isascii():
            words.append(run)
            grams.update(" ".join(words[-size:]) for size in (1, 2, 3) if len(words) >= size and len(run) > _SHORTEST)
            continue
        words.clear()
        for size in range(_SHORTEST, _LONGEST + 1):
            grams.update(run[at : at + size] for at in range(len(run) - size + 1))
    return grams


def _best(mine_: Counter[str], size: int, all_: Counter[str], total: int, known: set[str]) -> list[str]:
    scored = []
    for phrase, count in mine_.items():
        rest = all_[phrase] - count
        if count < MIN_CASES or phrase in known:
            continue
        score = _z(count, size, max(rest, 0), max(total - size, 1), all_[phrase] / max(total, 1))
        if score >= _MIN_Z:
            scored.append((score, len(phrase), phrase))
    chosen: list[str] = []
    for _, _, phrase in sorted(scored, key=lambda one: (-one[0], -one[1], one[2])):
        if not any(phrase in other or other in phrase for other in chosen):
            chosen.append(phrase)
        if len(chosen) == MAX_PHRASES:
            break
    return chosen


def _z(count: int, size: int, rest: int, others: int, share: float) -> float:
    """Log odds ratio over its standard error, shrunk towards the share of all cases."""
    prior = _PRIOR * share + 0.01
    back = _PRIOR + 0.02
    one = math.log((count + prior) / (size + back - count - prior))
    other = math.log((rest + prior) / (others + back - rest - prior))
    return (one - other) / math.sqrt(1 / (count + prior) + 1 / (rest + prior))
