"""A watched folder: files that come to rest in it are loaded, then moved to `done/` or `failed/`.

A file is moved after the broker acknowledged its last event. A crash before that loads it again, which adds nothing
twice, since the ids of its rows are the same.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from schemas.common import Channel
from streams import metrics
from streams.connectors.files import FORMATS, open_table
from streams.connectors.loading import Counts, Rejects, load_table
from streams.connectors.mapping import Mapping
from streams.connectors.plan import plan_table
from streams.errors import ConfigurationError, DeliveryError, UnavailableError
from streams.outbox import Outbox
from streams.settings import Settings

_RETRY_S = 5.0
_CONNECTOR = "folder"

logger = logging.getLogger("tingjian.folder")


@dataclass(frozen=True, slots=True)
class Feed:
    """A folder, and what its files are."""

    folder: Path
    channel: Channel
    source: str
    mapping: Mapping


async def watch(feed: Feed, settings: Settings, poll_s: float = 1.0) -> None:
    """Load what comes into the folder, until cancelled. While Kafka is away, files wait where they are."""
    while True:
        try:
            async with Outbox(settings) as outbox:
                async for path in resting_files(feed.folder, poll_s):
                    await load(path, feed, outbox)
        except FileNotFoundError as error:
            logger.warning("%s was taken away while it was read", error.filename)
        except (UnavailableError, DeliveryError) as error:
            logger.warning("%s; files wait in %s, next try in %g s", error, feed.folder, _RETRY_S)
            await asyncio.sleep(_RETRY_S)


async def resting_files(folder: Path, poll_s: float, suffixes: Collection[str] = FORMATS) -> AsyncIterator[Path]:
    """Files whose size and time of change did not change between two looks, for ever, oldest first."""
    before: dict[Path, tuple[int, int]] = {}
    while True:
        now = dict(_look(folder, suffixes))
        for path in sorted(now, key=lambda path: (now[path][1], path.name)):
            if before.get(path) == now[path]:
                yield path
        before = now
        await asyncio.sleep(poll_s)


def _look(folder: Path, suffixes: Collection[str]) -> Iterator[tuple[Path, tuple[int, int]]]:
    try:
        for path in folder.iterdir():
            if path.suffix.lower() in suffixes and not path.name.startswith((".", "~")):
                status = path.stat()
                yield path, (status.st_size, status.st_mtime_ns)
    except FileNotFoundError as error:
        if not folder.is_dir():
            raise ConfigurationError(f"{folder}: the watched folder is gone") from error


async def load(path: Path, feed: Feed, outbox: Outbox) -> None:
    """Load one file and move it: to `done/`, with its rejected rows beside it, or to `failed/`, with the reason."""
    before = path.stat().st_mtime_ns  # noqa: ASYNC240 - files are local, and this process has nothing else to do
    try:
        table = open_table(path)
        plan = plan_table(table, feed.channel, feed.source, feed.mapping)
        with Rejects(free_path(feed.folder / "done", f"{path.name}.rejects.jsonl")) as rejected:
            counts = await load_table(table, plan, outbox, rejected)
    except ConfigurationError as error:
        moved = _move(path, "failed")
        moved.with_name(f"{moved.name}.reason.txt").write_text(f"{error}\n", encoding="utf-8")
        logger.error("%s is unusable and now in failed/: %s", path.name, error)
        return
    _count(counts)
    if path.stat().st_mtime_ns != before:  # noqa: ASYNC240
        logger.warning("%s was written to while it was read; it is loaded again", path.name)
        return
    _move(path, "done")
    logger.info("%s: %s", path.name, counts)


def _move(path: Path, where: str) -> Path:
    return path.rename(free_path(path.parent / where, path.name))


def _count(counts: Counts) -> None:
    for outcome in ("accepted", "repeated", "rejected"):
        metrics.CONNECTOR_RECORDS.labels(_CONNECTOR, outcome).inc(getattr(counts, outcome))


def free_path(folder: Path, name: str) -> Path:
    """A path in `folder` that no file has yet."""
    folder.mkdir(exist_ok=True)
    path, number = folder / name, 1
    while path.exists():
        number += 1
        path = folder / f"{number}.{name}"
    return path
