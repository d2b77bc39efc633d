"""Sentences of labelled customer texts: a folder of CSV files, whatever their columns.

Of each row the cell with the most Chinese is its text. Some texts are held out by their digest, the same ones at every call, so that no
stage of the training sees them.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

HAN = re.compile(r"[\u4e00-\u9fff]+")
_END = re.compile(r"[。！？!?；;\n\r…~～]+")
_COMMA = re.compile(r"[,，\s:：]+")
_QUOTES = re.compile(r"[\"“”‘’'（）()【】《》\[\]]")
_SPOKEN = re.compile(r"[\u4e00-\u9fff，、]+")
_LONGEST_CLAUSE, _LONGEST = 34, 38
_HELD_OUT = 12


def texts(folder: Path) -> list[str]:
    """The texts of a folder, each once."""
    found: dict[str, None] = {}
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.reader(file):
                found[max(row, key=lambda cell: sum(map(len, HAN.findall(cell))), default="")] = None
    return [text for text in found if HAN.search(text)]


def is_held_out(text: str) -> bool:
    """Whether a text is kept for testing."""
    plain = re.sub(r"[^\u4e00-\u9fff0-9a-z]", "", text.lower())
    return int(hashlib.sha1(plain.encode()).hexdigest(), 16) % _HELD_OUT == 0  # noqa: S324 - a draw, no secret


def sentences(text: str) -> Iterator[str]:
    """What can be spoken of a text: clauses of Chinese characters, neighbours in one breath."""
    for sentence in _END.split(text):
        said = ""
        for clause in _QUOTES.sub("", _COMMA.sub("，", sentence)).split("，"):
            spoken = bool(_SPOKEN.fullmatch(clause)) and len(clause) <= _LONGEST_CLAUSE
            if said and (not spoken or len(said) + len(clause) > _LONGEST):
                yield said
                said = ""
            if spoken:
                said = f"{said}，{clause}" if said else clause
        if said:
            yield said
