"""What words say, as numbers beside a model's outputs, and both added up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from codeframe.learned.heads import ENGLISH, Heads
from codeframe.learned.rules import logit, sigmoid, softmax
from codeframe.learned.seam import Floats, Ints


class Words(NamedTuple):
    """For n texts and all outputs (aspects, codes and categories in one row): how sure words are of the output's tags, 0 where they find
    none, and how it felt, -1 to 1."""

    certainty: Floats
    value: Floats


@dataclass(frozen=True, slots=True)
class Fusion:
    """Weights beside a model's logits: of words for an aspect, a code and a category being there, and for a feeling (English has its own),
    and of the vehicle for a category."""

    aspect: float = 0.0
    feeling: float = 0.0
    english_aspect: float = 0.0
    english_feeling: float = 0.0
    code: float = 0.0
    category: float = 0.0
    vehicle: float = 0.0

    def apply(self, heads: Heads, words: Words, head_of: Ints, vehicles: Floats | None = None) -> Heads:
        """The model's probabilities after words have been heard, and what the vehicles speak for: logits (n, classes)."""
        a, c = heads.aspects.shape[1], heads.codes.shape[1]
        sure, value = words.certainty, words.value[:, :a]
        english = (heads.kind.argmax(1) == ENGLISH)[:, None]
        aspect, feeling = (
            np.where(english, self.english_aspect, self.aspect),
            np.where(english, self.english_feeling, self.feeling)[..., None],
        )
        present = sigmoid(logit(1 - heads.aspects[..., 0]) + aspect * sure[:, :a])[..., None]
        pull = feeling * np.stack([np.maximum(-value, 0), np.zeros_like(value), np.maximum(value, 0)], -1)
        polarity = softmax(np.log(heads.aspects[..., 1:].clip(1e-6)) + pull)
        by_head = np.zeros_like(heads.heads)
        np.maximum.at(by_head.T, head_of, sure[:, a : a + c].T)
        category = np.log(heads.category.clip(1e-6))
        category[:, 1:] += self.category * sure[:, a + c :]
        if vehicles is not None:
            category[:, 1:] += self.vehicle * vehicles
        return heads._replace(
            aspects=np.concatenate([1 - present, present * polarity], -1),
            codes=sigmoid(logit(heads.codes) + self.code * sure[:, a : a + c]),
            heads=sigmoid(logit(heads.heads) + self.code * by_head),
            category=softmax(category),
        )


NO_WORDS = Fusion()
