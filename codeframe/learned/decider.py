"""From a model's outputs and words to predictions, by rules that held-out texts chose."""

from __future__ import annotations

from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path

import numpy as np
from pydantic import TypeAdapter

from codeframe.learned.fusion import NO_WORDS, Fusion, Words
from codeframe.learned.heads import ENGLISH, NEUTRAL, REMARK, Heads, Kind
from codeframe.learned.rules import AspectRule, CodeRule, Scale
from codeframe.learned.seam import Bools, Floats, Ints, Look, Prediction, Seen

_SURE, _LIKELY, _NOTHING = 0.8, 0.5, 0.5
_HARDLY, _LEAST, _COMPLAINT = 0.11, 0.15, -0.7
_REMARKED = 0.05


@dataclass(frozen=True, slots=True)
class Decider:
    """Rules and calibration, as chosen on held-out texts. In the deep tier `share` is the weight of the encoder against the n-grams, and
    `reviews` that of the nets of reviews against both."""

    version: str
    kinds: tuple[Kind, ...]
    head_of: tuple[int, ...]
    zh: AspectRule
    en: AspectRule
    code: CodeRule
    aspect_scale: Scale
    code_scale: Scale
    category_scale: Scale
    fusion: Fusion = NO_WORDS
    share: float = 1.0
    reviews: float = 0.0

    def decide(self, look: Look, words: Words, vehicles: Floats | None = None) -> list[Prediction]:
        """Predictions from what the model and what words see, and what the vehicles speak for."""
        decide = {"aspects": self._aspects, "codes": self._codes, "category": self._category}
        kinds, sure = look.heads.kind.argmax(1), look.heads.kind.max(1) >= _SURE
        heads = self.fusion.apply(look.heads, words, np.array(self.head_of), vehicles)
        out: list[tuple[int, Prediction]] = []
        for number in np.unique(kinds).tolist():
            kind, rows = self.kinds[number], np.flatnonzero(kinds == number)
            present, value, presence = decide[kind.family](Heads(*(array[rows] for array in heads)), kind, number)
            for at, row in enumerate(rows.tolist()):
                seen = tuple(
                    [
                        Seen(kind.codes[k], float(value[at, k]), *look.place(row, kind.columns[k]))
                        for k in np.flatnonzero(present[at]).tolist()
                        if sure[row] or presence[at, k] >= _LIKELY
                    ]
                )
                out.append((row, Prediction(number, kind.judged and bool(sure[row]), number == REMARK, seen, presence[at])))
        return [prediction for _, prediction in sorted(out, key=itemgetter(0))]

    def _aspects(self, heads: Heads, kind: Kind, number: int) -> tuple[Bools, Floats, Floats]:
        aspects = heads.aspects[:, kind.columns]
        classes = (self.en if number == ENGLISH else self.zh).apply(aspects)
        value = _value(aspects, classes)
        if number == REMARK:  # says something of a product in few words, so the likeliest aspect is enough
            present = 1 - aspects[..., 0]
            classes = np.where((present == present.max(1, keepdims=True)) & (present >= _REMARKED), NEUTRAL, classes)
            value = np.broadcast_to((heads.feeling[:, 2] - heads.feeling[:, 0])[:, None], value.shape)
        return classes > 0, value, self.aspect_scale.apply(1 - aspects[..., 0])

    def _codes(self, heads: Heads, kind: Kind, number: int) -> tuple[Bools, Floats, Floats]:
        present = self.code.apply(heads.codes, heads.heads, np.array(self.head_of))
        return present, np.full(present.shape, _COMPLAINT), self.code_scale.apply(heads.codes)

    def _category(self, heads: Heads, kind: Kind, number: int) -> tuple[Bools, Floats, Floats]:
        category = heads.category[:, 1:] / heads.category[:, 1:].sum(1, keepdims=True).clip(1e-6)
        present = (category == category.max(1, keepdims=True)) & (heads.category[:, :1] < _NOTHING)
        return present, np.full(present.shape, _COMPLAINT), self.category_scale.apply(category)

    def save(self, path: Path) -> None:
        path.write_bytes(TypeAdapter(Decider).dump_json(self) + b"\n")

    @staticmethod
    def load(path: Path) -> Decider:
        """Read what `save` wrote."""
        return TypeAdapter(Decider).validate_json(path.read_bytes())


def _value(aspects: Floats, classes: Ints) -> Floats:
    """Positive less negative; at least 0.15 to the side that was chosen, and hardly anything where neutral was."""
    polarity = aspects[..., 1:] / aspects[..., 1:].sum(-1, keepdims=True).clip(1e-6)
    difference, side = polarity[..., 2] - polarity[..., 0], classes - NEUTRAL
    value: Floats = np.where(side == 0, np.clip(difference, -_HARDLY, _HARDLY), side * np.maximum(_LEAST, side * difference))
    return value
