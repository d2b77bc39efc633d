"""Attribution: from a symptom and its clues to ranked causes with posterior and evidence, or `unknown`.

Each candidate cause c of a symptom has the log odds, against none of them being true,

    log odds(c) = log(w_c / (2 max w)) + sum of the log ratios of the clues that concern c

and the posterior is their softmax with `unknown` at 0 (naive Bayes, as in Good 1950, "Probability and the Weighing of
Evidence"; learned ratios come from a regularised logit and may depend on each other). By its prior alone no cause can be
likelier than unknown: something has to speak for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import NamedTuple, TypeAlias

from codeframe.causes.clues import Clue, ClueFinder, Key, place
from codeframe.causes.graph import Graph
from codeframe.causes.learned import Learned
from codeframe.frame import Frame
from codeframe.trusted import trusted
from schemas.coded import UNKNOWN_CAUSE, Cause, Evidence, Opinion, Point
from schemas.common import Attributes
from schemas.context import ContextEvent

UNKNOWN_TO_LIKELIEST = 2.0
"""Prior weight of `unknown` as a multiple of the likeliest cause's."""

_SHOWN = 3
_KEPT = 20_000
_KINDS = {"cue": "cue", "said": "cue", "tag": "tag", "context": "context", "absent": "context", "dealer": "rate", "model": "rate"}
_NOTHING: tuple[ContextEvent, ...] = ()
ATTRIBUTED = frozenset({Point.PAIN, Point.ITCH})
"""The points that have causes."""

Rates: TypeAlias = Callable[[str, int], list[Clue]]
Ranking: TypeAlias = Callable[[str, tuple[Clue, ...]], tuple[Cause, ...]]


class Possible(NamedTuple):
    """A candidate cause of a tag, with its log odds before any clue, and its evidence of that."""

    number: int
    cause: str
    log_odds: float
    prior: Evidence


class Situation(NamedTuple):
    """What surrounds the opinions of an utterance. `events` are the customer's business facts; `tags` those of the conversation."""

    text: str
    tags: tuple[str, ...]
    said_at: datetime
    dealer: str | None = None
    model: str | None = None
    events: Sequence[ContextEvent] = _NOTHING


class Attributor:
    """Names causes by a graph and what was learned. Immutable and deterministic."""

    def __init__(self, graph: Graph, learned: Learned | None = None) -> None:
        self.graph = graph
        self._weights = learned.by_key() if learned else {}
        known = graph.by_id
        self.finder = ClueFinder(graph, [one for one in (learned.phrases() if learned else ()) if one[0] in known])
        self._places = {(key.kind, key.of) for key in self._weights if key.kind in {"dealer", "model"}}
        self._possible = {tag: self._candidates(tag) for tag in graph.candidates}
        self._numbers = {tag: frozenset(one.number for one in possible) for tag, possible in self._possible.items()}
        self._ranking = _rankings(self._possible)

    @classmethod
    def load(cls, where: str | Path | Frame, learned: Path | None = None) -> Attributor:
        """The attributor of a frame. Raises FrameError for a file that is missing or wrong."""
        return cls(Graph.load(where), Learned.read(learned) if learned else None)

    def attribute(self, opinions: Sequence[Opinion], situation: Situation) -> tuple[Opinion, ...]:
        """The opinions with the causes of each pain and itch filled in; other opinions have none."""
        if not any(one.point in ATTRIBUTED for one in opinions):
            return tuple(one if not one.causes else _with(one, ()) for one in opinions)
        [clues] = self.clues([situation])
        return tuple(_with(one, self.causes(one.tag, clues, situation) if one.point in ATTRIBUTED else ()) for one in opinions)

    def clues(self, situations: Sequence[Situation]) -> list[dict[int, list[Clue]]]:
        """Of each situation, every clue that holds whatever the symptom, by the place of its cause."""
        said = self.finder.said([one.text for one in situations])
        return [self._by_cause(clues, situation) for clues, situation in zip(said, situations, strict=True)]

    def _by_cause(self, said: list[Clue], situation: Situation) -> dict[int, list[Clue]]:
        facts = self.finder.facts(situation.events, situation.said_at) if situation.events else ()
        by_cause: dict[int, list[Clue]] = {}
        for clue in chain(said, facts, self.finder.beside(situation.tags)):
            by_cause.setdefault(clue.cause, []).append(clue)
        return by_cause

    def causes(self, tag: str, clues: dict[int, list[Clue]], situation: Situation) -> tuple[Cause, ...]:
        """The ranked causes of a symptom, `unknown` among them, and first where nothing stands out."""
        possible = self._possible.get(tag)
        if not possible:
            return _UNKNOWN_ONLY
        rates = self._rates(situation.dealer, situation.model) if self._places else None
        if rates is None and self._numbers[tag].isdisjoint(clues):
            return self._ranking(tag, ())
        return self._ranking(tag, tuple(self._concerning(tag, clues, rates)))

    def possible(self, tag: str) -> tuple[Possible, ...]:
        """The candidate causes of a tag."""
        return self._possible.get(tag, ())

    def _concerning(self, tag: str, clues: dict[int, list[Clue]], rates: Rates | None) -> Iterator[Clue]:
        """The clues of the candidates, weighed; the symptom does not speak for its own causes."""
        for one in self._possible[tag]:
            for clue in clues.get(one.number, ()):
                if (clue.detail != tag or clue.key.kind != "tag") and (weighed := self._weighed(clue)).weight:
                    yield weighed
            for clue in rates(one.cause, one.number) if rates else ():
                if (weighed := self._weighed(clue)).weight:
                    yield weighed

    def _rates(self, dealer: str | None, model: str | None) -> Rates | None:
        """The base rates of a dealer and a model, where any was learned."""
        dealer = dealer if ("dealer", dealer) in self._places else None
        model = model if ("model", model) in self._places else None
        return place(dealer, model) if dealer or model else None

    def _weighed(self, clue: Clue) -> Clue:
        weight = self._weights.get(clue.key)
        return clue if weight is None else clue._replace(weight=weight)

    def _candidates(self, tag: str) -> tuple[Possible, ...]:
        candidates = self.graph.candidates[tag]
        if not candidates:
            return ()
        most = UNKNOWN_TO_LIKELIEST * candidates[0].weight
        possible = []
        for candidate in candidates:
            cause = self.graph.causes[candidate.cause].id
            log_odds = self._weights.get(Key("prior", cause, tag), math.log(candidate.weight / most))
            possible.append(Possible(candidate.cause, cause, log_odds, _evidence("prior", candidate.pattern, log_odds)))
        return tuple(possible)


def _rankings(possible: dict[str, tuple[Possible, ...]]) -> Ranking:
    """The ranked causes of a tag under the clues of its candidates. The same clues come again and again: what they say is kept."""
    return lru_cache(_KEPT)(lambda tag, clues: _ranked(possible[tag], clues))


def _ranked(possible: tuple[Possible, ...], clues: tuple[Clue, ...]) -> tuple[Cause, ...]:
    found: dict[int, list[Clue]] = {}
    for clue in clues:
        found.setdefault(clue.cause, []).append(clue)
    scores = [one.log_odds + sum([clue.weight for clue in found.get(one.number, ())]) for one in possible]
    highest = max(0.0, *scores) if scores else 0.0
    odds = [math.exp(score - highest) for score in scores]
    unknown = math.exp(-highest)
    total = sum(odds) + unknown
    order = sorted(range(len(odds)), key=lambda at: (-odds[at], possible[at].cause))[:_SHOWN]
    ranked = [
        trusted(
            Cause,
            {
                "cause": possible[at].cause,
                "probability": round(odds[at] / total, 4),
                "evidence": (possible[at].prior, *map(_shown, found.get(possible[at].number, ()))),
            },
        )
        for at in order
    ]
    before = sum(odds[at] > unknown for at in order)
    ranked.insert(before, _unknown(round(unknown / total, 4)))
    return tuple(ranked)


@lru_cache(_KEPT)
def _shown(clue: Clue) -> Evidence:
    return _evidence(_KINDS[clue.key.kind], clue.detail, clue.weight)


def _evidence(kind: str, detail: str, log_odds: float) -> Evidence:
    return Evidence(kind=kind, detail=detail[:200], log_odds=round(log_odds, 3))


@lru_cache(10_001)
def _unknown(probability: float) -> Cause:
    return Cause(cause=UNKNOWN_CAUSE, probability=probability)


_UNKNOWN_ONLY = (_unknown(1.0),)


def _with(opinion: Opinion, causes: tuple[Cause, ...]) -> Opinion:
    return trusted(Opinion, {**opinion.__dict__, "causes": causes})


def situation_of(text: str, tags: Iterable[str], said_at: datetime, where: Attributes, events: Sequence[ContextEvent] = ()) -> Situation:
    """The situation of an utterance's opinions."""
    return Situation(text, tuple(tags), said_at, where.dealer, where.model, events)
