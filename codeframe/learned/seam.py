"""What a trained model gives the coder: which groups of tags a text speaks of, and how it feels about each.

A group is a code of a crosswalk, written `crosswalk/code` (`bdci2018/动力`, `complaints/A63`): the label that people put on
training texts. The frame's crosswalks say which tags a group stands for, so a model knows no tag and a changed
frame needs no new model.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from schemas.coded import Tier

Floats = NDArray[np.floating[Any]]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


class Seen(NamedTuple):
    """A group that a text speaks of: its code, how it felt (-1 to 1, within 0.12 of 0 when neutral), and where."""

    code: str
    value: float
    start: int
    end: int


class Prediction(NamedTuple):
    """What a model makes of one text.

    `crosswalk` is the taxonomy in which people label texts of this kind; `seen` are its codes that stand; `presence` the calibrated
    probability of each code. Where `judged`, the model knows what is absent too, and overrules words.
    """

    crosswalk: str
    judged: bool
    seen: tuple[Seen, ...]
    presence: dict[str, float]


class GroupModel(Protocol):
    """A trained tier. Pure: the same texts give the same answer."""

    @property
    def version(self) -> str: ...
    @property
    def tier(self) -> Tier: ...
    @property
    def crosswalks(self) -> tuple[str, ...]:
        """The crosswalks that its predictions speak in."""
        ...

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        """A prediction for each text, in order."""
        ...

    def feeling(self, texts: Sequence[str], spans: Sequence[tuple[int, int]]) -> Floats:
        """Probabilities (n, 3) of negative, neutral and positive towards the stretch [start, end) of each text."""
        ...
