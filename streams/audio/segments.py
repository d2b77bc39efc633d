"""From samples to the stretches in which somebody speaks, as they come: the same for a file and for a live call.

Voice activity of each channel by WebRTC's detector in frames of 30 ms. A stretch begins when five of the last eight frames hold
speech, ends after 450 ms without, and is cut at its quietest frame before it is longer than 15 s. The detector goes on for some 120 ms
after the speech, which the end leaves out. On a stereo call the other side leaks in: a frame that is 9 dB, or a stretch that is 15 dB
below the other channel at that time is crosstalk.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import webrtcvad
from numpy.typing import NDArray

from streams.audio.decode import RATE, Samples

FRAME_MS = 30
_FRAME = RATE * FRAME_MS // 1000
_FRAME_BYTES = 2 * _FRAME
_WINDOW, _ONSET = 8, 5
_HANGOVER = 450 // FRAME_MS
PAD = RATE // 5
"""Samples around a stretch."""
_TAIL = 120 // FRAME_MS
_SHORTEST = 240 // FRAME_MS
_LONGEST = 15_000 // FRAME_MS
_AGGRESSIVENESS = 2
_CROSSTALK_DB, _LEAK_DB = 15.0, 9.0
"""How much quieter than the other side a stretch, or a frame, is that is the other side leaking in."""
_SILENT_DB = -55.0
_QUIETER_DB = 20.0
"""How much quieter than the stretch what it begins with may be."""
_KEPT_FRAMES = _LONGEST + 3 * _WINDOW


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of speech on a channel, [start_ms, end_ms), and its samples with 200 ms around it."""

    channel: int
    start_ms: int
    end_ms: int
    samples: NDArray[np.int16]


@dataclass(slots=True)
class _Voice:
    """The detector of a channel: which of the last frames held speech, and the stretch that is open."""

    detector: webrtcvad.Vad = field(default_factory=lambda: webrtcvad.Vad(_AGGRESSIVENESS))
    window: deque[bool] = field(default_factory=lambda: deque(maxlen=_WINDOW))
    start: int | None = None
    last: int = 0


class Segmenter:
    """Feed it pieces of any size; it gives each stretch once it has ended. Frames are counted from the start of the call."""

    def __init__(self, channels: int) -> None:
        self._voices = [_Voice() for _ in range(channels)]
        self._kept: NDArray[np.int16] = np.zeros((channels, 0), np.int16)
        self._first = 0  # the frame that `_kept` begins with
        self._frame = 0  # the next frame to look at

    @property
    def seconds(self) -> float:
        """How much audio was fed."""
        return self._first * FRAME_MS / 1000 + int(self._kept.shape[1]) / RATE

    def feed(self, piece: Samples) -> Iterator[Segment]:
        """Take a piece, channels x samples; yield the stretches that ended in it."""
        self._kept = np.concatenate([self._kept, piece], axis=1)
        begin = self._frame
        end = self._first + self._kept.shape[1] // _FRAME
        new = self._kept[:, (begin - self._first) * _FRAME : (end - self._first) * _FRAME]
        own = self._own(new)
        sounds = [np.ascontiguousarray(channel).data.cast("B") for channel in new]
        for frame in range(begin, end):
            self._frame, at = frame, (frame - begin) * _FRAME_BYTES
            for channel, voice in enumerate(self._voices):
                speech = voice.detector.is_speech(sounds[channel][at : at + _FRAME_BYTES], RATE) and bool(own[channel, frame - begin])
                yield from self._look(channel, voice, speech)
        self._frame = end
        self._forget()

    def finish(self) -> Iterator[Segment]:
        """The call has ended: yield what is open."""
        for channel, voice in enumerate(self._voices):
            if voice.start is not None:
                yield from self._close(channel, voice, voice.last + 1)

    def open(self) -> list[Segment]:
        """The stretches that go on, as far as they have come: what a partial transcript is made from."""
        return [
            self._segment(channel, voice.start, voice.last + 1)
            for channel, voice in enumerate(self._voices)
            if voice.start is not None and voice.last + 1 - voice.start >= _SHORTEST
        ]

    @staticmethod
    def _own(samples: Samples) -> NDArray[np.bool_]:
        """Of which channels a frame may be the speech, channels x frames: of those that are not much quieter than another."""
        power = (samples.reshape(len(samples), -1, _FRAME).astype(np.float32) ** 2).mean(axis=2)
        return np.asarray(power * 10 ** (_LEAK_DB / 10) >= power.max(axis=0, initial=0))

    def _look(self, channel: int, voice: _Voice, speech: bool) -> Iterator[Segment]:
        voice.window.append(speech)
        if voice.start is None:
            if sum(voice.window) >= _ONSET:
                voice.start = self._frame + 1 - len(voice.window) + list(voice.window).index(True)
                voice.last = self._frame
            return
        if speech:
            voice.last = self._frame
        if self._frame - voice.last >= _HANGOVER:
            yield from self._close(channel, voice, voice.last + 1)
        elif self._frame - voice.start >= _LONGEST:
            cut = self._quietest(channel, voice.start + _LONGEST // 2, self._frame)
            start = voice.start
            yield from self._heard(channel, start, cut)
            voice.start = cut

    def _close(self, channel: int, voice: _Voice, end: int) -> Iterator[Segment]:
        start, voice.start = voice.start, None
        voice.window.clear()
        if start is not None:
            yield from self._heard(channel, start, end, _TAIL)

    def _heard(self, channel: int, start: int, end: int, tail: int = 0) -> Iterator[Segment]:
        if end - start < _SHORTEST:
            return
        levels = [self._level(other, start, end) for other in range(len(self._voices))]
        if levels[channel] > max(_SILENT_DB, max(levels) - _CROSSTALK_DB):
            while end - start > _SHORTEST and self._level(channel, start, start + 1) < levels[channel] - _QUIETER_DB:
                start += 1
            yield self._segment(channel, start, end, tail)

    def _segment(self, channel: int, start: int, end: int, tail: int = 0) -> Segment:
        begin = max(0, (start - self._first) * _FRAME - PAD)
        stop = (end - self._first) * _FRAME + PAD
        return Segment(channel, start * FRAME_MS, (end - tail) * FRAME_MS, self._kept[channel, begin:stop])

    def _level(self, channel: int, start: int, end: int) -> float:
        """Mean power of a stretch, dB of full scale."""
        samples = self._kept[channel, (start - self._first) * _FRAME : (end - self._first) * _FRAME].astype(np.float32) / 32768
        return float(10 * np.log10((samples**2).mean() + 1e-10))

    def _quietest(self, channel: int, start: int, end: int) -> int:
        samples = self._kept[channel, (start - self._first) * _FRAME : (end - self._first) * _FRAME].astype(np.float32)
        return start + int((samples.reshape(-1, _FRAME) ** 2).mean(axis=1).argmin())

    def _forget(self) -> None:
        """Let go of what no stretch can need any more."""
        surplus = self._frame - _KEPT_FRAMES - self._first
        if surplus > _KEPT_FRAMES:
            self._kept = self._kept[:, surplus * _FRAME :].copy()
            self._first += surplus
