"""What the recogniser is trained and measured on: a side of a call comes back as itself. Needs soxr."""

from __future__ import annotations

import numpy as np
import pytest

from tests.streams.audio.speech import samples

pytest.importorskip("soxr")
pytest.importorskip("pypinyin")

from streams.audio.training.features import CONDITIONS, Samples, coded, vary


def _call() -> tuple[Samples, Samples]:
    agent, customer = samples()[:, 8_000:168_000].astype(np.float32) / 32_768
    return agent, customer


def _alike(one: Samples, other: Samples) -> float:
    count = min(len(one), len(other))
    return float(np.corrcoef(one[:count], other[:count])[0, 1])


@pytest.mark.parametrize("rate", [8_000, 16_000])
def test_a_side_of_a_stereo_call_comes_back_as_itself(rate: int) -> None:
    agent, customer = _call()
    left = coded(agent, "libmp3lame", rate, 32_000, customer)
    assert _alike(left, agent) > 0.9
    assert abs(_alike(left, customer)) < 0.1


@pytest.mark.parametrize("condition", CONDITIONS)
def test_every_condition_keeps_what_is_said_in_its_place(condition: str) -> None:
    agent, _ = _call()
    assert _alike(CONDITIONS[condition](agent), agent) > 0.75


def test_variations_differ_and_the_same_chance_gives_the_same() -> None:
    agent, customer = _call()
    first, again, second = (vary(agent, np.random.default_rng(seed), customer) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first[: len(second)], second[: len(first)])
