"""`voc ingest CALLS/`: store recordings and send what points at them, with progress in hours of audio."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from schemas.common import Channel
from streams.admin import create_topics
from streams.connectors.loading import Counts
from streams.connectors.plan import name_source
from streams.connectors.recordings import Shelf, recordings, take_all
from streams.outbox import Outbox
from streams.settings import Settings

_HOUR_MS = 3_600_000


def ingest_folders(folders: Sequence[Path], channel: Channel, source: str | None, settings: Settings) -> Counts:
    """Take every recording of folders. A recording that cannot be used is named with its reason, and the others go on."""
    return asyncio.run(_ingest(folders, channel, source, settings))


async def _ingest(folders: Sequence[Path], channel: Channel, source: str | None, settings: Settings) -> Counts:
    total = Counts()
    await create_topics(settings)
    async with Outbox(settings) as outbox:
        for folder in folders:
            counts = await _ingest_folder(folder, channel, name_source(source or folder.resolve().name), settings, outbox)
            total.add(counts)
    return total


async def _ingest_folder(folder: Path, channel: Channel, source: str, settings: Settings, outbox: Outbox) -> Counts:
    paths = recordings(folder)
    shelf, counts, heard_ms = Shelf(folder, channel, source, settings), Counts(), 0
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[hours]}"), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(folder.name, total=len(paths), hours="")
        async for taken in take_all(shelf, paths):
            counts.rows += 1
            if taken.event is None:
                counts.rejected += 1
                click.secho(f"{taken.path}: {'; '.join(f'{one.field}: {one.reason}' for one in taken.faults)}", fg="yellow", err=True)
            else:
                await outbox.publish([taken.event])
                counts.accepted += 1
                counts.events += 1
                heard_ms += taken.event.audio.duration_ms or 0
            progress.update(task, advance=1, hours=f"{heard_ms / _HOUR_MS:.2f} h of audio")
    click.echo(
        f"{folder}: {counts.rows:,} recordings, {counts.accepted:,} accepted ({heard_ms / _HOUR_MS:.2f} h of audio), "
        f"{counts.rejected:,} rejected; source {source}, channel {channel}"
    )
    return counts
