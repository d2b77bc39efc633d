"""Aggregated and trend rules over counts a window: which tags, in which scope, call for a task.

A rule looks at one closed window and those before it. Nothing here knows where the counts come from: the stream's
history in ClickHouse, or a file of coded events.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from codeframe.rules.model import Aggregate, Trend
from codeframe.rules.statistics import surge_probability, trend_probability

Scope: TypeAlias = tuple[str, ...]
"""Values of a rule's scope, in its order; an empty one where a dimension is unknown."""


class Alarm(NamedTuple):
    """A tag that stands out in a window: how many opinions it has there, and how many its baseline expects."""

    tag: str
    scope: Scope
    window: int
    opinions: int
    expected: float
    probability: float


@dataclass
class Counts:
    """Opinions a tag, scope and window; and all opinions and utterances a scope and window, for shares and rates."""

    by_tag: dict[tuple[str, Scope], dict[int, int]] = field(default_factory=lambda: defaultdict(dict))
    opinions: dict[Scope, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))
    utterances: dict[Scope, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))
    first: int | None = None
    """The first window that has anything at all: before it there is no history, rather than silence."""

    def add(self, tag: str, scope: Scope, window: int, count: int) -> None:
        """Count opinions of a tag."""
        windows = self.by_tag[tag, scope]
        windows[window] = windows.get(window, 0) + count

    def add_totals(self, scope: Scope, window: int, opinions: int, utterances: int) -> None:
        """Count what shares and rates are out of."""
        self.opinions[scope][window] = self.opinions[scope].get(window, 0) + opinions
        self.utterances[scope][window] = self.utterances[scope].get(window, 0) + utterances
        self.first = window if self.first is None else min(self.first, window)


def alarms(rule: Aggregate | Trend, counts: Counts, window: int) -> Iterator[Alarm]:
    """What a rule finds in a closed window. Without half of its baseline it finds nothing."""
    needed = rule.baseline if isinstance(rule, Aggregate) else rule.windows - 1
    before = list(range(max(window - needed, window if counts.first is None else counts.first), window))
    if len(before) < (needed + 1) // 2 or (isinstance(rule, Trend) and len(before) < needed):
        return
    for (tag, scope), by_window in counts.by_tag.items():
        if by_window.get(window, 0) < rule.min_n or _unknown(scope):
            continue
        exposures = _exposures(rule, counts, scope)
        found = _surge(rule, by_window, exposures, before, window) if isinstance(rule, Aggregate) else None
        if isinstance(rule, Trend):
            found = _trend(rule, by_window, [*before, window])
        if found:
            yield Alarm(tag, scope, window, by_window[window], *found)


def _unknown(scope: Scope) -> bool:
    """A task about an unknown dealer is nobody's."""
    return "" in scope


def _exposures(rule: Aggregate | Trend, counts: Counts, scope: Scope) -> Mapping[int, int] | None:
    """What the counts are out of; None: every window the same."""
    if isinstance(rule, Trend) or rule.measure == "count":
        return None
    return (counts.opinions if rule.measure == "share" else counts.utterances)[scope]


def _surge(
    rule: Aggregate, by_window: Mapping[int, int], exposures: Mapping[int, int] | None, before: list[int], window: int
) -> tuple[float, float] | None:
    """(expected, probability) of a surge."""
    out_of = [float(exposures.get(one, 0)) if exposures else 1.0 for one in before]
    now = float(exposures.get(window, 0)) if exposures else 1.0
    past = [float(by_window.get(one, 0)) for one in before]
    if not sum(out_of):
        return None
    expected = sum(past) / sum(out_of) * now
    if by_window[window] < rule.ratio * expected:
        return None
    probability = surge_probability(by_window[window], now, past, out_of)
    return (expected, probability) if probability < rule.alpha else None


def _trend(rule: Trend, by_window: Mapping[int, int], windows: Iterable[int]) -> tuple[float, float] | None:
    """(mean of the first half, probability) of a growth."""
    counts = [float(by_window.get(one, 0)) for one in windows]
    half = len(counts) // 2
    first, last = sum(counts[:half]) / half, sum(counts[-half:]) / half
    if last < rule.ratio * max(first, 1 / half):
        return None
    probability = trend_probability(counts, [1.0] * len(counts))
    return (first, probability) if probability < rule.alpha else None
