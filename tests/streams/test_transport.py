"""Progress of a partition: what may be committed, whatever order batches finish in."""

from __future__ import annotations

import random
from itertools import pairwise

from faust.types.tuples import TP
from hypothesis import given
from hypothesis import strategies as st

from streams.transport import Progress

TOPIC = TP("t", 0)


def test_a_hole_stops_the_commit() -> None:
    progress = Progress()
    progress.start(TOPIC, 10)
    progress.done(TOPIC, 20, 30)
    assert progress.next[TOPIC] == 10
    progress.done(TOPIC, 10, 20)
    assert progress.next[TOPIC] == 30


def test_a_batch_before_the_position_changes_nothing() -> None:
    progress = Progress()
    progress.start(TOPIC, 30)
    progress.done(TOPIC, 10, 20)
    assert progress.next[TOPIC] == 30


def test_a_revoked_partition_is_forgotten() -> None:
    progress = Progress()
    progress.start(TOPIC, 0)
    progress.drop([TOPIC])
    progress.done(TOPIC, 0, 5)
    assert TOPIC not in progress.next


@given(st.lists(st.integers(1, 9), min_size=1, max_size=30), st.integers(0, 2**32), st.data())
def test_never_past_an_unfinished_batch(sizes: list[int], seed: int, data: st.DataObject) -> None:
    bounds = [0]
    for size in sizes:
        bounds.append(bounds[-1] + size)
    batches = list(pairwise(bounds))
    finished = random.Random(seed).sample(batches, data.draw(st.integers(0, len(batches))))
    progress = Progress()
    progress.start(TOPIC, 0)
    for begin, end in finished:
        progress.done(TOPIC, begin, end)
    expected = next((begin for begin, end in batches if (begin, end) not in finished), bounds[-1])
    assert progress.next[TOPIC] == expected
