"""The business knowledge graph of a frame: symptom tag -> cause -> process step, and who must act.

causes/steps.yaml   process steps, and the statuses of context events
causes/*.yaml       causes, an area a file
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from codeframe.causes.definition import Area, CauseNode, ContextRule, Step, Steps
from codeframe.frame import Frame
from codeframe.source import Key, Source, read

_STEPS = "steps.yaml"
_AFTER_DOT = "/"  # the character that follows a full stop


class Candidate(NamedTuple):
    """A possible cause of a symptom: its place among the graph's causes, its relative frequency, and the pattern that says so."""

    cause: int
    weight: float
    pattern: str


@dataclass(frozen=True)
class Graph:
    """A loaded graph. A frame without causes has an empty one, under which every cause is unknown."""

    frame: Frame
    steps: Steps | None
    areas: tuple[Area, ...]
    sources: tuple[Source, ...]

    @classmethod
    def load(cls, where: str | Path | Frame) -> Graph:
        """The graph of a frame, of a bundled frame's name, or of a frame's folder.

        Raises:
            FrameError: a file is wrong; names file, line and field. `codeframe.causes.lint` finds what is merely unwise.
        """
        frame = where if isinstance(where, Frame) else Frame.load(where)
        folder = frame.folder / "causes"
        if not folder.is_dir():
            return cls(frame, None, (), ())
        steps = read(folder / _STEPS)
        sources = tuple(read(path) for path in sorted(folder.glob("*.yaml")) if path.name != _STEPS)
        graph = cls(frame, steps.parse(Steps), tuple(source.parse(Area) for source in sources), (steps, *sources))
        graph._check()
        return graph

    @cached_property
    def causes(self) -> tuple[CauseNode, ...]:
        return tuple(cause for area in self.areas for cause in area.causes)

    @cached_property
    def by_id(self) -> dict[str, CauseNode]:
        return {cause.id: cause for cause in self.causes}

    @cached_property
    def step_of(self) -> dict[str, Step]:
        return {step.id: step for step in self.steps.steps} if self.steps else {}

    @cached_property
    def candidates(self) -> dict[str, tuple[Candidate, ...]]:
        """The possible causes of each tag of the frame, likeliest first."""
        found: dict[str, list[Candidate]] = {tag.id: [] for tag in self.frame.tags}
        for number, cause in enumerate(self.causes):
            for tag, pattern in self.expand(tuple(cause.symptoms)).items():
                found[tag].append(Candidate(number, cause.symptoms[pattern], pattern))
        return {tag: tuple(sorted(some, key=lambda one: (-one.weight, one.cause))) for tag, some in found.items()}

    def expand(self, patterns: tuple[str, ...]) -> dict[str, str]:
        """The frame's tags that any of the patterns names, each with the longest of them."""
        found: dict[str, str] = {}
        for pattern in sorted(patterns, key=len):
            found.update(dict.fromkeys(self._named(pattern), pattern))
        return found

    def _named(self, pattern: str) -> Sequence[str]:
        """The tags that a pattern names: that of its id, or for `prefix.*` all under the prefix."""
        if not pattern.endswith(".*"):
            return (pattern,) if pattern in self.frame.by_id else ()
        prefix = pattern[:-1]
        return self._ids[bisect_left(self._ids, prefix) : bisect_left(self._ids, prefix[:-1] + _AFTER_DOT)]

    @cached_property
    def _ids(self) -> list[str]:
        return sorted(self.frame.by_id)

    def located(self) -> Iterator[tuple[Source, int, CauseNode]]:
        """Each cause with its file and its place in it."""
        for source, area in zip(self.sources[1:], self.areas, strict=True):
            for at, cause in enumerate(area.causes):
                yield source, at, cause

    def _check(self) -> None:
        roles, seen = self.frame.header.roles, dict[str, str]()
        for source, at, cause in self.located():
            key = ("causes", at)
            if cause.id in seen:
                raise source.error((*key, "id"), f"{cause.id} is already in {seen[cause.id]}")
            seen[cause.id] = source.path.name
            if cause.step not in self.step_of:
                raise source.error((*key, "step"), f"{cause.id}: no step is called {cause.step}")
            for name, value, known in (("dealer", cause.owner.dealer, roles.dealer), ("office", cause.owner.office, roles.office)):
                if value is not None and value not in known:
                    raise source.error((*key, "owner", name), f"{cause.id}: {value} is unknown; known are {', '.join(sorted(known))}")
            for number, rule in enumerate(cause.context):
                self._check_rule(source, (*key, "context", number), rule)

    def _check_rule(self, source: Source, key: Key, rule: ContextRule) -> None:
        known = self.steps.context.get(rule.kind, ()) if self.steps else ()
        for status in rule.status:
            if status not in known:
                raise source.error((*key, "status"), f"{rule.kind} has no status {status}: known are {', '.join(known)}")
        if rule.days[0] > rule.days[1]:
            raise source.error((*key, "days"), "the window ends before it starts")
