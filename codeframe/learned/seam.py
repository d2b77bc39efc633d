"""What a trained model gives the coder: which groups of tags a text speaks of, and how it feels about each.

A group is a code of a crosswalk, written `crosswalk/code` (`bdci2018/动力`, `complaints/A63`): the label that people put on
training texts. The frame's crosswalks say which tags a group stands for, so a model knows no tag and a changed
frame needs no new model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from schemas.coded import Tier

if TYPE_CHECKING:
    from codeframe.frame import Frame
    from codeframe.learned.decider import Decider
    from codeframe.learned.heads import Heads
    from codeframe.learned.meaning import Meanings
    from codeframe.learned.vehicle import Vehicle

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
    """What words and model make of one text of a kind, by its number.

    `seen` are the codes that stand; `presence` the calibrated probability of each code of the kind. Where `judged`, what is not seen is
    absent, whatever words say; where `felt`, the model's feeling towards the words' aspects counts too.
    """

    kind: int
    judged: bool
    felt: bool
    seen: tuple[Seen, ...]
    presence: Floats


class Look(NamedTuple):
    """A model's outputs for n texts: probabilities, how likely each is talk and no post (n,), `place(text, output)`, the stretch of a
    text that speaks most for an output, and of a model that has meanings the directions of the texts (n, 128)."""

    heads: Heads
    talk: Floats
    place: Callable[[int, int], tuple[int, int]]
    directions: Floats | None = None

    def take(self, rows: Sequence[int]) -> Look:
        """The outputs for the texts at `rows`, in that order."""
        heads = type(self.heads)(*(array[list(rows)] for array in self.heads))
        directions = None if self.directions is None else self.directions[list(rows)]
        return Look(heads, self.talk[list(rows)], lambda text, output: self.place(rows[text], output), directions)


class GroupModel(Protocol):
    """A trained tier. Pure: the same texts give the same answer."""

    @property
    def version(self) -> str: ...
    @property
    def tier(self) -> Tier: ...
    @property
    def decider(self) -> Decider:
        """How its outputs become predictions."""
        ...

    def look(self, texts: Sequence[str]) -> Look:
        """The outputs for each text, in order."""
        ...

    def vehicles(self, vehicles: Sequence[Vehicle]) -> Floats:
        """What n vehicles speak for: logits (n, classes of complaints)."""
        ...

    def feeling(self, texts: Sequence[str], spans: Sequence[tuple[int, int]]) -> Floats:
        """Probabilities (n, 3) of negative, neutral and positive towards the stretch [start, end) of each text."""
        ...

    def meanings(self, frame: Frame) -> Meanings | None:
        """What the descriptions of the frame's tags mean, of a model that reads them."""
        ...

    def directions(self, texts: Sequence[str]) -> Floats:
        """What each text means, as a direction (n, 128); only of a model that has meanings."""
        ...
