"""From probabilities to labels: thresholds, biases and calibration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codeframe.learned.seam import Bools, Floats, Ints


def logit(probability: Floats) -> Floats:
    clipped = np.clip(probability, 1e-6, 1 - 1e-6)
    odds: Floats = np.log(clipped / (1 - clipped))
    return odds


def sigmoid(logits: Floats) -> Floats:
    probability: Floats = 1 / (1 + np.exp(-np.clip(logits, -30, 30)))
    return probability


def softmax(logits: Floats) -> Floats:
    """Over the last axis."""
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    share: Floats = powers / powers.sum(-1, keepdims=True)
    return share


@dataclass(frozen=True, slots=True)
class Scale:
    """Platt scaling: calibrated logit = slope x logit + offset (Platt, 1999)."""

    slope: float = 1.0
    offset: float = 0.0

    def apply(self, probability: Floats) -> Floats:
        return sigmoid(self.slope * logit(probability) + self.offset)


@dataclass(frozen=True, slots=True)
class AspectRule:
    """An aspect is present from `threshold` on; the likeliest of a text already from `floor` on. `neutral` is added to the logit
    of neutral before the polarity is chosen: it trades neutral against negative and positive."""

    threshold: float
    floor: float
    neutral: float

    def apply(self, probability: Floats) -> Ints:
        """(n, aspects, 4) probabilities -> (n, aspects) classes."""
        present = 1 - probability[..., 0]
        keep = present >= self.threshold
        keep[np.arange(len(present)), present.argmax(1)] |= present.max(1) >= self.floor
        polar = np.log(np.clip(probability[..., 1:], 1e-9, 1)) + np.array([0, self.neutral, 0], np.float32)
        return np.where(keep, polar.argmax(-1) + 1, 0)


@dataclass(frozen=True, slots=True)
class CodeRule:
    """A code is present from `threshold` on; where a head is at least `head` likely and none of its codes is, its likeliest code
    is; and the likeliest code of a text from `floor` on."""

    threshold: float
    head: float
    floor: float

    def apply(self, codes: Floats, heads: Floats, head_of: Ints) -> Bools:
        """(n, codes) and (n, heads) probabilities -> (n, codes) labels."""
        keep = codes >= self.threshold
        keep[np.arange(len(codes)), codes.argmax(1)] |= codes.max(1) >= self.floor
        for head in range(heads.shape[1]):
            columns = np.flatnonzero(head_of == head)
            rows = np.flatnonzero((heads[:, head] >= self.head) & ~keep[:, columns].any(1))
            keep[rows, columns[codes[np.ix_(rows, columns)].argmax(1)]] = True
        return keep
