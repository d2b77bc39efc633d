"""`voc announce`: put a new version of the code frame in force on running workers."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import click

from codeframe.coder import Coder
from codeframe.errors import FrameError
from codeframe.frame import BUNDLED
from schemas.frame import FrameAnnouncement
from streams.admin import create_topics
from streams.outbox import Outbox
from streams.settings import Settings


def announcement(where: str, now: datetime) -> FrameAnnouncement:
    """What to announce of the frame `where`, once it has loaded.

    Raises:
        FrameError: it is wrong; names file, line and field.
    """
    frame = Coder.load(where).frame
    place = frame.folder.name if frame.folder.parent == BUNDLED else str(frame.folder.resolve())
    return FrameAnnouncement(frame=frame.id, version=frame.version, where=place, digest=frame.digest, announced_at=now)


async def _publish(settings: Settings, news: FrameAnnouncement) -> None:
    await create_topics(settings)
    async with Outbox(settings) as outbox:
        await outbox.publish([news])


@click.command()
@click.argument("where")
def announce(where: str) -> None:
    """Announce the code frame WHERE, a folder that every worker can read: running workers code by it from then on."""
    try:
        news = announcement(where, datetime.now(UTC))
    except FrameError as error:
        raise click.ClickException(str(error)) from None
    asyncio.run(_publish(Settings(), news))
    click.echo(f"announced {news.version} at {news.where}")
