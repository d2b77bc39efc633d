"""How much of what customers say a frame covers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from codeframe.frame import Frame
from schemas.coded import CodedUtterance
from schemas.utterance import Mark

_NOT_SAID = frozenset({Mark.EMPTY, Mark.MACHINE_MADE})


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of what was said: utterances, those with a tag, those that the coder is unsure of, mentions by tag, and tags never given."""

    utterances: int
    covered: int
    unsure: int
    tags: Counter[str]
    unused: tuple[str, ...]

    @property
    def share(self) -> float:
        return self.covered / self.utterances if self.utterances else 0.0

    def branches(self) -> Counter[str]:
        """Mentions by branch."""
        found: Counter[str] = Counter()
        for tag, count in self.tags.items():
            found[tag.partition(".")[0]] += count
        return found


def said(events: Iterable[CodedUtterance]) -> list[CodedUtterance]:
    """Without what is marked empty or machine-made."""
    return [event for event in events if _NOT_SAID.isdisjoint(event.marks)]


def coverage(frame: Frame, events: Iterable[CodedUtterance]) -> Coverage:
    """The coverage of coded utterances."""
    heard = said(events)
    tags = Counter(opinion.tag for event in heard for opinion in event.opinions)
    unused = tuple(tag.id for tag in frame.tags if tag.id not in tags)
    return Coverage(len(heard), sum(bool(event.opinions) for event in heard), sum(event.unsure for event in heard), tags, unused)
