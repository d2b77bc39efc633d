"""Rules and calibration are found where they were planted."""

from __future__ import annotations

import numpy as np
import pytest

from codeframe.learned.rules import Scale, logit, sigmoid
from codeframe.training.decide import choose_aspect_rule, choose_code_rule, fit_scale, reliability
from codeframe.training.metrics import aspect_scores, code_scores, f1


def test_a_planted_miscalibration_is_undone() -> None:
    noise = np.random.default_rng(0)
    true = noise.uniform(0.02, 0.98, 20_000)
    shown = sigmoid((logit(true) + 1) / 2)
    scale = fit_scale(shown, noise.uniform(size=len(true)) < true)
    assert scale.slope == pytest.approx(2, abs=0.1)
    assert scale.offset == pytest.approx(-1, abs=0.1)


def test_probabilities_that_separate_perfectly_do_not_break_the_fit() -> None:
    scale = fit_scale(np.array([0.001, 0.01, 0.99, 0.999]), np.array([False, False, True, True]))
    assert 0 < scale.slope < 100


def test_a_calibrated_curve_lies_on_the_diagonal() -> None:
    noise = np.random.default_rng(1)
    p = noise.uniform(size=50_000)
    for mean, share, _ in reliability(Scale().apply(p), noise.uniform(size=len(p)) < p):
        assert share == pytest.approx(mean, abs=0.03)


def test_scores_by_hand() -> None:
    true, guess = np.array([[1, 2, 0], [3, 0, 0]]), np.array([[1, 3, 0], [3, 2, 0]])
    scores = aspect_scores(true, guess)
    assert scores["triple_f1"] == pytest.approx(2 * 2 / 7)
    assert scores["subject_f1"] == pytest.approx(2 * 3 / 7)
    assert scores["polar_f1"] == pytest.approx(2 * 2 / 5)
    assert scores["polarity_accuracy"] == pytest.approx(2 / 3)
    codes = code_scores(np.array([[True, False, False]]), np.array([[False, True, False]]), np.array([0, 0, 1]))
    assert codes == {"code_f1": 0, "head_f1": 1}
    assert f1(np.zeros((2, 2), bool), np.zeros((2, 2), bool)) == 0


def test_the_rule_that_fits_is_chosen() -> None:
    noise = np.random.default_rng(2)
    true = noise.integers(0, 4, (300, 3)) * (noise.uniform(size=(300, 3)) < 0.5)
    probability = 0.04 + 0.84 * np.eye(4)[true]
    rule, scores = choose_aspect_rule(probability, true)
    assert scores["triple_f1"] > 0.99
    assert 0.12 < rule.threshold <= 0.88
    codes = np.where(true > 0, 0.4, 0.1)
    _, found = choose_code_rule(codes, np.zeros((300, 2)), np.array([0, 0, 1]), true > 0)
    assert found["code_f1"] > 0.95
