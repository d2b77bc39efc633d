"""Need layers with their dates: what delighted ten years ago is expected now, and not by every segment at once."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field

from codeframe.definition import Data, Line, TagId
from codeframe.source import read
from schemas.coded import NeedLayer


class DatedLayer(Data):
    """From `since` on, `tag` has this layer; for a segment if one is given, else for everybody."""

    tag: TagId
    layer: NeedLayer
    since: date
    segment: Line | None = None


class LayerFile(Data):
    """A YAML file of dated layers, as `voc report layers --write` makes it."""

    layers: Annotated[tuple[DatedLayer, ...], Field(min_length=1)]


class Layers:
    """The layer of a tag at a moment. Immutable; an empty one always answers with the frame's layer."""

    def __init__(self, dated: Iterable[DatedLayer] = ()) -> None:
        spans: dict[tuple[str, str | None], list[tuple[date, NeedLayer]]] = defaultdict(list)
        for one in dated:
            spans[one.tag, one.segment].append((one.since, one.layer))
        self._spans = {key: sorted(some, key=lambda span: span[0]) for key, some in spans.items()}

    @classmethod
    def load(cls, path: Path | None) -> Self:
        """The layers of a file; none without one. Raises FrameError with the file's line."""
        return cls(read(path).parse(LayerFile).layers if path else ())

    def at(self, tag: str, moment: datetime, segment: str | None, default: NeedLayer) -> NeedLayer:
        """The layer of a tag at a moment, that of the segment before everybody's, before `default`."""
        if not self._spans:
            return default
        for key in ((tag, segment), (tag, None)):
            spans = self._spans.get(key)
            if spans and (number := bisect_right(spans, moment.date(), key=lambda span: span[0])):
                return spans[number - 1][1]
        return default
