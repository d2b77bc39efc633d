"""The simulated worlds: the same for a seed, and unkind enough that no answer is always right."""

from __future__ import annotations

import pytest

from benchmarks.worlds import __main__ as worlds
from benchmarks.worlds import analytics, causes, scores
from codeframe.causes.graph import Graph

SIZE = 3_000


def test_a_world_is_the_same_for_its_seed_and_another_for_another() -> None:
    assert causes.make(1, 50) == causes.make(1, 50)
    assert causes.make(1, 50) != causes.make(2, 50)


def test_the_best_answer_of_a_world_beats_any_single_cause_and_is_not_perfect() -> None:
    customers = causes.make(3, SIZE)
    best = sum(one.best == one.cause for one in customers) / SIZE
    assert 0.6 < best < 0.9
    assert len({one.cause for one in customers}) > 30


def test_planted_causes_and_tags_are_the_graphs() -> None:
    graph = Graph.load("auto")
    for one in causes.make(4, 500):
        assert one.symptom in graph.frame.by_id
        assert set(one.tags) <= graph.frame.by_id.keys()
        assert one.cause == causes.OUTSIDE or one.cause in {graph.causes[c.cause].id for c in graph.candidates[one.symptom]}


def test_planted_effects_are_inside_their_intervals() -> None:
    inside = analytics._coverage(scores.make(5, 20_000, drift=False))
    assert sum(inside) / len(inside) > 0.85


@pytest.mark.slow
def test_every_figure_of_a_world_meets_its_target(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setattr(worlds, "OUT", tmp_path / "worlds.json")  # type: ignore[operator]
    monkeypatch.setenv("SEED", "11")
    assert worlds.main() == 0
