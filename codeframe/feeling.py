"""What a clause feels about what it names: opinion words with negation, degree, measure, comparison and irony.

Every word is data (codeframe/lexicon, and a frame's scales). The rules here are those of clause-level
lexicon methods: Taboada et al. 2011 (SO-CAL) for negation and degree, Ding, Liu and Yu 2008 for distance
and contrast.
"""

from __future__ import annotations

from itertools import pairwise

import msgspec

from codeframe.matching import Clause, Hit, Match
from codeframe.vocabulary import NORMAL, Cue

_ABSENCE = int(Cue.ABSENCE)
_NEGATION, _DEGREE, _EXCESS = int(Cue.NEGATION), int(Cue.STRONG | Cue.WEAK), int(Cue.EXCESS)
_STRONG, _MORE, _SCALE = int(Cue.STRONG), int(Cue.MORE), int(Cue.MORE | Cue.LESS)
_MEASURE, _GOOD = int(Cue.MORE_IS_GOOD | Cue.MORE_IS_BAD), int(Cue.MORE_IS_GOOD)
_THAN, _SELF, _LEVEL = int(Cue.THAN), int(Cue.SELF), int(Cue.LEVEL)
_QUESTION, _WHY, _RHETORICAL = int(Cue.QUESTION), int(Cue.WHY), int(Cue.RHETORICAL)
_SARCASM, _WISH, _HYPOTHETICAL = int(Cue.SARCASM), int(Cue.WISH), int(Cue.HYPOTHETICAL)
_SPLIT = int(Cue.BUT | Cue.THOUGH)
_TURNING = _NEGATION | _DEGREE | _EXCESS

NEGATED = -0.7
"""A denied feeling turns and weakens: 不差 is less than 好."""

_REACH_HAN, _REACH_MEASURE, _REACH_LATIN = 4, 6, 16
_JOINED = 4
_BEFORE = 3
_RELATIVE = "的"


class Word(msgspec.Struct, frozen=True, gc=False):
    """An opinion word with its feeling here, after what stands before it turned it."""

    start: int
    end: int
    value: float
    text: str
    turned: tuple[Hit, ...]


class Feeling(msgspec.Struct, eq=False, gc=False):
    """What was felt about one match of a clause: a value from -1 to 1 and the words that say so."""

    match: Match
    value: float
    words: tuple[Word, ...]
    negated: bool
    clause: Clause


def opinion_words(text: str, signs: list[Hit]) -> list[Word]:
    """The opinion words among a clause's cue words in `text`, each with its feeling after negation and degree."""
    words: list[Word] = []
    measured: set[int] = set()
    for at, hit in enumerate(signs):
        literal = hit[2]
        value = literal.valence
        if not value and literal.cues & _SCALE:
            value = _measure(signs, at, measured)
        if not value:
            continue
        factor, negated, turned = _turn(text, signs, at)
        value *= factor
        if negated:
            value *= NEGATED
        start = min(hit[0], turned[-1][0]) if turned else hit[0]
        words.append(Word(start, hit[1], _clamped(value), literal.text, turned))
    if measured:
        return [word for word in words if word.end not in measured]
    return words


def _measure(signs: list[Hit], at: int, measured: set[int]) -> float:
    """Whether more (or less) of what is measured is good: 空间大 is, 噪音大 is not; 太高 alone is not."""
    start, end, literal = signs[at]
    nearest, measure = 1_000, 0
    for other in signs:
        if other[2].cues & _MEASURE:
            distance = start - other[1] if other[1] <= start else other[0] - end + _BEFORE
            if 0 <= distance < nearest:
                nearest, measure, where = distance, other[2].cues, other[1]
    if nearest <= (_REACH_LATIN if literal.latin else _REACH_MEASURE):
        measured.add(where)
        more = 1 if literal.cues & _MORE else -1
        return NORMAL * (more if measure & _GOOD else -more)
    if at and signs[at - 1][2].cues & _EXCESS and start - signs[at - 1][1] <= 1:
        return -NORMAL
    return 0.0


def _turn(text: str, signs: list[Hit], at: int) -> tuple[float, bool, tuple[Hit, ...]]:
    """Degree before or right after a word, whether it is negated, and the words that do so, nearest first."""
    start, end, literal = signs[at]
    reach = _REACH_LATIN if literal.latin else _REACH_HAN
    factor, negated = 1.0, False
    turned: list[Hit] = []
    for back in range(at - 1, -1, -1):
        other = signs[back]
        cues = other[2].cues
        if start - other[1] > reach or not cues & _TURNING:
            break
        if cues & _NEGATION:
            if _denies_another(text, other, start):
                break
            negated = not negated
        elif cues & _DEGREE:
            factor *= 1.3 if cues & _STRONG else 0.7
        turned.append(other)
        start = other[0]
    if at + 1 < len(signs):
        after = signs[at + 1]
        if after[0] - end <= 1 and after[2].cues & _STRONG and not after[2].latin:
            factor *= 1.3
    return factor, negated, tuple(turned)


def feelings(clause: Clause) -> list[Feeling]:
    """What a clause feels about each of its matches."""
    words = opinion_words(clause.text, clause.signs) if clause.signs else []
    cues, matches = clause.cues, clause.matches
    given = _assign(words, matches)
    if not words and clause.following and not clause.following[0][2].cues & _SPLIT:
        given[-1] = [msgspec.structs.replace(word, value=word.value * 0.8) for word in opinion_words(clause.text, clause.following)]
    turned_over = _compared_with_own(clause) if cues & _THAN else False
    question = cues & _QUESTION or clause.asked or (clause.following and any(hit[2].cues & _QUESTION for hit in clause.following))
    asked = question and not cues & (_WHY | _RHETORICAL)
    found: list[Feeling] = []
    for at, match in enumerate(matches):
        mine = given[at]
        if not mine and not match.polarity and at + 1 < len(matches) and matches[at + 1].start - match.end <= _JOINED:
            mine = given[at + 1]
        value, negated = _value(clause, match, mine)
        if cues & _LEVEL and not match.polarity:
            value = 0.0
        if turned_over:
            value = -value
        if asked or (cues & _WISH and (value > 0 or not match.polarity)):
            value = 0.0
        elif cues & _HYPOTHETICAL:
            value *= 0.5
        if (clause.sentence_cues & _SARCASM or cues & _RHETORICAL) and value > 0:
            value = -value
        found.append(Feeling(match, value, tuple(mine), negated, clause))
    return found


def _assign(words: list[Word], matches: list[Match]) -> list[list[Word]]:
    """Each opinion word to the nearest match; what stands before its subject is a little farther."""
    if len(matches) == 1:
        return [words]
    given: list[list[Word]] = [[] for _ in matches]
    for word in words:
        best, nearest = 0, 1_000
        for at, match in enumerate(matches):
            if word.end <= match.start:
                distance = match.start - word.end + (_BEFORE if word.text > "\u2e80" else 1)
            else:
                distance = max(0, word.start - match.end)
            if distance < nearest:
                best, nearest = at, distance
        given[best].append(word)
    return given


def _value(clause: Clause, match: Match, words: list[Word]) -> tuple[float, bool]:
    """The feeling of a match from what it says of itself, and from the opinion words given to it."""
    if not match.polarity:
        return _clamped(sum([word.value for word in words])), False
    factor, negated = 1.0, False
    focus = match.parts[-1][0]
    reach = _REACH_LATIN if match.parts[-1][2].latin else _REACH_HAN
    for start, end, literal in clause.signs:
        if end > focus:
            break
        if not literal.cues & _TURNING or focus - end > reach or _of_it(start, end, match):
            continue
        if literal.cues & _NEGATION:
            negated ^= not _denies_another(clause.text, (start, end, literal), focus)
        elif literal.cues & _DEGREE:
            factor *= 1.3 if literal.cues & _STRONG else 0.7
    value = match.polarity * NORMAL * factor
    if negated:
        value *= NEGATED
    for word in words:
        if word.end <= match.start or word.start >= match.end:
            value += 0.2 * word.value
    return _clamped(value), negated


def _clamped(value: float) -> float:
    return 1.0 if value > 1.0 else -1.0 if value < -1.0 else value


def _denies_another(text: str, negation: Hit, start: int) -> bool:
    """Whether a negation stands in a relative clause and denies its verb, not what follows: 没说的收费. 没有一点的异响 denies the noise."""
    return _RELATIVE in text[negation[1] : start] and not negation[2].cues & _ABSENCE


def _of_it(start: int, end: int, match: Match) -> bool:
    """Whether a word shares a character with the words that made the match."""
    return any(part[0] < end and start < part[1] for part in match.parts)


def _compared_with_own(clause: Clause) -> bool:
    """Whether something else is held up against the customer's own: 雅阁比它省油, but not 空间比我家的大 or 比我家的好."""
    return any(
        one[2].cues & _THAN and other[2].cues & _SELF and 0 <= other[0] - one[1] <= 1 and _another_before(clause, one[0])
        for one, other in pairwise(clause.signs)
    )


def _another_before(clause: Clause, than: int) -> bool:
    return than > clause.start and not any(match.start < than and than - match.end <= _JOINED for match in clause.matches)
