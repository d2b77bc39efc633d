"""The seam where a trained model joins the coder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class Prediction(NamedTuple):
    """A tag that a model sees in a text, and how sure it is that it is there.

    `polarity` are the probabilities of negative, neutral and positive, given the tag; `start` and `end`
    the stretch of the text that speaks for it most.
    """

    tag: str
    probability: float
    polarity: tuple[float, float, float]
    start: int
    end: int


class Model(Protocol):
    """Something trained that tags folded texts, a batch at a time. Pure: the same texts give the same answer."""

    @property
    def version(self) -> str:
        """Name and version, as events carry it."""

    def predict(self, texts: Sequence[str]) -> Sequence[Sequence[Prediction]]:
        """For each folded text (codeframe.folding.fold) the tags that are likely enough to tell."""
