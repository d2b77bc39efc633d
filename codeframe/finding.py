"""What was found in a text: its judged matches put together by tag."""

from __future__ import annotations

from typing import NamedTuple

from codeframe.analysis import Analysis
from codeframe.feeling import Feeling
from codeframe.vocabulary import Cue
from schemas.coded import Expectation, Intent

_FELT = 0.12
MOST = 0.98
_LEAVING, _WISH, _WHY = int(Cue.LEAVING), int(Cue.WISH), int(Cue.WHY | Cue.RHETORICAL)
_QUESTION, _COMPLAINT, _PRAISE = int(Cue.QUESTION), int(Cue.COMPLAINT), int(Cue.PRAISE)
_BUT, _THOUGH = int(Cue.BUT), int(Cue.THOUGH)
_AFTER_BUT, _AFTER_THOUGH = 1.3, 0.7
_BETTER, _WORSE = int(Cue.BETTER), int(Cue.WORSE)


class Found(NamedTuple):
    """A tag of a text before it becomes an opinion: where, how it felt, and how sure."""

    tag: int
    sentiment: int
    value: float
    confidence: float
    start: int
    end: int
    aspect: tuple[int, int] | None
    words: tuple[tuple[int, int], ...]
    intent: Intent
    expectation: Expectation


def found_in(analysis: Analysis) -> list[Found]:
    """One `Found` a tag: the surest mention gives the evidence, all of them the feeling and the confidence."""
    if len(analysis.judged) == 1:
        return [_merged(analysis, analysis.judged)]
    by_tag: dict[int, list[Feeling]] = {}
    for judged in analysis.judged:
        by_tag.setdefault(judged.match.tag, []).append(judged)
    return [_merged(analysis, mentions) for mentions in by_tag.values()]


def _merged(analysis: Analysis, mentions: list[Feeling]) -> Found:
    best, doubt, weight, value = mentions[0], 1.0, 0.0, 0.0
    most = -1.0
    for judged in mentions:
        certainty = _certainty(judged)
        doubt *= 1 - certainty
        share = _weight(judged)
        weight += share
        value += share * judged.value
        if certainty + abs(judged.value) > most:
            most, best = certainty + abs(judged.value), judged
    value /= weight
    sentiment, base = sentiment_of(value), analysis.base
    match, words = best.match, best.words
    start, end = match.start, match.end
    spans: tuple[tuple[int, int], ...] = ()
    if words:
        start, end = min(start, *[word.start for word in words]), max(end, *[word.end for word in words])
        spans = tuple([(word.start - base, word.end - base) for word in words])
    elif match.rule >= 0:
        spans = ((match.parts[-1][0] - base, match.parts[-1][1] - base),)
    return Found(
        match.tag,
        sentiment,
        value,
        min(MOST, 1 - doubt),
        start - base,
        end - base,
        (match.aspect[0] - base, match.aspect[1] - base),
        spans,
        intent_of(sentiment, best.clause.cues | (_QUESTION if best.clause.asked else 0), analysis.cues),
        _expectation(sentiment, best.clause.sentence_cues),
    )


def _weight(judged: Feeling) -> float:
    """How much a mention counts among several of a tag: what comes after a "but" outweighs what went before."""
    signs = judged.clause.signs
    contrast = signs[0][2].cues if signs else 0
    weight = _AFTER_BUT if contrast & _BUT else _AFTER_THOUGH if contrast & _THOUGH else 1.0
    return weight if judged.value else weight * 0.25


def _certainty(judged: Feeling) -> float:
    """How much one mention speaks for its tag: grows with the length of the words and with support by opinion words."""
    match = judged.match
    if match.rule >= 0:
        certainty = 0.72
    else:
        size = match.end - match.start
        certainty = 0.45 + (0.015 * min(size, 20) if match.parts[0][2].latin else 0.05 * min(size, 6))
    if judged.words:
        return certainty + (1 - certainty) * 0.3
    return certainty


def sentiment_of(value: float) -> int:
    return 1 if value >= _FELT else -1 if value <= -_FELT else 0


def intent_of(sentiment: int, clause_cues: int, text_cues: int) -> Intent:
    """Leaving outweighs all; a wish or a question is a matter of the clause; the rest follows the feeling."""
    if text_cues & _LEAVING and sentiment <= 0:
        return Intent.LEAVING
    if clause_cues & _WISH and sentiment >= 0:
        return Intent.WISH
    if clause_cues & _QUESTION and not clause_cues & _WHY and not sentiment:
        return Intent.QUESTION
    if sentiment < 0 or (text_cues & _COMPLAINT and not sentiment):
        return Intent.COMPLAINT
    if sentiment > 0 or (clause_cues & _PRAISE and not sentiment):
        return Intent.PRAISE
    return Intent.STATEMENT


def _expectation(sentiment: int, cues: int) -> Expectation:
    if sentiment > 0 and cues & _BETTER:
        return Expectation.BETTER
    if sentiment < 0 and cues & _WORSE:
        return Expectation.WORSE
    return Expectation.UNSAID
