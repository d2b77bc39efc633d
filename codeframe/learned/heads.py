"""The outputs that every trained tier has, and how they become predictions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np

from codeframe.learned.rules import AspectRule, CodeRule, Scale, logit
from codeframe.learned.seam import Floats, Ints, Prediction, Seen

REVIEW, TITLE, STORY, REMARK, ENGLISH = range(5)
"""Kinds of text: a Chinese review, a complaint's title, a complaint in full, a remark about a product, an English review."""

KINDS = 5
_SURE = 0.6
_WEAK = 0.1


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
    """Rules and calibration, as chosen on held-out texts."""

    version: str
    kinds: tuple[Kind, ...]
    head_of: tuple[int, ...]
    zh: AspectRule
    en: AspectRule
    code: CodeRule
    aspect_scale: Scale
    code_scale: Scale
    category_scale: Scale

    @cached_property
    def crosswalks(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(kind.crosswalk for kind in self.kinds))

    def decide(self, heads: Heads, places: Sequence[Sequence[tuple[int, int]]], best: Ints) -> list[Prediction]:
        """Predictions for n texts. `places` are the stretches of each text's clauses; `best` (n, outputs) the clause that speaks most for
        each output, the outputs being aspects, codes and categories in one row."""
        kinds, sure = heads.kind.argmax(1), heads.kind.max(1) >= _SURE
        out: list[Prediction | None] = [None] * len(kinds)
        for number, kind in enumerate(self.kinds):
            rows = np.flatnonzero(kinds == number)
            if not len(rows):
                continue
            offset = {"aspects": 0, "codes": heads.aspects.shape[1], "category": heads.aspects.shape[1] + heads.codes.shape[1]}[kind.family]
            chosen = Heads(*(array[rows] for array in heads))
            present, value, presence = getattr(self, f"_{kind.family}")(chosen, kind, number == ENGLISH)
            for at, row in enumerate(rows):
                seen = tuple(
                    Seen(kind.codes[k], float(value[at, k]), *places[row][best[row, offset + kind.columns[k]]])
                    for k in np.flatnonzero(present[at])
                )
                known = dict(zip(kind.codes, presence[at].tolist(), strict=True))
                out[row] = Prediction(kind.crosswalk, kind.judged and bool(sure[row]), seen, known)
        return [prediction for prediction in out if prediction is not None]

    def _aspects(self, heads: Heads, kind: Kind, english: bool) -> tuple[Floats, Floats, Floats]:
        rule = self.en if english else self.zh
        aspects = heads.aspects[:, kind.columns]
        classes = rule.apply(aspects)
        return classes > 0, np.where(classes == 2, _WEAK, 1) * _value(aspects, classes), self.aspect_scale.apply(1 - aspects[..., 0])  # type: ignore[return-value] # noqa: PLR2004

    def _codes(self, heads: Heads, kind: Kind, _: bool) -> tuple[Floats, Floats, Floats]:
        present = self.code.apply(heads.codes, heads.heads, np.array(self.head_of))
        return present, np.full(present.shape, -0.7), self.code_scale.apply(heads.codes)  # type: ignore[return-value]

    def _category(self, heads: Heads, kind: Kind, _: bool) -> tuple[Floats, Floats, Floats]:
        category = heads.category[:, 1:] / heads.category[:, 1:].sum(1, keepdims=True).clip(1e-6)
        present = category == category.max(1, keepdims=True)
        return present, np.full(present.shape, -0.7), self.category_scale.apply(category)  # type: ignore[return-value]

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), ensure_ascii=False) + "\n", "utf-8")

    @classmethod
    def load(cls, path: Path) -> Self:
        raw = json.loads(path.read_text("utf-8"))
        kinds = tuple(Kind(**{**kind, "codes": tuple(kind["codes"]), "columns": tuple(kind["columns"])}) for kind in raw["kinds"])
        scales = {name: Scale(**raw[name]) for name in ("aspect_scale", "code_scale", "category_scale")}
        rules = {"zh": AspectRule(**raw["zh"]), "en": AspectRule(**raw["en"]), "code": CodeRule(**raw["code"])}
        return cls(raw["version"], kinds, tuple(raw["head_of"]), **rules, **scales)


def _value(aspects: Floats, classes: Ints) -> Floats:
    """Positive less negative; where one of them was chosen, at least 0.15 to its side."""
    polarity = aspects[..., 1:] / aspects[..., 1:].sum(-1, keepdims=True).clip(1e-6)
    difference = polarity[..., 2] - polarity[..., 0]
    side = np.where(classes == 1, -1.0, 1.0)
    return np.where(classes == 2, difference, side * np.maximum(0.15, side * difference))  # type: ignore[return-value] # noqa: PLR2004


def blend(one: Heads, other: Heads, share: float) -> Heads:
    """Two models' probabilities averaged by their logits; `share` is the weight of the first, and the second tells the kind."""

    def binary(a: Floats, b: Floats) -> Floats:
        return 1 / (1 + np.exp(-(share * logit(a) + (1 - share) * logit(b))))  # type: ignore[no-any-return]

    def many(a: Floats, b: Floats) -> Floats:
        mixed = np.exp(share * np.log(a.clip(1e-6)) + (1 - share) * np.log(b.clip(1e-6)))
        return (mixed / mixed.sum(-1, keepdims=True)).astype(np.float32)  # type: ignore[no-any-return]

    aspects, category, feeling = (many(a, b) for a, b in ((one.aspects, other.aspects), (one.category, other.category), (one.feeling, other.feeling)))
    return Heads(aspects, binary(one.codes, other.codes), binary(one.heads, other.heads), category, feeling, other.kind)
