"""What was found around an opinion that may speak for or against causes: phrases, other tags, business facts, where it was."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick

from codeframe.causes.definition import ContextRule
from codeframe.causes.graph import Graph
from codeframe.folding import fold, joined, to_text
from schemas.context import ContextEvent

_DAY = 86_400.0


class Key(NamedTuple):
    """The name of a parameter: its kind (prior, cue, tag, context, absent, dealer, model or said), its cause, and what it is of."""

    kind: str
    cause: str
    of: str


class Clue(NamedTuple):
    """A finding that concerns one cause: its parameter, the cause's place in the graph, and words that show it."""

    key: Key
    cause: int
    detail: str
    weight: float


class ClueFinder:
    """Finds clues by a graph, and by `said`: phrases learned beside those of the graph, as (cause, phrase). Immutable."""

    def __init__(self, graph: Graph, said: Iterable[tuple[str, str]] = ()) -> None:
        self._number = {cause.id: at for at, cause in enumerate(graph.causes)}
        phrases = self._by_phrase(graph, said)
        self._automaton = AhoCorasick(phrases)
        self._phrases = [(phrase.isascii(), tuple(clues)) for phrase, clues in phrases.items()]
        self._tags: dict[str, list[Clue]] = {}
        self._rules: dict[tuple[str, str], list[tuple[ContextRule, Clue]]] = {}
        self._absent: list[tuple[ContextRule, Clue, Clue]] = []
        for at, cause in enumerate(graph.causes):
            for tag, pattern in graph.expand(tuple(cause.tags)).items():
                self._tags.setdefault(tag, []).append(Clue(Key("tag", cause.id, pattern), at, tag, cause.tags[pattern]))
            for rule in cause.context:
                self._add_rule(cause.id, at, rule)

    def _by_phrase(self, graph: Graph, said: Iterable[tuple[str, str]]) -> dict[str, list[Clue]]:
        phrases: dict[str, list[Clue]] = {}
        for at, cause in enumerate(graph.causes):
            for weight, words in cause.cues.items():
                for word in words:
                    phrases.setdefault(fold(word), []).append(Clue(Key("cue", cause.id, f"{weight:g}"), at, word, weight))
        for cause_id, word in said:
            phrases.setdefault(word, []).append(Clue(Key("said", cause_id, word), self._number[cause_id], word, 0.0))
        return phrases

    def _add_rule(self, cause: str, at: int, rule: ContextRule) -> None:
        name = f"{rule.kind.value} {'|'.join(rule.status)}"
        clue = Clue(Key("context", cause, name), at, name, rule.weight)
        for status in rule.status:
            self._rules.setdefault((rule.kind, status), []).append((rule, clue))
        self._absent.append((rule, clue, Clue(Key("absent", cause, name), at, f"no {name}", rule.absent)))

    def said(self, texts: Sequence[str]) -> list[list[Clue]]:
        """The phrases of each text, each parameter once. A Latin phrase stands between word boundaries."""
        points, starts = joined(texts)
        folded, ends = to_text(points), [*starts[1:], points.size]
        found: list[dict[Key, Clue]] = [{} for _ in texts]
        at = 0
        for number, start, end in self._automaton.find_matches_as_indexes(folded, overlapping=True):
            latin, clues = self._phrases[number]
            if latin and not _bounded(folded, start, end):
                continue
            while end > ends[at]:
                at += 1
            for clue in clues:
                found[at].setdefault(clue.key, clue)
        return [list(one.values()) for one in found]

    def beside(self, tags: Iterable[str]) -> Iterable[Clue]:
        """What other tags of the same conversation say."""
        found: dict[Key, Clue] = {}
        for tag in tags:
            for clue in self._tags.get(tag, ()):
                found.setdefault(clue.key, clue)
        return found.values()

    def facts(self, events: Sequence[ContextEvent], said_at: datetime) -> Iterator[Clue]:
        """What a customer's business facts say. No events: the record is not known, and its silence says nothing."""
        if not events:
            return
        seen: set[Key] = set()
        for event in events:
            day = (event.occurred_at - said_at).total_seconds() / _DAY
            for rule, clue in self._rules.get((event.kind, event.status or ""), ()):
                if rule.days[0] <= day <= rule.days[1] and clue.key not in seen:
                    seen.add(clue.key)
                    yield clue
        for _, clue, absent in self._absent:
            if clue.key not in seen:
                yield absent


def place(dealer: str | None, model: str | None) -> Callable[[str, int], list[Clue]]:
    """The clues that a dealer and a model are for a cause: their base rates, once learned."""
    return lambda cause, at: [
        *([Clue(Key("dealer", cause, dealer), at, f"dealer {dealer}", 0.0)] if dealer else ()),
        *([Clue(Key("model", cause, model), at, f"model {model}", 0.0)] if model else ()),
    ]


def _bounded(text: str, start: int, end: int) -> bool:
    before, after = text[start - 1 : start], text[end : end + 1]
    return not (before.isascii() and before.isalnum()) and not (after.isascii() and after.isalnum())
