"""Who speaks when: on a real call, in noise, in silence, and live as from the file."""

from __future__ import annotations

import numpy as np
import pytest

from streams.audio.decode import RATE, Samples
from streams.audio.segments import Segment, Segmenter
from tests.streams.audio.speech import TRUTH, samples

EDGE_MS = 300


def segments(audio: Samples, piece: int = RATE) -> list[Segment]:
    segmenter = Segmenter(len(audio))
    found = [one for at in range(0, audio.shape[1], piece) for one in segmenter.feed(audio[:, at : at + piece])]
    return sorted([*found, *segmenter.finish()], key=lambda one: (one.start_ms, one.channel))


def test_every_turn_is_found_on_its_channel_with_its_edges() -> None:
    found = segments(samples())
    for said in TRUTH:
        over = [one for one in found if one.channel == said.channel and one.start_ms < said.end_ms and one.end_ms > said.start_ms]
        assert over, said.text
        assert abs(over[0].start_ms - said.start_ms) <= EDGE_MS
        assert abs(over[-1].end_ms - said.end_ms) <= EDGE_MS


def test_pieces_of_any_size_give_the_same_segments() -> None:
    audio = samples()
    whole, small = segments(audio), segments(audio, 777)
    assert [(one.channel, one.start_ms, one.end_ms) for one in whole] == [(one.channel, one.start_ms, one.end_ms) for one in small]
    assert all(np.array_equal(one.samples[: RATE // 5], other.samples[: RATE // 5]) for one, other in zip(whole, small, strict=True))


def test_what_leaks_from_the_other_side_is_nobodys_turn() -> None:
    agent = samples()[0]
    leak = (agent.astype(np.float32) * 0.05).astype(np.int16)
    assert {one.channel for one in segments(np.stack([agent, leak]))} == {0}


def test_silence_is_nobodys_turn() -> None:
    assert segments(np.zeros((2, 20 * RATE), np.int16)) == []


def test_a_long_speech_is_cut_before_fifteen_seconds_are_over() -> None:
    talk = samples()[0, TRUTH[0].start_ms * 16 : TRUTH[0].end_ms * 16]
    found = segments(np.tile(talk, 30)[None, : 40 * RATE])
    assert len(found) >= 2
    assert max(one.end_ms - one.start_ms for one in found) <= 15_000
    assert sum(one.end_ms - one.start_ms for one in found) > 30_000


@pytest.mark.parametrize("minutes", [1, 10])
def test_memory_does_not_grow_with_the_call(minutes: int) -> None:
    segmenter, audio = Segmenter(2), samples()
    for _ in range(minutes * 60 * RATE // audio.shape[1]):
        list(segmenter.feed(audio))
    assert segmenter._kept.nbytes < 8 << 20
