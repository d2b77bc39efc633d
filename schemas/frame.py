"""`voc.frames.v1`: which version of a code frame is in force."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

from schemas.base import Event, Instant, Name


class FrameAnnouncement(Event):
    """A code frame to code by from now on. `where` is a bundled frame's name or a folder that every worker can read.

    `digest` is the SHA-256 of its files, in hex, so that a worker never codes by a folder that is half copied.
    """

    frame: Name
    version: Name
    where: Annotated[str, StringConstraints(min_length=1, max_length=1_000)]
    digest: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    announced_at: Instant
