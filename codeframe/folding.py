"""Text as the matcher sees it: NFKC, lower case, Simplified, one character for one, so offsets stay."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import opencc
from numpy.typing import NDArray

CodePoints = NDArray[np.uint32]

_LAST = 0x110000
_BASIC = 0x10000
_SURROGATES = range(0xD800, 0xE000)
_REPLACEMENT = 0xFFFD  # half a character is none, and automata do not take it


@lru_cache(1)
def table() -> CodePoints:
    """The folded code point of every code point. What folds to several characters stays as it is."""
    folded = np.arange(_LAST, dtype=np.uint32)
    for code in range(_BASIC):
        if code in _SURROGATES:
            continue
        one = unicodedata.normalize("NFKC", chr(code)).lower()
        if len(one) == 1:
            folded[code] = ord(one)
    for traditional, simplified in _simplified().items():
        folded[traditional] = simplified
    folded[_SURROGATES.start : _SURROGATES.stop] = _REPLACEMENT
    folded[list(b"\t\r\x0b\x0c")] = ord(" ")
    return folded


def _simplified() -> dict[int, int]:
    """OpenCC's characters from Traditional to Simplified: the first, most usual choice of each."""
    lines = (Path(opencc.__file__).parent / "dictionary" / "TSCharacters.txt").read_text("utf-8").splitlines()
    pairs = (line.split("\t") for line in lines if "\t" in line)
    return {ord(old): ord(new.split()[0]) for old, new in pairs if len(old) == len(new.split()[0]) == 1}


def fold_points(text: str) -> CodePoints:
    """The folded code points of a text, one for each of its characters."""
    points: CodePoints = table()[np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)]
    return points


def fold(text: str) -> str:
    """The folded text, of the same length."""
    return to_text(fold_points(text))


def to_text(points: CodePoints) -> str:
    return points.tobytes().decode("utf-32-le", "surrogatepass")


def joined(texts: Sequence[str]) -> tuple[CodePoints, list[int]]:
    """The texts folded as one, each ended by a line feed, and the offset where each starts."""
    starts, at = [], 0
    for text in texts:
        starts.append(at)
        at += len(text) + 1
    return fold_points("\n".join(texts) + "\n"), starts
