"""The analyses find what is planted, and nothing where nothing is."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeframe.analytics.answers import Answers
from codeframe.analytics.comparison import compare
from codeframe.analytics.contrast import contrasts, layer
from codeframe.analytics.decomposition import Item, decompose
from codeframe.analytics.drift import drifts
from codeframe.analytics.nps import from_counts, is_concrete, is_empty_praise, nps
from codeframe.analytics.priority import Subject, prioritise
from codeframe.analytics.solicited import Answer, flags
from schemas.coded import NeedLayer

PENALTY = {"must": 2.0, "wow": 0.1, "perf": 1.0}
REWARD = {"must": 0.1, "wow": 1.5, "perf": 0.9}


def planted(size: int, seed: int, drift_from: int | None = None) -> Answers:
    """Answers over 12 months; from a month on, `wow` is a must-be."""
    random = np.random.default_rng(seed)
    rows = []
    for _ in range(size):
        month = int(random.integers(12))
        bad = [tag for tag in PENALTY if random.random() < 0.15]
        good = [tag for tag in PENALTY if tag not in bad and random.random() < 0.15]
        late = drift_from is not None and month >= drift_from
        mean = 6.0 - sum(PENALTY["must" if late and tag == "wow" else tag] for tag in bad)
        mean += sum(REWARD["must" if late and tag == "wow" else tag] for tag in good)
        rows.append((int(random.binomial(10, min(max(mean, 0), 10) / 10)), month, bad, good))
    return Answers.of(rows)


def test_contrasts_hold_the_planted_effects_and_name_the_layers() -> None:
    found = {one.tag: one for one in contrasts(planted(12_000, seed=1))}
    for tag, one in found.items():
        assert abs(one.penalty - PENALTY[tag]) < 3 * one.penalty_error < 0.3
        assert abs(one.reward - REWARD[tag]) < 3 * one.reward_error < 0.3
    layers = {tag: layer(one, NeedLayer.PERFORMANCE) for tag, one in found.items()}
    assert layers == {"must": NeedLayer.MUST_BE, "wow": NeedLayer.ATTRACTIVE, "perf": NeedLayer.PERFORMANCE}


def test_too_few_mentions_leave_the_experts_layer() -> None:
    answers = Answers.of([(5, 0, ["rare"] if number < 5 else [], ["rare"] if number > 195 else []) for number in range(200)])
    assert contrasts(answers) == []
    [one] = contrasts(answers, min_mentions=4)
    assert layer(one._replace(penalty=math.nan), NeedLayer.ATTRACTIVE) is NeedLayer.ATTRACTIVE


def test_drift_is_found_in_its_month_and_nowhere_else() -> None:
    [drift] = drifts(planted(12_000, seed=2, drift_from=7), {})
    assert (drift.tag, drift.month, drift.migrates) == ("wow", 7, True)
    assert (drift.layer_before, drift.layer_after) == (NeedLayer.ATTRACTIVE, NeedLayer.MUST_BE)
    assert drifts(planted(12_000, seed=3), {}) == []


GROUPS = st.lists(st.sampled_from("abcd"), unique=True, max_size=3)
ITEMS = st.lists(st.tuples(st.sampled_from([-100.0, 0.0, 100.0]), GROUPS), min_size=1, max_size=40)


@given(ITEMS, ITEMS)
def test_parts_of_a_change_add_up_whatever_the_answers(before: Sequence[Item], after: Sequence[Item]) -> None:
    found = decompose(before, after)
    assert found.change == pytest.approx(sum(one.total for one in found.parts), abs=1e-9)
    assert abs(found.residual) < 1e-9


def test_change_is_put_down_to_the_group_that_changed() -> None:
    same = [(100.0, ["a"]), (-100.0, ["b"])] * 10
    worse = [(0.0, ["a"]), (-100.0, ["b"])] * 10
    first, second = decompose(same, worse).parts
    assert (first.group, first.level, first.mix) == ("a", -50.0, 0.0)
    assert second.total == 0.0
    with pytest.raises(ValueError, match="no answers"):
        decompose(same, [])


def test_interval_of_the_score_covers_the_truth() -> None:
    random = np.random.default_rng(4)
    scores = random.choice([10, 8, 3], p=[0.5, 0.3, 0.2], size=(500, 80)).astype(float)
    inside = [one.low <= 30 <= one.high for one in map(nps, scores)]
    assert 0.92 <= np.mean(inside) <= 0.98
    alone = from_counts(1, 1, 0)
    assert alone.low < 100
    assert math.isnan(from_counts(0, 0, 0).value)


@pytest.mark.parametrize("comment", ["好", "很好！", "无", "", "  ", "非常满意。", "none", "Very good!", "没有", "10分"])
def test_answer_that_says_nothing(comment: str) -> None:
    assert not is_concrete(comment) or comment == "10分"


def test_answer_that_says_something() -> None:
    assert is_concrete("交车等了一下午")
    assert is_concrete("the seats are hard")
    assert is_empty_praise("非常满意！")
    assert not is_empty_praise("没有")


BASE = Subject("t", share=0.1, share_before=0.1, penalty=20, brand_promise=False, fixability=0.7)


@pytest.mark.parametrize(
    "more", [{"share": 0.2, "share_before": 0.2}, {"penalty": 30}, {"share_before": 0.08}, {"brand_promise": True}, {"fixability": 1.0}]
)
def test_priority_grows_in_each_factor(more: dict[str, float]) -> None:
    [higher, lower] = prioritise([BASE, BASE._replace(tag="more", **more)])  # type: ignore[arg-type]
    assert (higher.tag, lower.tag) == ("more", "t")
    assert higher.score > lower.score


def test_opportunity_is_what_ending_the_complaints_would_win() -> None:
    [one] = prioritise([BASE])
    assert one.opportunity == pytest.approx(2.0)
    assert prioritise([BASE._replace(penalty=-5)])[0].score == 0


def test_small_groups_are_not_shown_and_chance_does_not_stand_out() -> None:
    random = np.random.default_rng(5)
    scores = {f"D{number}": random.integers(0, 11, 200).astype(float) for number in range(20)}
    scores["bad"] = random.integers(0, 6, 200).astype(float)
    scores["tiny"] = np.array([10.0] * 5)
    found = compare(scores)
    assert found.too_few == 1
    assert [one.group for one in found.groups if one.stands_out] == ["bad"]
    assert found.groups[-1].group == "bad"


def test_dealer_that_asks_for_scores_is_flagged_and_a_good_one_is_not() -> None:
    random = np.random.default_rng(6)
    answers = [Answer(f"D{number % 8}", int(random.integers(3, 11)), f"意见{number}", number * 37) for number in range(800)]
    answers += [Answer("good", 10 if number % 5 else 7, f"讲解很细{number}", number * 41) for number in range(100)]
    answers += [Answer("asks", 10, "非常满意", 5_000 + number) for number in range(100)]
    found = {one.dealer: one for one in flags(answers)}
    assert found["asks"].flagged
    assert set(found["asks"].signals) >= {"top_scores", "empty_praise", "bursts"}
    assert [name for name, one in found.items() if one.flagged] == ["asks"]
