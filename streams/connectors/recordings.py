"""A folder of recordings, and what is known of each: a sidecar `NAME.json`, or a row of a call list `*.csv` in the folder.

A recording that nothing is said about gets its file's name as id and its file's last change as time. Call lists are tables like any
other: their headers are recognised in Chinese and English, and a column names the file.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from schemas.common import Channel
from schemas.raw_voice import RawVoice
from streams import metrics
from streams.audio.objects import AudioStore
from streams.connectors.envelope import Fault
from streams.connectors.files import Row, open_table
from streams.connectors.folder import free_path, resting_files
from streams.connectors.headers import recognise
from streams.connectors.mapping import DEFAULT_TIME_ZONE
from streams.connectors.times import parse_time
from streams.connectors.voice import ATTRIBUTES, FIELDS, Limits, VoiceRecord, read_voice, store_voice
from streams.errors import AudioError, ConfigurationError, DeliveryError, UnavailableError
from streams.outbox import Outbox
from streams.settings import Settings

SUFFIXES = (".wav", ".mp3", ".opus", ".ogg", ".m4a", ".amr", ".flac", ".aac", ".webm", ".mp4", ".mov", ".mkv", ".avi", ".wma", ".au")
"""File names that are taken for recordings; what they are is read from their content."""

_FILE_HEADERS = ("file", "filename", "file_name", "recording", "audio", "path", "录音文件", "文件", "文件名", "录音", "录音路径")
_RETRY_S = 5.0
_LISTS = (".csv", ".tsv", ".xlsx")


logger = logging.getLogger("tingjian.recordings")


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a file: the event that points at it in the store, or why there is none."""

    path: Path
    event: RawVoice | None
    faults: tuple[Fault, ...] = ()


def recordings(folder: Path) -> list[Path]:
    """The recordings of a folder and the folders in it, in order of their names."""
    return sorted(
        path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file() and not path.name.startswith(".")
    )


class Shelf:
    """Takes recordings of one folder into the audio store."""

    def __init__(self, folder: Path, channel: Channel, source: str, settings: Settings) -> None:
        self._folder, self._channel, self._source = folder, channel, source
        self._store, self._limits = AudioStore(settings), Limits.of(settings)
        self._listed = dict(_call_lists(folder))

    def take(self, path: Path) -> Recorded:
        """Store a recording, or say what is wrong with it or with what is said of it."""
        record = self._record(path)
        if not isinstance(record, VoiceRecord):
            return Recorded(path, None, record)
        try:
            with path.open("rb") as file:
                event = store_voice(file, record, self._channel, self._source, self._store, datetime.now(UTC), self._limits)
        except AudioError as error:
            field, _, rule = str(error).partition(": ")
            return Recorded(path, None, (Fault(field, rule),))
        return Recorded(path, event)

    def _record(self, path: Path) -> VoiceRecord | tuple[Fault, ...]:
        fields = self._listed.get(path.name) or self._listed.get(path.stem) or {}
        for sidecar in sidecars(path):
            try:
                fields = fields | json.loads(sidecar.read_text("utf-8-sig"))
            except (ValueError, TypeError):
                return (Fault("sidecar", f"{sidecar.name} is no JSON object"),)
        written_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        return read_voice({"source_id": path.stem, "occurred_at": written_at, **fields})


def _call_lists(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """What the call lists of a folder say, by the name of the recording."""
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in _LISTS:
            table = open_table(path)
            column = next((name for name in table.columns if name.strip().lower() in _FILE_HEADERS), None)
            if column is None:
                raise ConfigurationError(
                    f"{path}: no column names the recording; call one of them {_FILE_HEADERS[0]} or {_FILE_HEADERS[7]}"
                )
            wanted = {*FIELDS, *ATTRIBUTES}
            known = {field: name for field, name in recognise(table.columns, Channel.HOTLINE).items() if field in wanted and name != column}
            known |= {name: name for name in table.columns if name in wanted}
            for row in table.rows():
                if row.cells.get(column):
                    yield Path(str(row.cells[column])).name, _fields(path, row, known)


def _fields(path: Path, row: Row, known: dict[str, str]) -> dict[str, Any]:
    fields = {field: row.cells[column] for field, column in known.items() if column in row.cells}
    if "occurred_at" in fields:
        try:
            fields["occurred_at"] = parse_time(fields["occurred_at"], ZoneInfo(DEFAULT_TIME_ZONE), ())
        except ValueError as error:
            raise ConfigurationError(f"{path}: line {row.line}: occurred_at: {error}") from error
    return {field: value if isinstance(value, datetime) or field in ("vip", "score") else str(value) for field, value in fields.items()}


async def watch_recordings(folder: Path, channel: Channel, source: str, settings: Settings, poll_s: float = 1.0) -> None:
    """Take what comes into a folder, until cancelled: to its `done/`, or to its `failed/` with the reason.

    What is known of a recording must be in the folder before it comes. While Kafka or the store is away, files wait.
    """
    while True:
        try:
            async with Outbox(settings) as outbox:
                async for path in resting_files(folder, poll_s, SUFFIXES):
                    taken = await asyncio.to_thread(Shelf(folder, channel, source, settings).take, path)
                    if taken.event is not None:
                        await outbox.publish([taken.event])
                    _put_away(taken)
        except (UnavailableError, DeliveryError) as error:
            logger.warning("%s; recordings wait in %s, next try in %g s", error, folder, _RETRY_S)
            await asyncio.sleep(_RETRY_S)


def _put_away(taken: Recorded) -> None:
    where = taken.path.parent / ("failed" if taken.event is None else "done")
    moved = taken.path.rename(free_path(where, taken.path.name))
    for sidecar in sidecars(taken.path):
        sidecar.rename(free_path(where, sidecar.name))
    metrics.CONNECTOR_RECORDS.labels("recordings", "rejected" if taken.event is None else "accepted").inc()
    if taken.event is None:
        reason = "; ".join(f"{fault.field}: {fault.reason}" for fault in taken.faults)
        moved.with_name(f"{moved.name}.reason.txt").write_text(f"{reason}\n", encoding="utf-8")
        logger.error("%s is unusable and now in failed/: %s", taken.path.name, reason)


def sidecars(path: Path) -> list[Path]:
    """The files that say what is known of a recording."""
    return [found for found in (path.with_suffix(".json"), path.with_name(f"{path.name}.json")) if found.is_file()]


async def take_all(shelf: Shelf, paths: list[Path]) -> AsyncIterator[Recorded]:
    """Take recordings one by one without holding up the event loop."""
    for path in paths:
        yield await asyncio.to_thread(shelf.take, path)
