"""Rules and calibration, chosen on held-out texts."""

from __future__ import annotations

import numpy as np

from codeframe.learned.rules import AspectRule, CodeRule, Scale, logit
from codeframe.learned.seam import Bools, Floats, Ints
from codeframe.training.metrics import aspect_scores, code_scores


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


def choose_code_rule(codes: Floats, heads: Floats, head_of: Ints, true: Bools) -> tuple[CodeRule, dict[str, float]]:
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


def fit_scale(probability: Floats, true: Bools, steps: int = 50) -> Scale:
    """Platt scaling by Newton's method on the log loss."""
    x = np.stack([logit(probability).ravel().astype(np.float64), np.ones(probability.size)], 1)
    y, beta = true.ravel().astype(np.float64), np.array([1.0, 0.0])
    for _ in range(steps):
        p = 1 / (1 + np.exp(-np.clip(x @ beta, -30, 30)))
        hessian = (x * (p * (1 - p))[:, None]).T @ x + 1e-3 * np.eye(2)
        beta -= np.linalg.solve(hessian, x.T @ (p - y) + 1e-3 * (beta - (1, 0)))
    return Scale(float(beta[0]), float(beta[1]))


def reliability(probability: Floats, true: Bools, bins: int = 10) -> list[tuple[float, float, int]]:
    """For each tenth of [0, 1] that has cases: the mean probability, the share that was true, the number of cases."""
    place = np.minimum((probability.ravel() * bins).astype(int), bins - 1)
    rows = [(probability.ravel()[place == k], true.ravel()[place == k]) for k in range(bins)]
    return [(float(p.mean()), float(t.mean()), len(p)) for p, t in rows if len(p)]
