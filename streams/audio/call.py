"""A whole recording: who spoke when, what was heard, and what the call itself tells."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import BinaryIO, TypeAlias

import numpy as np

from schemas.common import Speaker
from schemas.utterance import CallMeasures
from streams.audio.decode import Samples, decode
from streams.audio.diarise import Diariser, Spoken, by_voice
from streams.audio.engine import Engine, Heard
from streams.audio.segments import Segment, Segmenter
from streams.errors import AudioError

CALL_ROLES = (Speaker.AGENT, Speaker.CUSTOMER)
"""Whose channel is which in a stereo call, where nobody says."""

Spell = Callable[[Heard], str]
"""The words of what an engine heard: its text, or its syllables spelled."""

_Part: TypeAlias = tuple[Segment, Speaker, int | None]
"""A stretch, whose it is, and the number of the voice where voices were told apart."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A stretch of speech and what was heard in it. `seq` orders a call's turns and is the same live and from the file.

    `voice` numbers the voices that a diariser told apart in a mono recording.
    """

    channel: int
    role: Speaker
    start_ms: int
    end_ms: int
    text: str
    confidence: float | None
    voice: int | None = None

    @property
    def seq(self) -> int:
        return sequence(self.start_ms, self.channel)


def sequence(start_ms: int, channel: int) -> int:
    """The number of a turn in its call: its place in time, so that no other turn's being heard or not can change it."""
    return start_ms * 8 + channel


def hear_call(
    source: BinaryIO,
    engine: Engine,
    roles: Sequence[Speaker],
    max_seconds: float,
    language: str | None,
    spell: Spell,
    diariser: Diariser | None = None,
) -> tuple[list[Turn], float]:
    """The turns of a recording in order of their start, and its length in seconds. `spell` gives the words of what was heard.

    A mono recording for which several roles are given is told apart by voice; roles go to the voices in the order in which they begin.
    Raises AudioError for a recording that cannot be used, and what the engine raises.
    """
    pieces = decode(source, max_seconds)
    first = next(pieces, None)
    if first is None:
        raise AudioError("audio: holds no sample")
    segmenter, pieces = Segmenter(len(first)), chain([first], pieces)
    if len(first) == 1 and len(roles) > 1 and diariser:
        whole = np.concatenate(list(pieces), axis=1)
        parts = _told_apart(_segments(segmenter, [whole]), diariser.voices(whole[0], len(roles)), roles)
    else:
        parts = _by_channel(_segments(segmenter, pieces), roles_of(roles, len(first)))
    return sorted(_hear(parts, engine, language, spell), key=lambda turn: turn.seq), segmenter.seconds


def hear_segments(segments: Iterable[Segment], engine: Engine, roles: Sequence[Speaker], language: str | None, spell: Spell) -> list[Turn]:
    """The turns of the stretches in which words were heard; `roles` has one a channel."""
    return list(_hear(_by_channel(segments, roles), engine, language, spell))


def _hear(parts: Iterable[_Part], engine: Engine, language: str | None, spell: Spell) -> Iterator[Turn]:
    for segment, role, voice in parts:
        heard = engine.hear(segment.samples, language)
        if text := spell(heard):
            yield Turn(segment.channel, role, segment.start_ms, segment.end_ms, text, heard.confidence, voice)


def _by_channel(segments: Iterable[Segment], roles: Sequence[Speaker]) -> Iterator[_Part]:
    return ((segment, roles[segment.channel], None) for segment in segments)


def _told_apart(segments: Iterable[Segment], spoken: Sequence[Spoken], roles: Sequence[Speaker]) -> Iterator[_Part]:
    for segment in segments:
        for part, voice in by_voice(segment, spoken):
            yield part, roles[voice] if voice is not None and voice < len(roles) else Speaker.UNKNOWN, voice


def _segments(segmenter: Segmenter, pieces: Iterable[Samples]) -> Iterator[Segment]:
    for piece in pieces:
        yield from segmenter.feed(piece)
    yield from segmenter.finish()


def roles_of(roles: Sequence[Speaker], channels: int) -> Sequence[Speaker]:
    """A role for each channel; one role given stands for all, none for a call's two sides. Raises AudioError for another number."""
    if len(roles) == channels:
        return roles
    if not roles:
        return CALL_ROLES if channels == len(CALL_ROLES) else (Speaker.UNKNOWN,) * channels
    if len(roles) == 1:
        return tuple(roles) * channels
    hint = "; VOC_DIARISER tells voices apart" if channels == 1 else ""
    raise AudioError(f"roles: {len(roles)} are given, the recording has {channels} channel{'s' if channels > 1 else hint}")


def measure(turns: Sequence[Turn], seconds: float) -> CallMeasures:
    """Shares of the call's length, pauses and speech rate."""
    total = max(1, round(seconds * 1000))
    covered = _union((turn.start_ms, turn.end_ms) for turn in turns)
    spoken = sum(end - start for start, end in covered)
    agent, customer = (_union((t.start_ms, t.end_ms) for t in turns if t.role is role) for role in (Speaker.AGENT, Speaker.CUSTOMER))
    by_channel = [_union((t.start_ms, t.end_ms) for t in turns if t.channel == channel) for channel in {t.channel for t in turns}]
    summed = sum(end - start for stretches in by_channel for start, end in stretches)
    edges = [(0, 0), *covered, (total, total)]
    agent_ms, customer_ms = (sum(end - start for start, end in stretches) for stretches in (agent, customer))
    return CallMeasures(
        duration_ms=total,
        talk_share=_share(spoken, total),
        silence_share=_share(total - spoken, total),
        overtalk_share=_share(summed - spoken, total),
        longest_silence_ms=max(after[0] - before[1] for before, after in pairwise(edges)),
        agent_share=_share(agent_ms, total),
        customer_share=_share(customer_ms, total),
        agent_customer_ratio=round(agent_ms / customer_ms, 3) if customer_ms else None,
        customer_rate=_rate(turns, Speaker.CUSTOMER, customer_ms),
        agent_rate=_rate(turns, Speaker.AGENT, agent_ms),
    )


def _union(stretches: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Stretches of time without overlaps."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(stretches):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def _share(part: int, total: int) -> float:
    return round(min(1.0, max(0.0, part / total)), 4)


def _rate(turns: Sequence[Turn], role: Speaker, milliseconds: int) -> float | None:
    """Characters, or words of Latin script, a minute."""
    said = sum(_units(turn.text) for turn in turns if turn.role is role)
    return round(said * 60_000 / milliseconds, 1) if milliseconds else None


def _units(text: str) -> int:
    latin = "".join(one if one.isascii() else " " for one in text).split()
    return len(latin) + sum(not one.isascii() and one.isalnum() for one in text)
