"""Commas where the speaker pauses: recognisers leave out many, and what is coded of a text depends on where its clauses end."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import NamedTuple

_SYLLABLE_S, _PAUSE_S = 0.2, 0.25
"""How long a syllable may take, and from how much more on its speaker paused before it. Alignments lay a pause into the word after it."""
_COMMA = "，"


class Timed(NamedTuple):
    """A word and when it ends, in seconds."""

    text: str
    end_s: float


def pauses(words: Iterable[Timed]) -> set[int]:
    """Before which of the Chinese characters of these words the speaker paused, by their number from 0."""
    found: set[int] = set()
    count, before = 0, None
    for word in words:
        if not any(map(str.isalnum, word.text)):  # an alignment lays the pause into a mark too
            continue
        characters = len(_han(word.text))
        if before is not None and characters and word.end_s - before > _PAUSE_S + _SYLLABLE_S * characters:
            found.add(count)
        count, before = count + characters, word.end_s
    return found


def marked(text: str, timed: str, paused: set[int]) -> str:
    """A text with commas between Chinese characters where its speaker paused. `timed` is what the pauses were found in: the same words, or
    others that may have been said."""
    here = _places(_han(timed), _han(text)) if paused else {}
    before = {here[number] for number in paused if number in here}
    done, count = "", 0
    for character in text:
        if _is_han(character):
            if count in before and done and _is_han(done[-1]):
                done += _COMMA
            count += 1
        done += character
    return done


def _places(one: str, other: str) -> dict[int, int]:
    """Where the characters of a text stand in another."""
    blocks = SequenceMatcher(None, one, other, autojunk=False).get_opcodes()
    return {start + step: min(at + step, end) for _, start, stop, at, end in blocks for step in range(stop - start)}


def _han(text: str) -> str:
    return "".join(filter(_is_han, text))


def _is_han(character: str) -> bool:
    return "\u4e00" <= character <= "\u9fff"
