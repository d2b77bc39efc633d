"""Rules and calibration, chosen on held-out texts."""

from __future__ import annotations

import numpy as np

from codeframe.learned.rules import AspectRule, CodeRule, Scale, logit
from codeframe.learned.seam import Bools, Floats, Ints
from codeframe.training.metrics import aspect_scores, code_scores

_TINY = 1e-6


NEUTRALS = tuple(np.arange(-1.2, 0.61, 0.2).tolist())
NO_NEUTRAL = (-9.0,)


def choose_aspect_rule(
    probability: Floats, true: Ints, polar_share: float = 0.2, neutrals: tuple[float, ...] = NEUTRALS
) -> tuple[AspectRule, dict[str, float]]:
    """The rule with the best triple F1 plus `polar_share` x polar F1."""
    best: tuple[float, AspectRule, dict[str, float]] | None = None
    for threshold in (0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6):
        for floor in (0.15, 0.3):
            for neutral in neutrals:
                rule = AspectRule(threshold, min(floor, threshold), neutral)
                scores = aspect_scores(true, rule.apply(probability))
                value = scores["triple_f1"] + polar_share * scores["polar_f1"]
                if best is None or value > best[0]:
                    best = (value, rule, scores)
    assert best is not None  # noqa: S101
    return best[1], best[2]


def choose_code_rule(codes: Floats, heads: Floats, head_of: Ints, true: Bools) -> tuple[CodeRule, dict[str, float]]:
    """The rule with the best sum of code F1 and head F1."""
    best: tuple[float, CodeRule, dict[str, float]] | None = None
    for threshold in (0.25, 0.3, 0.35, 0.4, 0.45, 0.5):
        for head in (0.4, 0.5, 0.6, 0.7, 2.0):
            for floor in (0.1, 0.2, 0.3):
                rule = CodeRule(threshold, head, min(floor, threshold))
                scores = code_scores(true, rule.apply(codes, heads, head_of), head_of)
                if best is None or sum(scores.values()) > best[0]:
                    best = (sum(scores.values()), rule, scores)
    assert best is not None  # noqa: S101
    return best[1], best[2]


def fit_scale(probability: Floats, true: Bools, steps: int = 50) -> Scale:
    """Platt scaling by Newton's method on the log loss, halving steps that would not lower it."""
    x = np.stack([logit(probability).ravel().astype(np.float64), np.ones(probability.size)], 1)
    y, start = true.ravel().astype(np.float64), np.array([1.0, 0.0])

    def loss(beta: Floats) -> float:
        z = x @ beta
        return float((np.logaddexp(0, z) - y * z).sum() + 0.5 * ((beta - start) ** 2).sum())

    beta = start
    for _ in range(steps):
        p = 1 / (1 + np.exp(-np.clip(x @ beta, -30, 30)))
        hessian = (x * (p * (1 - p))[:, None]).T @ x + np.eye(2)
        step = np.linalg.solve(hessian, x.T @ (p - y) + beta - start)
        while loss(beta - step) > loss(beta) and np.abs(step).max() > _TINY:
            step = step / 2
        beta = beta - step
    return Scale(float(beta[0]), float(beta[1]))


def reliability(probability: Floats, true: Bools, bins: int = 10) -> list[tuple[float, float, int]]:
    """For each tenth of [0, 1] that has cases: the mean probability, the share that was true, the number of cases."""
    place = np.minimum((probability.ravel() * bins).astype(int), bins - 1)
    rows = [(probability.ravel()[place == k], true.ravel()[place == k]) for k in range(bins)]
    return [(float(p.mean()), float(t.mean()), len(p)) for p, t in rows if len(p)]
