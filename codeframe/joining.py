"""Words and a trained model joined: what both see is surer, what only one sees stands where the other cannot judge it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from codeframe.crosswalk import Mapping, load_mapping
from codeframe.finding import MOST, Found, intent_of
from codeframe.frame import Frame
from codeframe.learned.seam import GroupModel
from schemas.coded import Expectation

Row = NDArray[np.float32]
Flags = NDArray[np.bool_]


class Joiner:
    """Joins a model's groups with the tags that words gave, through the frame's crosswalks."""

    def __init__(self, frame: Frame, model: GroupModel) -> None:
        self._model = model
        index = {tag.id: at for at, tag in enumerate(frame.tags)}
        crosswalks: dict[str, Mapping] = {}
        self._first: list[int] = []
        homes: dict[int, list[int]] = {}
        for number, group in enumerate(model.groups):
            name, code = group.split("/", 1)
            mapping = crosswalks.get(name) or crosswalks.setdefault(name, load_mapping(frame, name))
            self._first.append(index[mapping.tags[code][0]])
            for tag, home in mapping.home.items():
                if home == code:
                    homes.setdefault(index[tag], []).append(number)
        self._homes = {tag: tuple(groups) for tag, groups in homes.items()}

    def join(self, texts: Sequence[str], found: list[list[Found]]) -> list[list[Found]]:
        """The tags of each text after the model has spoken."""
        presence, polarity, present, judged = self._model.predict(texts)
        return [
            self._joined(text, known, presence[at], polarity[at], np.flatnonzero(present[at]).tolist(), judged[at])
            for at, (text, known) in enumerate(zip(texts, found, strict=True))
        ]

    def _joined(
        self, text: str, known: list[Found], presence: Row, polarity: Row, present: list[int], judged: NDArray[np.bool_]
    ) -> list[Found]:
        kept: list[Found] = []
        covered: set[int] = set()
        there = set(present)
        for one in known:
            homes = self._homes.get(one.tag, ())
            both = [group for group in homes if group in there]
            if not both and any(judged[group] for group in homes):
                continue
            covered.update(both)
            kept.append(_agreed(one, presence[both[0]], polarity[both[0]]) if both else one)
        for group in present:
            if group not in covered:
                sentiment, value = _felt(polarity[group])
                intent = intent_of(sentiment, 0, 0)
                place = (0, len(text), None, ())
                kept.append(Found(self._first[group], sentiment, value, float(presence[group]), *place, intent, Expectation.UNSAID))
        return kept


def _agreed(one: Found, presence: float, polarity: Row) -> Found:
    """What words and model both see: doubts multiply, and the model, which reads the whole text, says how it felt."""
    sentiment, value = _felt(polarity)
    confidence = min(MOST, 1 - (1 - one.confidence) * (1 - float(presence)))
    intent = one.intent if sentiment == one.sentiment else intent_of(sentiment, 0, 0)
    return one._replace(sentiment=sentiment, value=value, confidence=confidence, intent=intent)


def _felt(polarity: Row) -> tuple[int, float]:
    return int(polarity.argmax()) - 1, float(polarity[2] - polarity[0])
