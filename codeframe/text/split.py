"""Cut a long text into utterances at the ends of sentences."""

from __future__ import annotations

import re
from bisect import bisect_right
from enum import IntEnum
from typing import NamedTuple

from codeframe.text.kinds import PLACEHOLDER
from codeframe.text.language import HAN

LONGEST = 400
"""Characters that an utterance has at most, where its sentences allow it. Without Chinese three times as many say as much."""

_LATIN = 3
_HARD = 2_000
_HAN = re.compile(HAN)
_PLACEHOLDER = 12  # characters that a placeholder has at most

# An English space is no end of a clause; in Chinese it stands for a mark.
_BREAK = re.compile(
    r"(?P<sentence>[。！？!?；;…\n]+[”’」』）)\"']*\s*|\.[”’\"')]*\s+(?![a-z]))"
    r"|(?:，|、|：|,(?!\d)|:(?!\d))+\s*|(?<=[\u3000-\u9fff])\s+|\s+(?=[\u3000-\u9fff])"
)
# A clause that begins so belongs to the one before it ...
_SECOND = re.compile(
    r"\s*(?:但|可是|不过|然而|却|而且|并且|而是|所以|因此|因而|于是|那么|就|也|还|都|则|否则|不然|导致|反而|甚至|以及|"
    r"但是|雖|卻|並且|於是|還|"
    r"(?i:but|however|yet|so|therefore|although|though|and|or|because|which|then|otherwise|than)\b)"
)
# ... and one that begins so to the one after it.
_FIRST = re.compile(
    r"\s*(?:虽|尽管|即使|即便|哪怕|因为|由于|如果|要是|假如|只要|只有|除非|不仅|不但|不光|不是|既然|与其|无论|不管|一方面|"
    r"雖|儘管|因為|由於|不僅|無論|不管|"
    r"(?i:although|though|while|even|if|because|since|when|unless|not only|despite|whether)\b)"
)


class _Rank(IntEnum):
    LEANING = 0
    CLAUSE = 1
    SENTENCE = 2


class _Cut(NamedTuple):
    at: int
    rank: _Rank


def split(text: str) -> list[tuple[int, int]]:
    """The ranges of a text's utterances, trimmed of white space; one for an empty text.

    A text of at most 400 characters, 1,200 where none is Chinese, stays one. A longer one is cut at the last sentence end that fits, else
    at the last end of a clause. It is never cut where a clause leans on another (虽然 ... 但是, because ..., however): rather an utterance
    is longer; only after 2,000 characters without any other place does that give way.
    """
    start, end = _trim(text, 0, len(text))
    if end - start <= LONGEST:
        return [(start, end)]
    longest = LONGEST if _HAN.search(text) else _LATIN * LONGEST
    cuts = _cuts(text, end)
    places = [cut.at for cut in cuts]
    parts: list[tuple[int, int]] = []
    while end - start > longest:
        near = cuts[bisect_right(places, start) : bisect_right(places, start + _HARD)]
        cut = _choose(near, start, end, longest) or _force(text, start)
        if cut >= end:
            break
        parts.append(_trim(text, start, cut))
        start = _trim(text, cut, end)[0]
    return [*parts, (start, end)]


def _choose(cuts: list[_Cut], start: int, end: int, longest: int) -> int | None:
    """The best of the cuts within reach, which ascend; None where there is none and much is left."""
    fitting = [cut for cut in cuts if cut.at <= start + longest]
    for rank in (_Rank.SENTENCE, _Rank.CLAUSE):
        for candidates in (reversed(fitting), iter(cuts)) if rank is _Rank.CLAUSE else (reversed(fitting),):
            for cut in candidates:
                if cut.rank >= rank:
                    return cut.at
    if end - start <= _HARD:
        return end
    return cuts[-1].at if cuts else None


def _force(text: str, start: int) -> int:
    cut = start + _HARD
    for match in PLACEHOLDER.finditer(text, max(start + 1, cut - _PLACEHOLDER), cut + _PLACEHOLDER):
        if match.start() < cut < match.end():
            return match.start()
    return cut


def _cuts(text: str, end: int) -> list[_Cut]:
    """Every place where a clause ends, in order."""
    cuts: list[_Cut] = []
    clause = 0
    leaning = False
    for match in _BREAK.finditer(text, 0, end):
        if _FIRST.match(text, clause):
            leaning = True
        elif _SECOND.match(text, clause):
            leaning = False
        sentence = match["sentence"] is not None
        at = clause = match.end()
        if _SECOND.match(text, at) or (leaning and not sentence):
            cuts.append(_Cut(at, _Rank.LEANING))
        else:
            cuts.append(_Cut(at, _Rank.SENTENCE if sentence else _Rank.CLAUSE))
        leaning = leaning and not sentence
    return cuts


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[end - 1].isspace():
        end -= 1
    while start < end and text[start].isspace():
        start += 1
    return start, end
