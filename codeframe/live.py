"""A coder whose code frame can change while it works."""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path

from codeframe.coder import Coder
from codeframe.errors import FrameError
from schemas.coded import Tier
from schemas.frame import FrameAnnouncement

_TRIED = 100

logger = logging.getLogger("tingjian.frame")


class LiveCoder:
    """Holds the coder in force. A frame that is announced takes its place once it has coded its own examples; else the old one stays."""

    def __init__(self, where: str, tier: Tier = Tier.FAST, *, causes: Path | None = None, layers: Path | None = None) -> None:
        self._open = partial(Coder.load, tier=tier, causes=causes, layers=layers)
        self.coder = self._open(where)

    def take(self, news: FrameAnnouncement) -> bool:
        """Whether the announced frame is in force now. One of another name, or the one in force, is passed over."""
        frame = self.coder.frame
        if news.frame != frame.id or (news.version, news.digest) == (frame.version, frame.digest):
            return False
        try:
            self.coder = self._load(news)
        except Exception as error:
            # Whatever is wrong with it, the worker goes on with the frame that it has. A FrameError quotes the frame alone.
            why = str(error) if isinstance(error, FrameError) else type(error).__name__
            logger.error("code frame %s is refused, %s stays: %s", news.version, frame.version, why)
            return False
        logger.info("code frame %s takes the place of %s", news.version, frame.version)
        return True

    def _load(self, news: FrameAnnouncement) -> Coder:
        coder = self._open(news.where)
        frame, old = coder.frame, self.coder.frame
        if (frame.version, frame.digest) != (news.version, news.digest):
            raise FrameError(news.where, None, "", f"is not what was announced: it holds {frame.version}, or its files differ")
        if frame.version == old.version:
            raise FrameError(news.where, None, "version", f"{frame.version} is in force with other files: raise the version")
        coder.find([tag.example_in for tag in frame.tags[:_TRIED]])
        return coder
