"""Which encoding a text file is in: UTF-8, with or without BOM, UTF-16 with BOM, or GB18030."""

from __future__ import annotations

import codecs
from pathlib import Path

_CHUNK = 1 << 20
_UTF8_EVIDENCE = 8
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def detect_encoding(path: Path) -> tuple[str, int]:
    """The encoding of a text file and the number of its line ends, from all of its bytes.

    A file that begins as UTF-8 and then breaks its rules is broken UTF-8, not GB18030: its broken rows are refused.
    """
    with path.open("rb") as file:
        start = file.read(4)
    for mark, encoding in _BOMS:
        if start.startswith(mark):
            return encoding, _count_lines(path)
    good = _decodes_to(path, "utf-8")
    if good is not None and good < _UTF8_EVIDENCE and _decodes_to(path, "gb18030") is None:
        return "gb18030", _count_lines(path)
    return "utf-8", _count_lines(path)


def _decodes_to(path: Path, encoding: str) -> int | None:
    """None if all of the file decodes, else the number of non-ASCII characters before the first fault."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    seen = 0
    with path.open("rb") as file:
        while True:
            chunk = file.read(_CHUNK)
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                return seen + _not_ascii(chunk[: error.start].decode(encoding, "ignore"))
            if not chunk:
                return None
            seen += 0 if text.isascii() else _not_ascii(text)


def _not_ascii(text: str) -> int:
    return sum(not character.isascii() for character in text)


def _count_lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(_CHUNK), b""))
