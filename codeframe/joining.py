"""Words and a trained model joined: what both see is surer; where the model knows what is absent, it overrules words."""

from __future__ import annotations

from collections.abc import Sequence

from codeframe.crosswalk import load_mapping
from codeframe.finding import MOST, Found, intent_of, sentiment_of
from codeframe.frame import Frame
from codeframe.learned.seam import GroupModel, Prediction, Seen
from schemas.coded import Expectation


class Joiner:
    """Joins what a model sees with the tags that words gave, through the frame's crosswalks."""

    def __init__(self, frame: Frame, model: GroupModel) -> None:
        self._model = model
        self._tags = frame.tags
        self._index = {tag.id: at for at, tag in enumerate(frame.tags)}
        self._mappings = {name: load_mapping(frame, name) for name in model.crosswalks}

    def join(self, texts: Sequence[str], found: Sequence[list[Found]]) -> list[list[Found]]:
        """The tags of each text after the model has spoken."""
        return [self._joined(known, prediction) for known, prediction in zip(found, self._model.predict(texts), strict=True)]

    def _joined(self, known: list[Found], prediction: Prediction) -> list[Found]:
        mapping = self._mappings[prediction.crosswalk]
        seen = {one.code: one for one in prediction.seen}
        kept: list[Found] = []
        covered: set[str] = set()
        for one in known:
            home = mapping.home.get(self._tags[one.tag].id)
            if home in seen:
                covered.add(home)
                kept.append(_agreed(one, seen[home], prediction.presence[home]))
            elif home is None or not prediction.judged:
                kept.append(one)
        for code, what in seen.items():
            if code not in covered:
                kept.append(_new(self._index[mapping.tags[code][0]], what, prediction.presence[code]))
        return kept


def _agreed(one: Found, seen: Seen, presence: float) -> Found:
    """What words and model both see: doubts multiply, and the model, which was shown how people judge, says how it felt."""
    sentiment = sentiment_of(seen.value)
    confidence = min(MOST, 1 - (1 - one.confidence) * (1 - presence))
    intent = one.intent if sentiment == one.sentiment else intent_of(sentiment, 0, 0)
    return one._replace(sentiment=sentiment, value=seen.value, confidence=confidence, intent=intent)


def _new(tag: int, seen: Seen, presence: float) -> Found:
    sentiment = sentiment_of(seen.value)
    intent = intent_of(sentiment, 0, 0)
    return Found(tag, sentiment, seen.value, presence, seen.start, seen.end, None, (), intent, Expectation.UNSAID)
