"""Column headers that are understood without a mapping, in Chinese and English; the names stand in headers.yaml."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import yaml

from schemas.common import Attributes, Channel
from streams.connectors.channels import RECORDS

ATTRIBUTES = tuple(Attributes.model_fields)


@cache
def synonyms() -> dict[str, tuple[str, ...]]:
    """The known headers of each field."""
    rows = yaml.safe_load((Path(__file__).parent / "headers.yaml").read_text(encoding="utf-8"))
    return {field: tuple(name for names in groups for name in names) for field, groups in rows.items()}


def targets(channel: Channel) -> tuple[str, ...]:
    """What a column can become on a channel: the fields of its record, and those of its attributes."""
    return (*(name for name in RECORDS[channel].model_fields if name != "attributes"), *ATTRIBUTES)


def recognise(columns: Iterable[str], channel: Channel) -> dict[str, str]:
    """Which column carries which field, by its header; columns that none understands are left out."""
    by_name = {_bare(column): column for column in columns}
    found: dict[str, str] = {}
    for target in targets(channel):
        column = next((by_name[_bare(name)] for name in synonyms()[target] if _bare(name) in by_name), None)
        if column is not None and column not in found.values():
            found[target] = column
    return found


def _bare(header: str) -> str:
    return re.sub(r"[\s_\-]|[（(].*[)）]$", "", header.replace("\ufeff", "")).lower()
