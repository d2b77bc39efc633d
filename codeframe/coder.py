"""The coder: utterances in, coded opinions out. Pure, and a batch at a time.

The fast tier reads by the code frame's terms and patterns and the languages' lexicons; trained models
join through `codeframe.prediction.Model`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from codeframe.analysis import Analysis, Analyst, Judged
from codeframe.folding import fold
from codeframe.frame import Frame
from codeframe.points import Points
from codeframe.prediction import Model, Prediction
from codeframe.trusted import collector_paused, trusted
from codeframe.vocabulary import Cue
from schemas.coded import UNKNOWN_CAUSE, Cause, CodedUtterance, Expectation, Intent, Opinion, Owner, Tier, Versions
from schemas.common import Span, Speaker
from schemas.ids import opinion_ids
from schemas.utterance import Mark, Utterance

LEXICON_VERSION = "lexicon-1"

_SILENT = frozenset({Speaker.AGENT, Speaker.BOT})
_EMPTY = frozenset({Mark.EMPTY, Mark.MACHINE_MADE})
_FELT = 0.12
_MOST = 0.98
_SHORTEST_UNSURE = 6
_LEAVING, _WISH, _WHY = int(Cue.LEAVING), int(Cue.WISH), int(Cue.WHY | Cue.RHETORICAL)
_QUESTION, _COMPLAINT, _PRAISE = int(Cue.QUESTION), int(Cue.COMPLAINT), int(Cue.PRAISE)
_BUT, _THOUGH = int(Cue.BUT), int(Cue.THOUGH)
_AFTER_BUT, _AFTER_THOUGH = 1.3, 0.7
_BETTER, _WORSE = int(Cue.BETTER), int(Cue.WORSE)


class Coding(NamedTuple):
    """The opinions of an utterance. `unsure` asks for a deeper look."""

    opinions: tuple[Opinion, ...]
    unsure: bool
    versions: Versions


class Found(NamedTuple):
    """A tag of a text before it becomes an opinion: where, how it felt, and how sure."""

    tag: int
    value: float
    confidence: float
    start: int
    end: int
    aspect: tuple[int, int] | None
    words: tuple[tuple[int, int], ...]
    intent: Intent
    expectation: Expectation


class Coder:
    """Codes utterances by a frame. Immutable; make one a process and share it."""

    def __init__(self, frame: Frame, model: Model | None = None) -> None:
        self.frame = frame
        self.analyst = Analyst(frame)
        self.points = Points(frame.points)
        self.versions = Versions(frame=frame.version, model=model.version if model else LEXICON_VERSION, tier=Tier.FAST)
        self._model = model
        self._tags = frame.tags
        self._thresholds = frame.header.thresholds
        self._index = {tag.id: at for at, tag in enumerate(frame.tags)}
        self._owners = tuple(Owner(dealer_role=tag.owner.dealer, office_role=tag.owner.office) for tag in frame.tags)
        self._causes = tuple((Cause(cause=tag.default_cause or UNKNOWN_CAUSE, probability=1.0),) for tag in frame.tags)

    @classmethod
    def load(cls, where: str | Path) -> Coder:
        """A coder by a bundled frame's name or a frame's folder.

        Raises:
            FrameError: the frame is wrong; names file, line and field.
        """
        return cls(Frame.load(where))

    def code(self, utterances: Sequence[Utterance]) -> list[Coding]:
        """Code a batch, in order. What was not said by a customer, and what is marked empty or machine-made, has no opinions."""
        heard = [u for u in utterances if u.speaker not in _SILENT and _EMPTY.isdisjoint(u.marks)]
        nothing = Coding((), False, self.versions)
        spoken = {id(u) for u in heard}
        with collector_paused():
            found = iter(self.find([u.text for u in heard]))
            return [self._coding(u, next(found)) if id(u) in spoken else nothing for u in utterances]

    def find(self, texts: Sequence[str]) -> list[list[Found]]:
        """The tags of each text, by where they stand."""
        found = [_found(analysis) for analysis in self.analyst.analyse(texts)]
        if self._model:
            for known, predictions in zip(found, self._model.predict([fold(text) for text in texts]), strict=True):
                self._join(known, predictions)
        return found

    def _join(self, known: list[Found], predictions: Sequence[Prediction]) -> None:
        """Add a model's tags; for one that both see the doubts multiply, and feelings weigh by certainty."""
        places = {found.tag: at for at, found in enumerate(known)}
        for prediction in predictions:
            tag = self._index[prediction.tag]
            value = prediction.polarity[2] - prediction.polarity[0]
            at = places.get(tag)
            if at is None:
                intent = _intent(_sentiment(value), 0, 0)
                place = (prediction.start, prediction.end)
                known.append(Found(tag, value, prediction.probability, *place, None, (), intent, Expectation.UNSAID))
                continue
            mine = known[at]
            total = mine.confidence + prediction.probability
            value = (mine.value * mine.confidence + value * prediction.probability) / total
            confidence = 1 - (1 - mine.confidence) * (1 - prediction.probability)
            known[at] = mine._replace(value=value, confidence=min(_MOST, confidence))

    def _coding(self, utterance: Utterance, found: list[Found]) -> Coding:
        if not found:
            return Coding((), len(utterance.text) >= _SHORTEST_UNSURE, self.versions)
        new_id = opinion_ids(utterance.utterance_id)
        opinions = tuple([self._opinion(utterance.text, new_id, one) for one in found])
        unsure = max([one.confidence for one in found]) < self._thresholds.unsure_below
        return Coding(opinions, unsure, self.versions)

    def _opinion(self, text: str, new_id: Callable[[str], UUID], found: Found) -> Opinion:
        tag = self._tags[found.tag]
        sentiment = _sentiment(found.value)
        mild = abs(found.value) < self._thresholds.mild_below
        situation = (sentiment, tag.need_layer, tag.severity, found.intent, found.expectation, mild)
        return trusted(
            Opinion,
            {
                "opinion_id": new_id(tag.id),
                "tag": tag.id,
                "evidence": _span(found.start, found.end),
                "aspect": _span(*found.aspect) if found.aspect else None,
                "opinion_words": tuple([text[start:end] for start, end in found.words]),
                "sentiment": sentiment,
                "sentiment_score": round(found.value, 3),
                "intent": found.intent,
                "expectation": found.expectation,
                "point": self.points.point(situation),
                "need_layer": tag.need_layer,
                "severity": tag.severity,
                "brand_promise": tag.brand_promise,
                "confidence": round(found.confidence, 3),
                "causes": self._causes[found.tag],
                "owner": self._owners[found.tag],
                "versions": self.versions,
            },
        )


def coded(utterance: Utterance, coding: Coding, coded_at: datetime) -> CodedUtterance:
    """The event of a coded utterance. `coded_at` is aware."""
    return trusted(
        CodedUtterance,
        {
            "schema_version": 1,
            "utterance_id": utterance.utterance_id,
            "revision": 1,
            "event_id": utterance.event_id,
            "source": utterance.source,
            "channel": utterance.channel,
            "conversation_id": utterance.conversation_id,
            "customer_id": utterance.customer_id,
            "speaker": utterance.speaker,
            "text": utterance.text,
            "language": utterance.language,
            "marks": utterance.marks,
            "audio": utterance.audio,
            "score": utterance.score,
            "attributes": utterance.attributes,
            "opinions": coding.opinions,
            "retracted": (),
            "unsure": coding.unsure,
            "versions": coding.versions,
            "occurred_at": utterance.occurred_at,
            "ingested_at": utterance.ingested_at,
            "cleaned_at": utterance.cleaned_at,
            "coded_at": coded_at,
        },
    )


@lru_cache(65_536)
def _span(start: int, end: int) -> Span:
    return trusted(Span, {"start": start, "end": end})


def _found(analysis: Analysis) -> list[Found]:
    """One `Found` a tag: the surest mention gives the evidence, all of them the feeling and the confidence."""
    if len(analysis.judged) == 1:
        return [_merged(analysis, analysis.judged)]
    by_tag: dict[int, list[Judged]] = {}
    for judged in analysis.judged:
        by_tag.setdefault(judged.feeling.match.tag, []).append(judged)
    return [_merged(analysis, mentions) for mentions in by_tag.values()]


def _merged(analysis: Analysis, mentions: list[Judged]) -> Found:
    best, doubt, weight, value = mentions[0], 1.0, 0.0, 0.0
    most = -1.0
    for judged in mentions:
        certainty = _certainty(judged)
        doubt *= 1 - certainty
        share = _weight(judged)
        weight += share
        value += share * judged.feeling.value
        if certainty + abs(judged.feeling.value) > most:
            most, best = certainty + abs(judged.feeling.value), judged
    value /= weight
    sentiment, base, feeling = _sentiment(value), analysis.base, best.feeling
    match, words = feeling.match, feeling.words
    start, end = match.start, match.end
    for word in words:
        start, end = min(start, word.start), max(end, word.end)
    spans = tuple([(word.start - base, word.end - base) for word in words])
    if not spans and match.rule >= 0:
        spans = ((match.parts[-1][0] - base, match.parts[-1][1] - base),)
    return Found(
        match.tag,
        value,
        min(_MOST, 1 - doubt),
        start - base,
        end - base,
        (match.aspect[0] - base, match.aspect[1] - base),
        spans,
        _intent(sentiment, best.clause.cues | (_QUESTION if best.clause.asked else 0), analysis.cues),
        _expectation(sentiment, best.clause.sentence_cues),
    )


def _weight(judged: Judged) -> float:
    """How much a mention counts among several of a tag: what comes after a "but" outweighs what went before."""
    signs = judged.clause.signs
    contrast = signs[0][2].cues if signs else 0
    weight = _AFTER_BUT if contrast & _BUT else _AFTER_THOUGH if contrast & _THOUGH else 1.0
    return weight if judged.feeling.value else weight * 0.25


def _certainty(judged: Judged) -> float:
    """How much one mention speaks for its tag: grows with the length of the words and with support by opinion words."""
    match = judged.feeling.match
    if match.rule >= 0:
        certainty = 0.72
    else:
        size = match.end - match.start
        certainty = 0.45 + (0.015 * min(size, 20) if match.parts[0][2].latin else 0.05 * min(size, 6))
    if judged.feeling.words:
        return certainty + (1 - certainty) * 0.3
    return certainty


def _sentiment(value: float) -> int:
    return 1 if value >= _FELT else -1 if value <= -_FELT else 0


def _intent(sentiment: int, clause_cues: int, text_cues: int) -> Intent:
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
