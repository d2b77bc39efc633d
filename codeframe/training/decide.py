"""From probabilities to labels: thresholds and biases, chosen on held-out texts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from codeframe.learned import Floats
from codeframe.training.metrics import Bools, Ints, aspect_scores, code_scores


@dataclass(frozen=True, slots=True)
class AspectRule:
    """An aspect is present from `threshold` on; the likeliest of a text already from `floor` on. `neutral` is added to the logit
    of neutral before the polarity is chosen."""

    threshold: float
    floor: float
    neutral: float

    def apply(self, probability: Floats) -> Ints:
        """(n, aspects, 4) probabilities -> (n, aspects) classes."""
        present = 1 - probability[..., 0]
        keep = present >= self.threshold
        best = present.argmax(1)
        keep[np.arange(len(best)), best] |= present.max(1) >= self.floor
        polar = np.log(np.clip(probability[..., 1:], 1e-9, 1)) + np.array([0, self.neutral, 0], np.float32)
        return np.where(keep, polar.argmax(-1) + 1, 0)


def choose_aspect_rule(probability: Floats, true: Ints, polar_share: float = 0.5) -> tuple[AspectRule, dict[str, float]]:
    """The rule with the best triple F1 plus `polar_share` x polar F1."""
    best: tuple[float, AspectRule, dict[str, float]] | None = None
    for threshold in np.arange(0.25, 0.65, 0.05):
        for floor in (0.15, 0.25, 0.35):
            for neutral in np.arange(-1.2, 0.61, 0.15):
                rule = AspectRule(float(threshold), min(floor, float(threshold)), float(neutral))
                scores = aspect_scores(true, rule.apply(probability))
                value = scores["triple_f1"] + polar_share * scores["polar_f1"]
                if best is None or value > best[0]:
                    best = (value, rule, scores)
    assert best is not None  # noqa: S101
    return best[1], best[2]


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
        rows = np.arange(len(codes))
        for head in range(heads.shape[1]):
            columns = np.flatnonzero(head_of == head)
            add = (heads[:, head] >= self.head) & ~keep[:, columns].any(1)
            best = columns[codes[:, columns].argmax(1)]
            keep[rows[add], best[add]] = True
        best = codes.argmax(1)
        keep[rows, best] |= codes.max(1) >= self.floor
        return keep


def choose_code_rule(codes: Floats, heads: Floats, head_of: Ints, true: NDArray[np.bool_]) -> tuple[CodeRule, dict[str, float]]:
    """The rule with the best sum of code F1 and head F1."""
    best: tuple[float, CodeRule, dict[str, float]] | None = None
    for threshold in (0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5):
        for head in (0.3, 0.4, 0.5, 0.6, 0.7, 2.0):
            for floor in (0.05, 0.1, 0.2, 0.3):
                rule = CodeRule(threshold, head, min(floor, threshold))
                scores = code_scores(true, rule.apply(codes, heads, head_of), head_of)
                if best is None or sum(scores.values()) > best[0]:
                    best = (sum(scores.values()), rule, scores)
    assert best is not None  # noqa: S101
    return best[1], best[2]
