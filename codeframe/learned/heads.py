"""The outputs that every trained tier has, and how they become predictions."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np

from codeframe.learned.rules import AspectRule, CodeRule, Scale, logit
from codeframe.learned.seam import Bools, Floats, Ints, Predictions

REVIEW, TITLE, STORY, REMARK, ENGLISH = range(5)
"""Kinds of text: a Chinese review, a complaint's title, a complaint in full, a remark about a product, an English review."""

KINDS = 5
_SURE = 0.5


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
class Layout:
    """What the outputs are called. `head_of` is the taxonomy head of each code."""

    aspects: tuple[str, ...]
    codes: tuple[str, ...]
    categories: tuple[str, ...]
    head_of: tuple[int, ...]

    @property
    def groups(self) -> tuple[str, ...]:
        return self.aspects + self.codes + self.categories


@dataclass(frozen=True, slots=True)
class Decider:
    """Rules and calibration, as chosen on held-out texts."""

    layout: Layout
    zh: AspectRule
    en: AspectRule
    code: CodeRule
    aspect_scale: Scale
    code_scale: Scale
    category_scale: Scale
    version: str

    def decide(self, heads: Heads) -> Predictions:
        """Calibrated presence, polarity with the rule's bias, and what stands."""
        kind, n = heads.kind.argmax(1), len(heads.kind)
        sure = heads.kind.max(1) >= _SURE
        english = (kind == ENGLISH)[:, None]
        own = np.array([group.startswith("bdci2018/") for group in self.layout.aspects])
        shared = np.array([group not in {"bdci2018/操控", "bdci2018/配置"} for group in self.layout.aspects])
        fits = np.where(english, shared, own)
        masked = heads.aspects.copy()
        masked[~fits] = (1, 0, 0, 0)
        classes = np.where(english, self.en.apply(masked), self.zh.apply(masked))
        reviewed = np.isin(kind, (REVIEW, ENGLISH, REMARK))[:, None]
        titled, told = (kind == TITLE)[:, None], (kind == STORY)[:, None]
        coded = self.code.apply(heads.codes, heads.heads, np.array(self.layout.head_of))
        category = heads.category[:, 1:] / heads.category[:, 1:].sum(1, keepdims=True).clip(1e-6)
        top = np.zeros_like(category, dtype=bool)
        top[np.arange(n), category.argmax(1)] = True
        present = np.concatenate([(classes > 0) & reviewed, coded & titled, top & told], 1)
        judged = np.concatenate([fits & np.isin(kind, (REVIEW, ENGLISH))[:, None], np.broadcast_to(titled, coded.shape), top & False], 1)
        presence = np.concatenate([
            self.aspect_scale.apply(1 - heads.aspects[..., 0]), self.code_scale.apply(heads.codes), self.category_scale.apply(category),
        ], 1)  # fmt: skip
        return Predictions(presence, self._polarity(heads, classes, english), present, judged & sure[:, None])

    def _polarity(self, heads: Heads, classes: Ints, english: Bools) -> Floats:
        """Biased as the rules say, so that the likeliest is the rule's choice; a complaint is negative."""
        rest = len(self.layout.codes) + len(self.layout.categories)
        complaint = np.broadcast_to(np.array([0.9, 0.08, 0.02], np.float32), (len(classes), rest, 3))
        bias = np.where(english, self.en.neutral, self.zh.neutral)[..., None] * np.array([0, 1, 0], np.float32)
        odds = np.exp(np.log(heads.aspects[..., 1:].clip(1e-9)) + bias)
        return np.concatenate([odds / odds.sum(-1, keepdims=True), complaint], 1).astype(np.float32)

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), ensure_ascii=False, indent=1) + "\n", "utf-8")

    @classmethod
    def load(cls, path: Path) -> Self:
        raw = json.loads(path.read_text("utf-8"))
        layout = Layout(**{name: tuple(value) for name, value in raw["layout"].items()})
        scales = {name: Scale(**raw[name]) for name in ("aspect_scale", "code_scale", "category_scale")}
        rules = {"zh": AspectRule(**raw["zh"]), "en": AspectRule(**raw["en"]), "code": CodeRule(**raw["code"])}
        return cls(layout=layout, version=raw["version"], **rules, **scales)


def blend(one: Heads, other: Heads, share: float) -> Heads:
    """Two models' probabilities averaged by their logits; `share` is the weight of the first."""
    binary = lambda a, b: 1 / (1 + np.exp(-(share * logit(a) + (1 - share) * logit(b))))  # noqa: E731

    def many(a: Floats, b: Floats) -> Floats:
        mixed = np.exp(share * np.log(a.clip(1e-6)) + (1 - share) * np.log(b.clip(1e-6)))
        return (mixed / mixed.sum(-1, keepdims=True)).astype(np.float32)  # type: ignore[no-any-return]

    return Heads(
        many(one.aspects, other.aspects), binary(one.codes, other.codes), binary(one.heads, other.heads), many(one.category, other.category),
        many(one.feeling, other.feeling), other.kind,
    )  # fmt: skip
