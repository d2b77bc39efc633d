"""What is said to somebody, coded by words, by meaning and by letters.

Words give tags with a certainty. The encoder says how near the text is to what the frame and its customers say of each tag, and n-grams
how much both share word for word. All are added up; the likeliest tag stands if it is likely enough. What words tell of stands beside
it, unless the rest holds it for hardly possible.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from codeframe.finding import Found, intent_of, sentiment_of
from codeframe.frame import Frame
from codeframe.learned.letters import Letters
from codeframe.learned.meaning import Meanings
from codeframe.learned.rules import softmax
from codeframe.learned.seam import Floats, GroupModel
from codeframe.meanings import described
from schemas.coded import Expectation

_MEANING, _LETTERS, _WORDS, _NOTHING = 14.4, 31.0, 4.8, 8.4
"""Log odds of a cosine of one by meaning and by letters, of a word's certainty, and of there being nothing to code: the likeliest weights
for the held-out examples of the car frame and for small talk, under which the sum is a calibrated probability."""

_LEAST = 0.2
"""Two sentences of small talk in a hundred get a tag as likely as this."""

_HARDLY = 0.05
_FELT = {"negative": -0.7, "positive": 0.7}


class Talk:
    """Codes talk by what a frame says of its tags."""

    def __init__(self, frame: Frame, model: GroupModel, meanings: Meanings) -> None:
        self._tags, self._model, self._meanings = frame.tags, model, meanings
        self._letters = Letters(described(frame), len(frame.tags))

    def likeness(self, texts: Sequence[str]) -> Floats:
        """How much each text is like what is said of each tag: log odds (n, tags)."""
        return _MEANING * self._meanings.likeness(self._model.directions(texts)) + _LETTERS * self._letters.likeness(texts)

    def told(self, texts: Sequence[str], found: Sequence[list[Found]]) -> list[list[Found]]:
        """The tags of each text, of which words found `found`."""
        likeness = self.likeness(texts)
        for row, known in zip(likeness, found, strict=True):
            for one in known:
                row[one.tag] += _WORDS * one.confidence
        share = softmax(np.pad(likeness, ((0, 0), (0, 1)), constant_values=_NOTHING))[:, :-1]
        best = share.argmax(1)
        likely = share.max(1) >= _LEAST
        told = [_agreed(known, row, sure) for known, row, sure in zip(found, share, likely.tolist(), strict=True)]
        new = [at for at in np.flatnonzero(likely).tolist() if best[at] not in {one.tag for one in told[at]}]
        for at, felt in zip(new, self._felt([texts[at] for at in new], best[new].tolist()), strict=True):
            told[at].append(_found(int(best[at]), felt, float(share[at, best[at]]), len(texts[at])))
        return told

    def _felt(self, texts: Sequence[str], tags: Sequence[int]) -> list[float]:
        """Of each text, how its tag felt: as the tag always does, else as the model reads the text."""
        always = [_FELT.get(self._tags[tag].polarity) for tag in tags]
        unknown = [text for text, value in zip(texts, always, strict=True) if value is None]
        read = iter(self._model.feeling(unknown, [(0, len(text)) for text in unknown]) if unknown else ())
        return [float(next(read) @ (-1, 0, 1)) if value is None else value for value in always]


def _agreed(known: list[Found], share: Floats, likely: bool) -> list[Found]:
    """What words found, each as sure as all together are where they know better; without what is then hardly possible."""
    if not likely:
        return known
    return [one._replace(confidence=float(share[one.tag])) for one in known if share[one.tag] >= _HARDLY]


def _found(tag: int, value: float, sure: float, end: int) -> Found:
    sentiment = sentiment_of(value)
    return Found(tag, sentiment, value, sure, 0, end, None, (), intent_of(sentiment, 0, 0), Expectation.UNSAID)
