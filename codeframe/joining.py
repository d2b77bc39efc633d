"""Words and a trained model joined.

A model sees codes of a crosswalk, words find tags. A code that the model sees and words confirm is the words' tag; one that only the model
sees is the code's general tag, where the model saw it; a tag that only words see stands or falls by the sum of both logits where
the model judges absence, and stands otherwise.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from codeframe.crosswalk import load_mapping
from codeframe.finding import Found, intent_of, sentiment_of
from codeframe.frame import Frame
from codeframe.learned.seam import GroupModel, Prediction
from schemas.coded import Expectation

_LEAST, _MOST = 0.02, 0.98
_WORDS = 1.5
_TRUST = 0.75


class Joiner:
    """Joins a model's codes with the tags that words gave, through the frame's crosswalks.

    `words` is the weight of words' certainty against the model's logit where the model alone says no; `trust` is the model's share of a
    feeling that both have.
    """

    def __init__(self, frame: Frame, model: GroupModel, words: float = _WORDS, trust: float = _TRUST) -> None:
        self._model, self._words, self._trust = model, words, trust
        index = {tag.id: at for at, tag in enumerate(frame.tags)}
        self._homes: dict[str, dict[int, str]] = {}
        self._first: dict[str, dict[str, int]] = {}
        for name in model.crosswalks:
            home = load_mapping(frame, name).home
            self._homes[name] = {index[tag]: code for tag, code in home.items()}
            self._first[name] = {code: index[tag] for tag, code in reversed(home.items())}

    def join(self, texts: Sequence[str], found: list[list[Found]]) -> list[list[Found]]:
        """The tags of each text after the model has spoken."""
        predictions = self._model.predict(texts)
        found = self._refelt(texts, found, predictions)
        return [self._joined(known, prediction) for known, prediction in zip(found, predictions, strict=True)]

    def _refelt(self, texts: Sequence[str], found: list[list[Found]], predictions: Sequence[Prediction]) -> list[list[Found]]:
        """Where the model has no polarity of its own for a tag, its feeling towards the words' aspect is weighed in."""
        open_ = [(at, one) for at, known in enumerate(found) if not predictions[at].judged for one in known]
        if not open_:
            return found
        spans = [one.aspect or (one.start, one.end) for _, one in open_]
        felt = self._model.feeling([texts[at] for at, _ in open_], spans).tolist()
        values = iter([self._mixed(one, good - bad) for (_, one), (bad, _, good) in zip(open_, felt, strict=True)])
        return [known if predictions[at].judged else [next(values) for _ in known] for at, known in enumerate(found)]

    def _mixed(self, one: Found, value: float) -> Found:
        value = self._trust * value + (1 - self._trust) * one.value
        sentiment = sentiment_of(value)
        intent = one.intent if sentiment == one.sentiment else intent_of(sentiment, 0, 0)
        return one._replace(sentiment=sentiment, value=value, intent=intent)

    def _joined(self, known: list[Found], prediction: Prediction) -> list[Found]:
        homes, first = self._homes[prediction.crosswalk], self._first[prediction.crosswalk]
        seen = {one.code: one for one in prediction.seen}
        kept: list[Found] = []
        confirmed: set[str] = set()
        for one in known:
            code = homes.get(one.tag)
            if code is None:
                kept.append(one)
                continue
            presence = prediction.presence.get(code, _LEAST)
            if code in seen:
                confirmed.add(code)
                agreed = self._mixed(one, seen[code].value) if prediction.judged else one
                kept.append(agreed._replace(confidence=presence))
            elif not prediction.judged:
                kept.append(one._replace(confidence=presence))
            elif (both := _logit(presence) + self._words * one.confidence) > 0:
                kept.append(one._replace(confidence=1 / (1 + math.exp(-both))))
        for code, sight in seen.items():
            if code not in confirmed and code in first:
                sentiment = sentiment_of(sight.value)
                place = (sight.start, sight.end, None, ())
                intent = intent_of(sentiment, 0, 0)
                kept.append(Found(first[code], sentiment, sight.value, prediction.presence[code], *place, intent, Expectation.UNSAID))
        return kept


def _logit(probability: float) -> float:
    certain = min(_MOST, max(_LEAST, probability))
    return math.log(certain / (1 - certain))
