"""Hear each recording: decode, find who speaks when, recognise, correct by sound, redact.  voc.raw-voice.v1 -> voc.utterances.v1

Delivery: at least once; ids come from the event and the place in time, so a call that is heard again gives the same utterances.
Order: per call.  Bad input: dead letter `audio`, and the next recording.  A store or endpoint away: the step waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from time import perf_counter

from codeframe.heard.transcript import Writer
from schemas.dead_letter import Reason
from schemas.raw_voice import RawVoice
from schemas.utterance import Utterance
from streams import metrics
from streams.audio.call import hear_segments
from streams.audio.hearing import Hearing
from streams.audio.pool import HearingPool, long_work
from streams.audio.segments import Segment
from streams.errors import AudioError, RetryableSinkError, UnavailableError
from streams.retry import keep_trying
from streams.settings import Settings
from streams.step import BatchHandler, Refusal, Result, batch_step
from streams.topics import RAW_VOICE, UTTERANCES

RECORDINGS = 16
"""Recordings a batch: what is heard again after a crash."""


@batch_step(reads=(RAW_VOICE,), writes=(UTTERANCES,), batch_records=RECORDINGS)
@asynccontextmanager
async def transcribe(settings: Settings) -> AsyncIterator[BatchHandler]:
    """Turn recordings into utterances that are safe to show."""
    pool = HearingPool(settings.asr_processes, settings.asr_timeout)

    async def hear(raw: RawVoice) -> Result:
        try:
            return await keep_trying("transcribe", partial(_hear, pool, settings, raw))
        except AudioError as error:
            return Refusal(Reason.AUDIO, str(error))
        finally:
            metrics.ASR_QUEUE.dec()

    async def hear_batch(recordings: Sequence[RawVoice]) -> Sequence[Result]:
        metrics.ASR_QUEUE.inc(len(recordings))
        with long_work("transcribe"):
            return await asyncio.gather(*map(hear, recordings))

    try:
        with long_work("transcribe"):
            await pool.run(warm_up, settings)
        yield hear_batch
    finally:
        pool.close()


async def _hear(pool: HearingPool, settings: Settings, raw: RawVoice) -> list[Utterance]:
    try:
        utterances, engine, audio_s, work_s = await pool.run(hear_recording, settings, raw)
    except UnavailableError as error:
        raise RetryableSinkError(str(error)) from error
    metrics.heard(engine, audio_s, work_s, settings.asr_cost, utterances[0].call if utterances else None)
    return utterances


def warm_up(settings: Settings) -> None:
    """Load the models of this process."""
    _models(settings)


def hear_stretch(settings: Settings, raw: RawVoice, segment: Segment) -> Utterance | None:
    """The utterance of a stretch of a live call, as `hear_recording` makes it of the file; None where no words were heard."""
    hearing, writer = _models(settings)
    turns = hear_segments([segment], hearing.engine, raw.roles, raw.language, writer.words)
    return writer.utterance(raw, turns[0], None, hearing.span(raw, turns[0]), datetime.now(UTC)) if turns else None


def hear_recording(settings: Settings, raw: RawVoice) -> tuple[list[Utterance], str, float, float]:
    """The utterances of a recording, the engine's name, seconds of audio and of work. Runs in a process of the pool."""
    started = perf_counter()
    hearing, writer = _models(settings)
    call = hearing.hear(raw, writer.words)
    now = datetime.now(UTC)
    utterances = [writer.utterance(raw, turn, call.measures, hearing.span(raw, turn), now) for turn in call.turns]
    return utterances, hearing.engine.name, call.seconds, perf_counter() - started


def _models(settings: Settings) -> tuple[Hearing, Writer]:
    writer = Writer.of(settings.codeframe)
    return Hearing.of(settings, writer.hot_words), writer
