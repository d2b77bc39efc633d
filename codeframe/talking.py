"""What is said to somebody, coded by words, by meaning and by letters.

Words give tags with a certainty. The encoder says how near the text is to what the frame and its customers say of each tag, and n-grams
how much both share word for word. All are added up; the likeliest tag stands if it is likely enough. What words tell of stands beside
it, unless it is likelier that nothing is said of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from codeframe.finding import Found, intent_of, sentiment_of
from codeframe.frame import Frame
from codeframe.learned.letters import Letters
from codeframe.learned.meaning import Meanings
from codeframe.learned.rules import softmax
from codeframe.learned.seam import Bools, Floats, GroupModel
from codeframe.meanings import described
from schemas.coded import Expectation


class Weights(NamedTuple):
    """Log odds of a likeness of one by meaning and by letters, of a word's certainty, and of there being nothing to code."""

    meaning: float
    letters: float
    words: float
    nothing: float


WEIGHTS = Weights(16.2, 37.2, 2.0, 12.8)
"""The likeliest for the held-out examples of the car frame and for small talk (`voc train talk`): under them the sum is a calibrated
probability."""

_LEAST = 0.2
"""Six sentences of small talk in a hundred get a tag as likely as this."""

_SHARED = 2.0
"""Log odds that a tag which words found may lack: a text that says two things is less like what is said of either."""

_NEARLY_SURE = 0.9
_FELT = {"negative": -0.7, "positive": 0.7}


class Sure(NamedTuple):
    """A tag, and how likely it is."""

    tag: int
    share: float


class Talk:
    """Codes talk by what a frame says of its tags."""

    def __init__(self, frame: Frame, model: GroupModel, meanings: Meanings) -> None:
        self._tags, self._model, self._meanings = frame.tags, model, meanings
        self._letters = Letters(described(frame), len(frame.tags))

    def likeness(self, texts: Sequence[str], directions: Floats | None = None) -> Floats:
        """How much each text is like what is said of each tag: log odds (n, tags). The texts' directions are asked for if not given."""
        meaning, letters = self.parts(texts, directions)
        return WEIGHTS.meaning * meaning + WEIGHTS.letters * letters

    def parts(self, texts: Sequence[str], directions: Floats | None = None) -> tuple[Floats, Floats]:
        """How near each text is to each tag by meaning and by letters: two of likenesses (n, tags)."""
        known = self._model.directions(texts) if directions is None else directions
        return self._meanings.likeness(known), self._letters.likeness(texts)

    def told(self, texts: Sequence[str], found: Sequence[list[Found]]) -> list[list[Found]]:
        """The tags of each text, of which words found `found`."""
        odds = self.likeness(texts) + WEIGHTS.words * certainties(found, len(self._tags))
        share = _shares(odds)
        best = share.argmax(1)
        likely = share.max(1) >= _LEAST
        stands = odds > WEIGHTS.nothing - _SHARED
        told = [_agreed(known, *rows) if sure else known for known, sure, *rows in zip(found, likely.tolist(), share, stands, strict=True)]
        new = [at for at in np.flatnonzero(likely).tolist() if best[at] not in {one.tag for one in told[at]}]
        sure = [Sure(int(best[at]), float(share[at, best[at]])) for at in new]
        for at, one in zip(new, self.felt([texts[at] for at in new], sure), strict=True):
            told[at].append(one)
        return told

    def surest(self, found: Sequence[list[Found]], likeness: Floats) -> list[Sure | None]:
        """Of each text, of which words found `found`, the tag that all together are nearly sure of; None where there is none."""
        share = _shares(likeness + WEIGHTS.words * certainties(found, len(self._tags)))
        best = [Sure(int(row.argmax()), float(row.max())) for row in share]
        return [one if one.share >= _NEARLY_SURE else None for one in best]

    def felt(self, texts: Sequence[str], sure: Sequence[Sure]) -> list[Found]:
        """Each tag as found in its text, all of it, with how it felt."""
        values = self._felt(texts, [one.tag for one in sure])
        return [_found(one.tag, value, one.share, len(text)) for one, value, text in zip(sure, values, texts, strict=True)]

    def _felt(self, texts: Sequence[str], tags: Sequence[int]) -> list[float]:
        """Of each text, how its tag felt: as the tag always does, else as the model reads the text."""
        always = [_FELT.get(self._tags[tag].polarity) for tag in tags]
        unknown = [text for text, value in zip(texts, always, strict=True) if value is None]
        read = iter(self._model.feeling(unknown, [(0, len(text)) for text in unknown]) if unknown else ())
        return [float(next(read) @ (-1, 0, 1)) if value is None else value for value in always]


def _shares(odds: Floats) -> Floats:
    """How likely each tag is, and not another or none: (n, tags)."""
    return softmax(np.pad(odds, ((0, 0), (0, 1)), constant_values=WEIGHTS.nothing))[:, :-1]


def certainties(found: Sequence[list[Found]], tags: int) -> Floats:
    """How sure words are of each tag: (n, tags)."""
    sure = np.zeros((len(found), tags), np.float32)
    for row, known in enumerate(found):
        for one in known:
            sure[row, one.tag] += one.confidence
    return sure


def _agreed(known: list[Found], share: Floats, stands: Bools) -> list[Found]:
    """What words found, each as sure as all together are, without what is less likely than nothing. A text may speak of several things, so
    none is less sure than the least that is told."""
    return [one._replace(confidence=max(_LEAST, float(share[one.tag]))) for one in known if stands[one.tag]]


def _found(tag: int, value: float, sure: float, end: int) -> Found:
    sentiment = sentiment_of(value)
    return Found(tag, sentiment, value, sure, 0, end, None, (), intent_of(sentiment, 0, 0), Expectation.UNSAID)
