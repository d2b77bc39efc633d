"""What a learned tier gives the coder: which groups of tags a text speaks of, and how it feels about each.

A group is a code of a crosswalk, written `crosswalk/code` (`bdci2018/动力`, `complaints/A63`): the outside label
that people put on training texts. The frame's crosswalk says which tags a group stands for, so a model knows
no tag ids and a changed frame needs no new model. Where a group is likely and a lexical hit is one of its tags, the hit
is that tag; where no hit is, the coder takes the group's first tag.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from schemas.coded import Tier
from schemas.common import Span

Floats = NDArray[np.float32]


class Predictions(NamedTuple):
    """For n texts and g groups.

    `presence` (n, g) is the calibrated probability that the text speaks of the group. `polarity` (n, g, 3) is that of
    negative, neutral and positive, given that it does. `present` (n, g) says which groups the model stands for, by
    its own thresholds.
    """

    presence: Floats
    polarity: Floats
    present: NDArray[np.bool_]


class Model(Protocol):
    """A learned tier. Its `groups` are `crosswalk/code`, in the order of the predictions' columns."""

    groups: tuple[str, ...]
    version: str
    tier: Tier

    def predict(self, texts: Sequence[str]) -> Predictions:
        """Presence and polarity of every group in every text."""
        ...

    def feeling(self, texts: Sequence[str], spans: Sequence[Span]) -> Floats:
        """Probabilities (n, 3) of negative, neutral and positive towards the i-th span of the i-th text."""
        ...
