"""The outputs that every trained tier has, and how they become predictions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from pydantic import TypeAdapter

from codeframe.learned.rules import AspectRule, CodeRule, Scale, logit, sigmoid, softmax
from codeframe.learned.seam import Bools, Floats, Ints, Prediction, Seen

REVIEW, TITLE, STORY, REMARK, ENGLISH = range(5)
"""Kinds of text: a Chinese review, a complaint's title, a complaint in full, a remark about a product, an English review."""

KINDS = 5
NEUTRAL = 2
"""The class of a neutral aspect; 0 is absent, 1 negative, 3 positive."""

_SURE = 0.6
_HARDLY, _LEAST, _COMPLAINT = 0.1, 0.15, -0.7


class Heads(NamedTuple):
    """Probabilities for n texts: aspects (n, a, 4) of absent, negative, neutral, positive; codes (n, c); heads (n, h) of the code
    taxonomy; category (n, 1 + k), the first being none; feeling (n, 3) towards the marked term; kind (n, 5) of text."""

    aspects: Floats
    codes: Floats
    heads: Floats
    category: Floats
    feeling: Floats
    kind: Floats


@dataclass(frozen=True, slots=True)
class Kind:
    """How people label a kind of text. `codes` are the crosswalk's; `columns` those of the outputs that they are."""

    crosswalk: str
    judged: bool
    family: str
    codes: tuple[str, ...]
    columns: tuple[int, ...]


@dataclass(frozen=True)
class Decider:
    """Rules and calibration, as chosen on held-out texts. `share` is the weight of the encoder against the n-grams in the deep tier."""

    version: str
    kinds: tuple[Kind, ...]
    head_of: tuple[int, ...]
    zh: AspectRule
    en: AspectRule
    code: CodeRule
    aspect_scale: Scale
    code_scale: Scale
    category_scale: Scale
    share: float = 1.0

    @property
    def crosswalks(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(kind.crosswalk for kind in self.kinds))

    def decide(self, heads: Heads, places: Sequence[Sequence[tuple[int, int]]], best: Ints) -> list[Prediction]:
        """Predictions for n texts. `places` are the stretches of each text's clauses; `best` (n, outputs) the clause that speaks most for
        each output, the outputs being aspects, codes and categories in one row."""
        decide = {"aspects": self._aspects, "codes": self._codes, "category": self._category}
        kinds, sure = heads.kind.argmax(1), heads.kind.max(1) >= _SURE
        out: list[Prediction | None] = [None] * len(kinds)
        for number, kind in enumerate(self.kinds):
            rows = np.flatnonzero(kinds == number)
            if not len(rows):
                continue
            offset = {"aspects": 0, "codes": heads.aspects.shape[1], "category": heads.aspects.shape[1] + heads.codes.shape[1]}[kind.family]
            chosen = Heads(*(array[rows] for array in heads))
            present, value, presence = decide[kind.family](chosen, kind, number)
            for at, row in enumerate(rows.tolist()):
                seen = tuple(
                    Seen(kind.codes[k], float(value[at, k]), *places[row][best[row, offset + kind.columns[k]]])
                    for k in np.flatnonzero(present[at]).tolist()
                )
                known = dict(zip(kind.codes, presence[at].tolist(), strict=True))
                out[row] = Prediction(kind.crosswalk, kind.judged and bool(sure[row]), seen, known)
        return [prediction for prediction in out if prediction is not None]

    def _aspects(self, heads: Heads, kind: Kind, number: int) -> tuple[Bools, Floats, Floats]:
        aspects = heads.aspects[:, kind.columns]
        classes = (self.en if number == ENGLISH else self.zh).apply(aspects)
        value = _value(aspects, classes)
        if number == REMARK:
            value = np.broadcast_to((heads.feeling[:, 2] - heads.feeling[:, 0])[:, None], value.shape)
        return classes > 0, value, self.aspect_scale.apply(1 - aspects[..., 0])

    def _codes(self, heads: Heads, kind: Kind, number: int) -> tuple[Bools, Floats, Floats]:
        present = self.code.apply(heads.codes, heads.heads, np.array(self.head_of))
        return present, np.full(present.shape, _COMPLAINT), self.code_scale.apply(heads.codes)

    def _category(self, heads: Heads, kind: Kind, number: int) -> tuple[Bools, Floats, Floats]:
        category = heads.category[:, 1:] / heads.category[:, 1:].sum(1, keepdims=True).clip(1e-6)
        present = category == category.max(1, keepdims=True)
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
    value: Floats = np.where(side == 0, _HARDLY * difference, side * np.maximum(_LEAST, side * difference))
    return value


def blend(one: Heads, other: Heads, share: float) -> Heads:
    """Two models' probabilities averaged by their logits; `share` is the weight of the first, and the second tells the kind."""

    def binary(a: Floats, b: Floats) -> Floats:
        return sigmoid(share * logit(a) + (1 - share) * logit(b))

    def many(a: Floats, b: Floats) -> Floats:
        return softmax(share * np.log(a.clip(1e-6)) + (1 - share) * np.log(b.clip(1e-6)))

    return Heads(
        many(one.aspects, other.aspects),
        binary(one.codes, other.codes),
        binary(one.heads, other.heads),
        many(one.category, other.category),
        many(one.feeling, other.feeling),
        other.kind,
    )
