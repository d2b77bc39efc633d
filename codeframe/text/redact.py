"""Take personal data out of a text and leave typed placeholders."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from codeframe.text.align import Aligned
from codeframe.text.glance import glance
from codeframe.text.keep import Keep
from codeframe.text.kinds import PLACEHOLDER, RANK, Found
from codeframe.text.names import Names, Tagger
from codeframe.text.patterns import find_structured, readings
from codeframe.text.sight import PERSONAL, Look
from schemas.utterance import Redaction


@dataclass(frozen=True, slots=True)
class Redactor:
    """Finds personal data by shape, checksum and cue, and names and addresses by entity recognition behind cues."""

    names: Names

    @classmethod
    def load(cls, keep_words: Collection[str] = (), tagger: Tagger | None = None) -> Self:
        """A redactor that leaves `keep_words` (brands, models, cities, dealers) alone.

        `tagger` is a part-of-speech tagger with entities; the default is LAC, loaded at the first text with a cue.
        """
        return cls(Names(Keep(keep_words), tagger))

    def redact(self, texts: Sequence[Aligned]) -> list[Aligned]:
        """The texts with all personal data replaced, until a further pass would find none."""
        return [text for text, _ in self.redacted(texts, glance([text.text for text in texts]))]

    def redacted(self, texts: Sequence[Aligned], looks: Sequence[Look]) -> list[tuple[Aligned, Look]]:
        """The same from a look at each text, with a look at what became of it."""
        return [self._redact(text, look) if look.sight & PERSONAL else (text, look) for text, look in zip(texts, looks, strict=True)]

    def _redact(self, text: Aligned, look: Look) -> tuple[Aligned, Look]:
        while found := self._find(look):
            text = text.replace((start, end, kind.placeholder) for start, end, kind in found)
            [look] = glance([text.text])
        return text, look

    def _find(self, look: Look) -> list[Found]:
        read = readings(look)
        found = [hit for reading, sight in read for hit in find_structured(reading, sight)]
        found.extend(self.names.find(look.text, *read[0]))
        return _merge(found) if found else found


def redactions_in(text: str) -> tuple[Redaction, ...]:
    """The placeholders of a text, whoever put them there."""
    if "[" not in text:
        return ()
    return tuple(Redaction(kind=match[1].lower(), start=match.start(), end=match.end()) for match in PLACEHOLDER.finditer(text))


def _merge(found: Iterable[Found]) -> list[Found]:
    """What overlaps becomes one, of the kind that ranks first, so that no remainder is left standing."""
    merged: list[Found] = []
    for hit in sorted(found):
        if merged and hit.start < merged[-1].end:
            last = merged.pop()
            merged.append(Found(last.start, max(last.end, hit.end), min(last.kind, hit.kind, key=RANK.__getitem__)))
        else:
            merged.append(hit)
    return merged
