"""The transcribe step: recordings in, utterances out; what cannot be used becomes a refusal, and the rest goes on."""

from __future__ import annotations

import asyncio
import io
import multiprocessing
import os
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
import numpy as np
import pytest

from agents.transcribe import transcribe
from codeframe.heard.transcript import Writer
from schemas.common import Channel, Speaker
from schemas.dead_letter import Reason
from schemas.ids import raw_event_id
from schemas.raw_voice import AudioReference, RawVoice
from schemas.utterance import Utterance
from streams.settings import Settings
from streams.step import Refusal
from streams.topics import RAW_VOICE, UTTERANCES
from tests.streams.audio.speech import CALL, TRUTH, encoded, samples

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ROLES = (Speaker.AGENT, Speaker.CUSTOMER)
CALL_S = 32
"""Of the test call, a little more."""
SLACK_MS = 300
MEMORY_MB = 150


def recording(name: str, audio: AudioReference, roles: tuple[Speaker, ...] = ROLES) -> RawVoice:
    return RawVoice(
        event_id=raw_event_id("pbx", name),
        source="pbx",
        source_id=name,
        channel=Channel.HOTLINE,
        audio=audio,
        roles=roles,
        conversation_id=name,
        customer_id="C1",
        occurred_at=NOW,
        ingested_at=NOW,
    )


async def test_a_batch_of_recordings_good_and_bad(tmp_path: Path) -> None:
    broken = tmp_path / "broken.wav"
    broken.write_bytes(encoded(samples(), "wav")[:100_000])
    batch = [
        recording("call", AudioReference(uri=CALL.as_uri())),
        recording("broken", AudioReference(uri=broken.as_uri())),
        recording("gone", AudioReference(uri=(tmp_path / "gone.wav").as_uri())),
        recording("inline", AudioReference(inline=encoded(samples()[:, :32_000], "opus"))),
        recording("three", AudioReference(uri=CALL.as_uri()), (*ROLES, Speaker.BOT)),
        recording("again", AudioReference(uri=CALL.as_uri())),
    ]
    assert (transcribe.name, transcribe.reads, transcribe.writes) == ("transcribe", (RAW_VOICE,), (UTTERANCES,))
    async with transcribe.open(Settings(asr_processes=2)) as handle:
        call, *refused, inline, three, again = await handle(batch)
        [once_more] = await handle(batch[:1])
    assert all(isinstance(one, Refusal) and one.reason is Reason.AUDIO for one in (*refused, three))
    assert isinstance(call, list)
    assert isinstance(again, list)
    assert isinstance(inline, list)
    assert isinstance(once_more, list)
    assert [one.utterance_id for one in call] == [one.utterance_id for one in once_more]
    assert [one.text for one in call] == [one.text for one in again] == [one.text for one in once_more]
    assert {one.utterance_id for one in call}.isdisjoint(one.utterance_id for one in again)
    _check_call(call)


def _check_call(utterances: list[Utterance]) -> None:
    assert len(utterances) == len(TRUTH)
    for utterance, said in zip(utterances, TRUTH, strict=True):
        assert utterance.audio is not None
        assert utterance.call is not None
        assert utterance.audio.channel == said.channel
        assert utterance.speaker is ROLES[said.channel]
        assert abs(utterance.audio.start_ms - said.start_ms) <= 300
        assert abs(utterance.audio.end_ms - said.end_ms) <= 300
        assert utterance.occurred_at == NOW + timedelta(milliseconds=utterance.audio.start_ms)
        assert (utterance.audio.engine, len(utterance.audio.model_hash or "")) == ("small", 32)
    call = utterances[0].call
    assert call is not None
    assert call.duration_ms == 32_714
    spoken_s = sum(said.end_ms - said.start_ms for said in TRUTH) / 1000
    assert abs(call.talk_share - spoken_s / 32.714) < 0.08
    assert abs(call.talk_share + call.silence_share - 1) < 0.001
    assert call.agent_share > 0.1 < call.customer_share


async def _crash_twice(after_s: float) -> None:
    """End the process of the engine by SIGSEGV when it has worked so many seconds: to load its models, and half a second more."""
    for _ in range(2):
        while not (  # noqa: ASYNC110 - a process has no event for how long it has worked
            busy := [one.pid for one in multiprocessing.active_children() if _seconds(one.pid) > after_s]
        ):
            await asyncio.sleep(0.01)
        os.kill(busy[0] or 0, signal.SIGSEGV)
        while _seconds(busy[0]):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def _seconds(pid: int | None) -> float:
    """Processor time of a process, 0 where it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("ascii").rsplit(") ", 1)[1].split()
    except OSError:
        return 0.0
    return 0.0 if fields[0] == "Z" else (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.slow
async def test_a_crash_of_the_engine_costs_the_recording_that_it_heard(tmp_path: Path) -> None:
    """Ten minutes take seconds to hear: its process is ended by a segmentation fault twice in the middle."""
    (tmp_path / "long.wav").write_bytes(encoded(np.tile(samples(), 20), "wav"))
    long = recording("long", AudioReference(uri=(tmp_path / "long.wav").as_uri()))
    async with transcribe.open(Settings(asr_processes=1)) as handle:
        [engine] = multiprocessing.active_children()
        crashing = asyncio.create_task(_crash_twice(_seconds(engine.pid) + 0.5))
        [refused] = await handle([long])
        await crashing
        [call] = await handle([recording("call", AudioReference(uri=CALL.as_uri()))])
    assert refused == Refusal(Reason.AUDIO, "audio: the speech engine ended its process over it, exit code -11")
    assert isinstance(call, list)
    _check_call(call)


def _long_call(path: Path, times: int) -> None:
    """The test call again and again as mp3: its frames one after the other, without the header that announces how many they are."""
    with av.open(io.BytesIO(encoded(samples(), "mp3")), "r") as once:
        frames = b"".join(bytes(packet) for packet in once.demux(audio=0))
    with path.open("wb") as file:
        for _ in range(times):
            file.write(frames)


def _most_memory_mb(pid: int | None) -> float:
    """The highest resident memory that a process has had."""
    [line] = [line for line in Path(f"/proc/{pid}/status").read_text("ascii").splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) / 1_024


@pytest.mark.slow
async def test_three_hours_are_heard_whole_in_the_memory_of_five_minutes(tmp_path: Path) -> None:
    memory = []
    async with transcribe.open(Settings(asr_processes=1, audio_max_minutes=200)) as handle:
        [engine] = multiprocessing.active_children()
        for name, times in (("five minutes", 300 // CALL_S), ("three hours", 3 * 3_600 // CALL_S)):
            path = tmp_path / f"{times}.mp3"
            _long_call(path, times)
            [heard] = await handle([recording(name, AudioReference(uri=path.as_uri()))])
            assert isinstance(heard, list), heard
            assert heard[0].call is not None
            length_ms = heard[0].call.duration_ms / times  # of a call and what its last frame is filled up with
            starts = {(one.audio.channel, round(one.audio.start_ms / SLACK_MS)) for one in heard if one.audio}
            missing = [
                (number, said.text)
                for number in range(times)
                for said in TRUTH
                for at in [round((said.start_ms + number * length_ms) / SLACK_MS)]
                if starts.isdisjoint((said.channel, at + off) for off in (-1, 0, 1))
            ]
            assert not missing
            assert len(heard) <= times * len(TRUTH) * 1.05
            memory.append(_most_memory_mb(engine.pid))
        assert [engine] == multiprocessing.active_children()
    assert memory[1] - memory[0] < MEMORY_MB, memory


def test_the_writer_is_loaded_once_a_process() -> None:
    assert Writer.of("auto") is Writer.of("auto")
