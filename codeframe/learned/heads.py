"""The outputs that every trained tier has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from codeframe.learned.rules import logit, sigmoid, softmax
from codeframe.learned.seam import Floats, Ints

REVIEW, TITLE, STORY, REMARK, ENGLISH = range(5)
"""Kinds of text: a Chinese review, a complaint's title, a complaint in full, a remark about a product, an English review."""

KINDS = 5
NEUTRAL = 2
"""The class of a neutral aspect; 0 is absent, 1 negative, 3 positive."""


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
    """How people label a kind of text. `codes` are the crosswalk's; `columns` say which outputs they are, of
    aspects, codes and categories in one row."""

    crosswalk: str
    judged: bool
    family: str
    codes: tuple[str, ...]
    columns: tuple[int, ...]


def with_aspects(heads: Heads, rows: Ints, aspects: Floats, share: float) -> Heads:
    """`heads` with another model's word on the first aspects of the texts at `rows`, averaged by logits; `share` is its weight."""
    own = heads.aspects.copy()
    known = own[rows, : aspects.shape[1]]
    own[rows, : aspects.shape[1]] = softmax((1 - share) * np.log(known.clip(1e-6)) + share * np.log(aspects.clip(1e-6)))
    return heads._replace(aspects=own)


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
