"""What a trained model gives the coder: which groups of tags a text speaks of, and how it feels about each.

A group is a code of a crosswalk, written `crosswalk/code` (`bdci2018/动力`, `complaints/A63`): the label that people put on
training texts. The frame's crosswalks say which tags a group stands for, so a model knows no tag and a changed
frame needs no new model.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from schemas.coded import Tier

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


class Predictions(NamedTuple):
    """For n texts and g groups.

    `presence` (n, g) is the calibrated probability that the text speaks of the group; `polarity` (n, g, 3) that of negative, neutral and
    positive, given that it does. `present` (n, g) says which groups it speaks of, by the model's rules. `judged` (n, g) says of which groups
    the model knows the absence too, for a text of this kind: there it overrules words.
    """

    presence: Floats
    polarity: Floats
    present: Bools
    judged: Bools


class GroupModel(Protocol):
    """A trained tier. Pure: the same texts give the same answer. `groups` name the predictions' columns."""

    @property
    def groups(self) -> tuple[str, ...]: ...
    @property
    def version(self) -> str: ...
    @property
    def tier(self) -> Tier: ...

    def predict(self, texts: Sequence[str]) -> Predictions:
        """Presence and polarity of every group in every text."""
        ...

    def feeling(self, texts: Sequence[str], spans: Sequence[tuple[int, int]]) -> Floats:
        """Probabilities (n, 3) of negative, neutral and positive towards the stretch [start, end) of each text."""
        ...
