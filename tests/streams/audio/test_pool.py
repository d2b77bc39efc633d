"""The pool: what an engine can do to its process costs one recording."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import time
from collections.abc import Iterator

import pytest

from streams.audio.pool import HearingPool
from streams.errors import AudioError


@pytest.fixture
def pool() -> Iterator[HearingPool]:
    made = HearingPool(2, 3.0)
    yield made
    made.close()


async def test_a_process_that_ends_costs_its_recording_and_the_others_go_on(pool: HearingPool) -> None:
    crash = asyncio.create_task(pool.run(os._exit, 255))
    assert await asyncio.gather(*(pool.run(divmod, number, 3) for number in range(8))) == [divmod(number, 3) for number in range(8)]
    with pytest.raises(AudioError, match="ended its process over it, exit code 255"):
        await crash
    assert await pool.run(divmod, 9, 3) == (3, 0)


async def test_what_hangs_is_ended(pool: HearingPool) -> None:
    with pytest.raises(AudioError, match="longer than 3 s"):
        await pool.run(time.sleep, 600)
    assert await pool.run(divmod, 9, 3) == (3, 0)


async def test_errors_arrive_as_they_were_raised(pool: HearingPool) -> None:
    with pytest.raises(ZeroDivisionError):
        await pool.run(divmod, 1, 0)


async def test_the_end_of_a_process_that_had_nothing_to_do_costs_nothing(pool: HearingPool) -> None:
    await pool.run(divmod, 1, 3)
    for process in multiprocessing.active_children():
        process.kill()
    await asyncio.sleep(0.5)
    assert await asyncio.gather(*(pool.run(divmod, number, 3) for number in range(4))) == [divmod(number, 3) for number in range(4)]
