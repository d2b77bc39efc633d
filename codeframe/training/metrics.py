"""Scores of predicted labels against given ones, each as its set's literature has it."""

from __future__ import annotations

import numpy as np

from codeframe.learned.seam import Bools, Ints


def f1(true: Bools, predicted: Bools) -> float:
    """Micro F1 of two boolean arrays of one shape."""
    both, total = int((true & predicted).sum()), int(true.sum()) + int(predicted.sum())
    return 2 * both / total if total else 0.0


def aspect_scores(true: Ints, predicted: Ints) -> dict[str, float]:
    """Of (n, aspects) classes, 0 absent, 1 negative, 2 neutral, 3 positive: micro F1 of (text, aspect, polarity), of those that are
    negative or positive, and of (text, aspect); accuracy of polarity where the aspect was found."""
    polar = lambda classes: (classes == 1) | (classes == 3)  # noqa: E731, PLR2004
    hit = (true == predicted) & (true > 0)
    found = (true > 0) & (predicted > 0)
    both_polar = (hit & polar(true)).sum()
    return {
        "triple_f1": float(2 * hit.sum() / max(1, (true > 0).sum() + (predicted > 0).sum())),
        "polar_f1": float(2 * both_polar / max(1, polar(true).sum() + polar(predicted).sum())),
        "subject_f1": f1(true > 0, predicted > 0),
        "polarity_accuracy": float(hit.sum() / max(1, found.sum())),
    }


def code_scores(true: Bools, predicted: Bools, head_of: Ints) -> dict[str, float]:
    """Micro F1 of (n, codes) labels, and of the heads that they belong to."""
    heads = np.eye(int(head_of.max()) + 1, dtype=bool)[head_of]
    return {"code_f1": f1(true, predicted), "head_f1": f1(true @ heads, predicted @ heads)}
