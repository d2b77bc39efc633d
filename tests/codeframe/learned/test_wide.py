"""The linear models beside the fast tier's net."""

from __future__ import annotations

import numpy as np
import pytest

from codeframe.learned.heads import ENGLISH, REVIEW, STORY, TITLE, Heads
from codeframe.learned.ngrams import BUCKETS, extract
from codeframe.learned.vehicle import VEHICLES
from codeframe.learned.wide import WIDE, Wide, narrowed

CODES, SUBJECTS = 3, 2


def bucket(gram: str) -> int:
    """The narrow bucket of a single character."""
    return int(extract([gram]).buckets[0]) * WIDE // BUCKETS


@pytest.fixture
def wide() -> Wide:
    """发 speaks for the first subject, 抖 for the last code and for a title, 喂 for talk."""
    aspects = np.zeros((WIDE, 4 * SUBJECTS), np.int8)
    aspects[bucket("发"), 0] = 100
    talk = np.zeros((WIDE, 1), np.int8)
    talk[bucket("喂")] = 100
    kinds = np.zeros((WIDE, ENGLISH), np.int8)
    kinds[bucket("抖"), TITLE] = 100
    starts = np.zeros(WIDE + 1, np.int32)
    starts[bucket("抖") + 1 :] = 1
    return Wide(
        {
            "aspects": aspects,
            "aspects_scale": np.full(4 * SUBJECTS, 0.1, np.float16),
            "aspects_bias": np.zeros(4 * SUBJECTS, np.float32),
            "kinds": kinds,
            "kinds_scale": np.full(ENGLISH, 0.1, np.float16),
            "kinds_bias": np.zeros(ENGLISH, np.float32),
            "talk": talk,
            "talk_scale": np.full(1, 0.1, np.float16),
            "talk_bias": np.full(1, -2.0, np.float32),
            "vehicles": np.zeros((VEHICLES, 3), np.int8),
            "vehicles_scale": np.ones(3, np.float16),
            "starts": starts,
            "columns": np.array([2], np.int16),
            "values": np.array([50], np.int8),
            "codes_scale": np.full(CODES, 0.1, np.float16),
            "codes_bias": np.full(CODES, -1.0, np.float32),
        }
    )


def heads(kinds: list[int]) -> Heads:
    n = len(kinds)
    even = np.full((n, SUBJECTS, 4), 0.25, np.float32)
    return Heads(even, np.full((n, CODES), 0.5), np.zeros((n, 1)), np.zeros((n, 20)), np.zeros((n, 3)), np.eye(5, dtype=np.float32)[kinds])


def test_each_kind_of_text_has_its_own_model(wide: Wide) -> None:
    bags = extract(["发动机很好", "发抖", "发抖"])
    before = heads([REVIEW, TITLE, STORY])
    after = wide.join(before, bags)
    assert after.aspects[0, 0, 0] < 0.25 < after.aspects[0, 1, 0] + 0.5
    assert (after.aspects[1:] == before.aspects[1:]).all()
    assert after.codes[1].argmax() == CODES - 1
    assert (after.codes[[0, 2]] == before.codes[[0, 2]]).all()


def test_a_weight_counts_by_the_root_of_the_number_of_ngrams(wide: Wide) -> None:
    bags = narrowed(extract(["抖", "发抖"]), np.arange(2))
    sizes = np.diff(bags.starts)
    assert wide.codes(bags)[:, 2] == pytest.approx(5 / np.sqrt(sizes) - 1, abs=0.01)


def test_texts_are_picked_from_a_batch(wide: Wide) -> None:
    bags = extract(["发动机。很好", "", "抖动，异响"])
    picked = narrowed(bags, np.array([1, 2]))
    inside = np.diff(bags.starts)[bags.text_of == 2].sum()
    assert np.diff(picked.starts).tolist() == [0, int(inside)]


def test_talk_is_told_from_posts(wide: Wide) -> None:
    spoken, posted, empty = wide.way(heads([REVIEW] * 3).kind, extract(["喂", "动力", ""]))[1]
    assert spoken > 0.9
    assert posted == empty < 0.5


def test_the_kind_is_told_by_net_and_linear_model_together(wide: Wide) -> None:
    unsure = np.full((2, 5), 0.2, np.float32)
    kind, _ = wide.way(unsure, extract(["抖", "动力"]))
    assert kind[0].argmax() == TITLE
    assert kind[0, TITLE] > 0.9
    assert kind[1, :ENGLISH] == pytest.approx(np.full(ENGLISH, 0.25))
    assert kind[:, ENGLISH] == pytest.approx(0.2)
