"""One form of a text for matching: Simplified, lower case, half width. Never shown."""

from __future__ import annotations

import sys
import unicodedata
from functools import cache
from importlib.resources import files

_CHINESE_MARKS = "！（），：；？"
_VARIANTS = {"妳": "你", "衹": "只", "祗": "只"}
_COMPATIBILITY = (range(0x2E80, 0x2FD6), range(0xF900, 0xFB00))

WIDTH: dict[int, str] = {c: chr(c - 0xFEE0) for c in range(0xFF01, 0xFF5F) if chr(c) not in _CHINESE_MARKS} | {0x3000: " "}
"""Full-width letters, digits and signs to ASCII. Chinese punctuation is left as it is."""


def fold(text: str) -> str:
    """Fold a text for matching, one character to one, so that offsets stay valid.

    Traditional characters become Simplified (OpenCC's character table), capitals small letters, full-width letters
    and digits ASCII, digits of any script 0 to 9. Chinese punctuation, white space and emoji stay.
    """
    return text.lower() if text.isascii() else text.translate(_table())


@cache
def _table() -> dict[int, str]:
    table: dict[int, str] = {}
    for code in range(sys.maxunicode + 1):
        char = chr(code)
        if (digit := unicodedata.digit(char, None)) is not None:
            table[code] = str(digit)
        elif len(lower := char.lower()) == 1 and lower != char:
            table[code] = lower
    for code, char in WIDTH.items():
        table[code] = char.lower()
    for codes in _COMPATIBILITY:
        table |= {code: form for code in codes if len(form := unicodedata.normalize("NFKC", chr(code))) == 1}
    simplified = _simplified()
    table = {code: simplified.get(char, char) for code, char in table.items()}
    return table | {ord(char): simple for char, simple in simplified.items()}


def _simplified() -> dict[str, str]:
    """OpenCC's Traditional to Simplified characters, first candidate each, and variant forms of Hong Kong and Taiwan."""
    simple = _read("TSCharacters")
    modern = set(simple.values()) | set(_read("STCharacters"))
    for variants in ("HKVariantsRev", "TWVariantsRev"):
        for char, standard in _read(variants).items():
            if char not in modern:
                simple.setdefault(char, simple.get(standard, standard))
    return {char: form for char, form in (simple | _VARIANTS).items() if len(char) == len(form) == 1 and char != form}


def _read(name: str) -> dict[str, str]:
    lines = files("opencc").joinpath("dictionary", f"{name}.txt").read_text(encoding="utf-8").splitlines()
    entries = (line.split("\t") for line in lines if "\t" in line)
    return {char: forms.split(" ")[0].strip() for char, forms in entries}
