"""Times as people and systems write them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any

_WRITTEN = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?"
    r"(?:[\sT]*(\d{1,2})\s*[:：时点]\s*(\d{1,2})(?:\s*[:：分]\s*(\d{1,2}))?(?:\.\d+)?\s*[分秒]?)?"
)
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d))?")
_EPOCH = re.compile(r"\d{10}|\d{13}")
_MILLISECONDS_FROM = 10**12


def parse_time(value: Any, zone: tzinfo, formats: Sequence[str] = ()) -> datetime:
    """A moment; in `zone` if it says none. Without `formats` (strptime): ISO 8601, 2026/3/1 9:05, 2026年3月1日 9时5分, Unix time.

    Raises ValueError with the rule and without the value.
    """
    moment = value if isinstance(value, datetime) else _parse(str(value).strip(), formats)
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _parse(text: str, formats: Sequence[str]) -> datetime:
    for read in formats or (_iso, _written, _compact, _epoch):
        try:
            return datetime.strptime(text, read) if isinstance(read, str) else read(text)
        except (ValueError, OverflowError):
            continue
    raise ValueError(f"is not a time as {' or '.join(formats)}" if formats else "is not a time; give its formats in a mapping")


def _iso(text: str) -> datetime:
    if text.isdigit():
        raise ValueError
    return datetime.fromisoformat(text)


def _written(text: str) -> datetime:
    return _from_parts(_WRITTEN.fullmatch(text))


def _compact(text: str) -> datetime:
    return _from_parts(_COMPACT.fullmatch(text))


def _from_parts(match: re.Match[str] | None) -> datetime:
    if match is None:
        raise ValueError
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
    return datetime(year, month, day, hour, minute, second)


def _epoch(text: str) -> datetime:
    if not _EPOCH.fullmatch(text):
        raise ValueError
    seconds = int(text)
    return datetime.fromtimestamp(seconds / 1000 if seconds >= _MILLISECONDS_FROM else seconds, UTC)
