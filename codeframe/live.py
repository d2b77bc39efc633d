"""What works by a code frame, and goes on working while the frame changes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Generic, TypeVar

from codeframe.causes.attribution import Attributor
from codeframe.coder import Coder
from codeframe.errors import FrameError
from codeframe.frame import Frame
from schemas.coded import Tier
from schemas.frame import FrameAnnouncement

_TRIED = 100

T = TypeVar("T")

logger = logging.getLogger("tingjian.frame")


class Live(Generic[T]):
    """Holds what `make` makes of the frame in force. One that is announced takes its place if it is what was announced and
    `make` takes it; else the old one stays."""

    def __init__(self, where: str, make: Callable[[str], T], frame_of: Callable[[T], Frame]) -> None:
        self._make, self._frame_of = make, frame_of
        self.current = make(where)

    @property
    def version(self) -> str:
        """Version of the frame in force."""
        return self._frame_of(self.current).version

    def take(self, news: FrameAnnouncement) -> bool | None:
        """Whether the announced frame took over or was refused. None for one of another name, or the one in force: it is passed over."""
        frame = self._frame_of(self.current)
        if news.frame != frame.id or (news.version, news.digest) == (frame.version, frame.digest):
            return None
        try:
            self.current = self._load(news)
        except Exception as error:
            # Whatever is wrong with it, the worker goes on with the frame that it has. A FrameError quotes the frame alone.
            why = str(error) if isinstance(error, FrameError) else type(error).__name__
            logger.error("code frame %s is refused, %s stays: %s", news.version, frame.version, why)
            return False
        logger.info("code frame %s takes the place of %s", news.version, frame.version)
        return True

    def _load(self, news: FrameAnnouncement) -> T:
        made = self._make(news.where)
        frame, old = self._frame_of(made), self._frame_of(self.current)
        if (frame.version, frame.digest) != (news.version, news.digest):
            raise FrameError(news.where, None, "", f"is not what was announced: it holds {frame.version}, or its files differ")
        if frame.version == old.version:
            raise FrameError(news.where, None, "version", f"{frame.version} is in force with other files: raise the version")
        return made


class LiveCoder(Live[Coder]):
    """Holds the coder in force. A frame that is announced must have coded its own examples before."""

    def __init__(self, where: str, tier: Tier = Tier.FAST, *, causes: Path | None = None, layers: Path | None = None) -> None:
        super().__init__(where, partial(Coder.load, tier=tier, causes=causes, layers=layers), lambda coder: coder.frame)

    def _load(self, news: FrameAnnouncement) -> Coder:
        coder = super()._load(news)
        coder.find([tag.example_in for tag in coder.frame.tags[:_TRIED]])
        return coder


class LiveAttributor(Live[Attributor]):
    """Holds the attributor by the business knowledge graph in force."""

    def __init__(self, where: str, causes: Path | None = None) -> None:
        super().__init__(where, lambda found: Attributor.load(found, causes), lambda attributor: attributor.graph.frame)
