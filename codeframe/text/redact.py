"""Take personal data out of a text and leave typed placeholders."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Self

from codeframe.folding import fold
from codeframe.text.align import Aligned
from codeframe.text.keep import Keep
from codeframe.text.kinds import PLACEHOLDER, RANK, Found
from codeframe.text.names import Names, Tagger
from codeframe.text.patterns import find_structured, readings
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

    def redact(self, text: Aligned) -> tuple[Aligned, str]:
        """Replace all personal data, until a further pass would find none; gives the text, and that text folded."""
        folded = fold(text.text)
        while found := self._find(text.text, folded):
            text = text.replace((start, end, kind.placeholder) for start, end, kind in found)
            folded = fold(text.text)
        return text, folded

    def _find(self, text: str, folded: str) -> list[Found]:
        read = readings(text, folded)
        found = [hit for reading in read for hit in find_structured(reading)]
        found.extend(self.names.find(text, read[0]))
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
