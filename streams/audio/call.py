"""A whole recording: who spoke when, what was heard, and what the call itself tells."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import BinaryIO

from schemas.common import Speaker
from schemas.utterance import CallMeasures
from streams.audio.decode import decode
from streams.audio.engine import Engine, Heard
from streams.audio.segments import Segment, Segmenter
from streams.errors import AudioError

CALL_ROLES = (Speaker.AGENT, Speaker.CUSTOMER)
"""Whose channel is which in a stereo call, where nobody says."""

Spell = Callable[[Heard], str]
"""The words of what an engine heard: its text, or its syllables spelled."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A stretch of speech and what was heard in it. `seq` orders a call's turns and is the same live and from the file."""

    channel: int
    role: Speaker
    start_ms: int
    end_ms: int
    text: str
    confidence: float | None

    @property
    def seq(self) -> int:
        return sequence(self.start_ms, self.channel)


def sequence(start_ms: int, channel: int) -> int:
    """The number of a turn in its call: its place in time, so that no other turn's being heard or not can change it."""
    return start_ms * 8 + channel


def hear_call(
    source: BinaryIO, engine: Engine, roles: Sequence[Speaker], max_seconds: float, language: str | None, spell: Spell
) -> tuple[list[Turn], float]:
    """The turns of a recording in order of their start, and its length in seconds. `spell` gives the words of what was heard.

    Raises AudioError for a recording that cannot be used, and what the engine raises.
    """
    segmenter: Segmenter | None = None
    turns: list[Turn] = []
    for piece in decode(source, max_seconds):
        if segmenter is None:
            segmenter = Segmenter(len(piece))
            roles = roles_of(roles, len(piece))
        turns += hear_segments(segmenter.feed(piece), engine, roles, language, spell)
    if segmenter is None:
        raise AudioError("audio: holds no sample")
    turns += hear_segments(segmenter.finish(), engine, roles, language, spell)
    return sorted(turns, key=lambda turn: turn.seq), segmenter.seconds


def hear_segments(segments: Iterable[Segment], engine: Engine, roles: Sequence[Speaker], language: str | None, spell: Spell) -> list[Turn]:
    """The turns of the stretches in which words were heard."""
    turns = []
    for segment in segments:
        heard = engine.hear(segment.samples, language)
        if text := spell(heard):
            turns.append(Turn(segment.channel, roles[segment.channel], segment.start_ms, segment.end_ms, text, heard.confidence))
    return turns


def roles_of(roles: Sequence[Speaker], channels: int) -> Sequence[Speaker]:
    """A role for each channel; one role given stands for all, none for a call's two sides. Raises AudioError for another number."""
    if len(roles) == channels:
        return roles
    if not roles:
        return CALL_ROLES if channels == len(CALL_ROLES) else (Speaker.UNKNOWN,) * channels
    if len(roles) == 1:
        return tuple(roles) * channels
    raise AudioError(f"roles: {len(roles)} are given, the recording has {channels} channels")


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
