"""The tests behind the rules, against sums that can be written out."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeframe.rules.statistics import incomplete_beta, surge_probability, trend_probability


@given(st.integers(1, 60), st.integers(1, 60), st.floats(0.01, 0.99))
def test_the_incomplete_beta_function_is_a_binomial_tail(a: int, b: int, x: float) -> None:
    n = a + b - 1
    tail = sum(comb(n, k) * x**k * (1 - x) ** (n - k) for k in range(a, n + 1))
    assert incomplete_beta(a, b, x) == pytest.approx(tail, rel=1e-8, abs=1e-12)


def test_a_quiet_baseline_makes_a_surge_unlikely_and_a_loud_one_does_not() -> None:
    assert surge_probability(12, 1, [1, 0, 2, 1, 1, 0, 1], [1] * 7) < 1e-5
    assert surge_probability(12, 1, [11, 9, 12, 10, 13, 9, 11], [1] * 7) > 0.2


def test_a_share_is_judged_by_what_it_is_out_of() -> None:
    before, out_of = [10.0] * 10, [1000.0] * 10
    assert surge_probability(30, 3000, before, out_of) > 0.4
    assert surge_probability(30, 1000, before, out_of) < 1e-4


def test_false_alarms_come_at_their_rate_even_of_overdispersed_counts() -> None:
    random = np.random.default_rng(7)
    rates = random.gamma(4, 1.5, size=(4000, 29))  # dispersion about 2.5
    counts = random.poisson(rates)
    fired = sum(surge_probability(float(row[-1]), 1, [float(n) for n in row[:-1]], [1.0] * 28) < 0.01 for row in counts)
    assert fired / len(counts) < 0.02


def test_growth_is_a_trend_and_noise_is_none() -> None:
    random = np.random.default_rng(8)
    assert trend_probability([4, 6, 9, 12, 17, 22, 31, 40], [1] * 8) < 1e-6
    noise = random.poisson(20, size=(3000, 8))
    assert sum(trend_probability([float(n) for n in row], [1] * 8) < 0.01 for row in noise) / len(noise) < 0.02


def test_nothing_said_is_no_alarm() -> None:
    assert surge_probability(0, 1, [0] * 28, [1] * 28) == 1.0
    assert trend_probability([0] * 8, [1] * 8) == 1.0
