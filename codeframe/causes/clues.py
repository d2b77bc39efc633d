"""What was found around an opinion that may speak for or against causes: phrases, other tags, business facts, where it was."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

import ahocorasick

from codeframe.causes.definition import ContextRule
from codeframe.causes.graph import Graph
from codeframe.folding import fold
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


Clues = tuple[Clue, ...]


class ClueFinder:
    """Finds clues by a graph, and by `said`: phrases learned beside those of the graph, as (cause, phrase). Immutable."""

    def __init__(self, graph: Graph, said: Iterable[tuple[str, str]] = ()) -> None:
        self._number = {cause.id: at for at, cause in enumerate(graph.causes)}
        self._phrases = _automaton(self._by_phrase(graph, said))
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

    def said(self, text: str) -> Iterator[Clue]:
        """The phrases of a text, each parameter once. A Latin phrase stands between word boundaries."""
        folded = fold(text)
        seen: set[Key] = set()
        for last, (size, latin, clues) in self._phrases.iter(folded):
            if latin and not _bounded(folded, last + 1 - size, last + 1):
                continue
            for clue in clues:
                if clue.key not in seen:
                    seen.add(clue.key)
                    yield clue

    def beside(self, tags: Iterable[str]) -> Iterator[Clue]:
        """What other tags of the same conversation say."""
        seen: set[Key] = set()
        for tag in tags:
            for clue in self._tags.get(tag, ()):
                if clue.key not in seen:
                    seen.add(clue.key)
                    yield clue

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


def _automaton(phrases: dict[str, list[Clue]]) -> ahocorasick.Automaton:
    automaton = ahocorasick.Automaton()
    for phrase, clues in phrases.items():
        automaton.add_word(phrase, (len(phrase), _latin(phrase), tuple(clues)))
    if not phrases:
        automaton.add_word("\uffff", (1, False, ()))
    automaton.make_automaton()
    return automaton


@lru_cache(4_096)
def _latin(phrase: str) -> bool:
    return phrase.isascii()


def _bounded(text: str, start: int, end: int) -> bool:
    before, after = text[start - 1 : start], text[end : end + 1]
    return not (before.isascii() and before.isalnum()) and not (after.isascii() and after.isalnum())
