"""What a step takes at once, and how far it reads ahead."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
from aiokafka import ConsumerRecord

from streams.rounds import Rounds
from streams.transport import Batch


def batch(size: int) -> Batch:
    record = ConsumerRecord("t", 0, 0, 0, 0, None, b"", None, 0, 0, ())
    return Batch([record] * size, None)


def size_of(one: Batch) -> int:
    return len(one.records)


async def given(sizes: Sequence[int], read: list[int], *, then_wait: bool = False) -> AsyncIterator[Batch]:
    for size in sizes:
        read.append(size)
        yield batch(size)
    if then_wait:
        await asyncio.Event().wait()


async def rounds_of(sizes: Sequence[int], most: int, *, alone: bool = False) -> list[list[int]]:
    async with Rounds(given(sizes, []), size_of, most, alone=alone) as rounds:
        await asyncio.sleep(0)  # the reader is ahead now
        found = []
        while taken := await rounds.take():
            found.append(taken)
        return found


async def test_what_waits_is_one_round_up_to_its_size() -> None:
    assert await rounds_of([1, 2, 3, 4], most=6) == [[1, 2, 3], [4]]
    assert await rounds_of([9, 1, 2], most=6) == [[9], [1, 2]]
    assert await rounds_of([1, 2], most=6, alone=True) == [[1], [2]]
    assert await rounds_of([], most=6) == []


async def test_reading_stops_while_enough_waits() -> None:
    read: list[int] = []
    async with Rounds(given([5] * 10, read), size_of, 5) as rounds:
        await asyncio.sleep(0.01)
        assert len(read) == 2
        assert await rounds.take() == [5]
        await asyncio.sleep(0.01)
        assert len(read) == 3


async def test_what_goes_wrong_while_reading_or_beside_it_is_raised() -> None:
    def refuse(_: Batch) -> int:
        raise ValueError("cannot be decoded")

    async with Rounds(given([1], []), refuse, 5) as rounds:
        with pytest.raises(ValueError, match="cannot be decoded"):
            await rounds.take()
    async with Rounds(given([], [], then_wait=True), size_of, 5) as rounds:
        asyncio.get_running_loop().call_later(0.01, rounds.fail, ConnectionError("not delivered"))
        with pytest.raises(ConnectionError, match="not delivered"):
            await rounds.take()
