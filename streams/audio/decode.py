"""Any recording as 16 kHz samples a channel, a piece at a time: hours of audio never lie in memory.

The type is read from the content, never from the name. What cannot be used raises AudioError with the rule that it broke.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, cast

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from numpy.typing import NDArray

from streams.errors import AudioError

RATE = 16_000
"""Samples a second of everything behind the decoder."""

Samples = NDArray[np.int16]
"""Channels x samples at `RATE`."""

MAX_CHANNELS = 8
_MAX_RATE = 192_000
_DAMAGED_SHARE = 0.1
_TRUNCATED_SHARE = 0.95
_TRUNCATED_S = 0.5
_TRUNCATED_BYTES = 4_096
_HEAD_BYTES = 4_096
_GUESSED, _MP3_TAGS = ("aac", "amr", "amrnb", "amrwb"), (b"Xing", b"Info", b"VBRI")
"""Containers that do not say how long they are, and the tags of an mp3 that does: for others FFmpeg guesses from size and bit rate."""
_DECODERS = {"amrnb": "libopencore_amrnb", "amrwb": "libopencore_amrwb"}
"""FFmpeg's own decoders of AMR do not know the pauses of discontinuous transmission."""
_UNSAID = 0x7FFFFFFF  # what recorders write that do not know the length yet

# No playlists and no containers that name other files: a recording is one file.
_FORMATS = "wav,w64,mp3,ogg,mov,matroska,webm,flac,aac,amr,aiff,au,caf,flv,avi,mpegts,asf,3gp,amrnb,amrwb"
MEDIA_TYPES = {
    "wav": "audio/wav",
    "mp3": "audio/mpeg",
    "ogg": "audio/ogg",
    "mov": "audio/mp4",
    "matroska": "audio/webm",
    "flac": "audio/flac",
    "aac": "audio/aac",
    "amr": "audio/amr",
}
"""Media type by the first name of the container's format."""


@dataclass(frozen=True, slots=True)
class Recording:
    """What a recording's header says. `duration_s` is None where the container does not say and it could only be guessed from the size."""

    format: str
    media_type: str
    channels: int
    rate: int
    duration_s: float | None


def probe(source: BinaryIO) -> Recording:
    """Read the header of a recording. Raises AudioError if it holds no audio that can be decoded."""
    head = _head(source)
    with _open(source, head) as container:
        return _recording(container, _audio(container), head)


def decode(source: BinaryIO, max_seconds: float) -> Iterator[Samples]:
    """The samples of a recording (a video's first audio track), in pieces of about a second.

    Raises AudioError for what is empty, damaged, truncated, longer than `max_seconds` or no audio at all; pieces may have come before.
    """
    head = _head(source)
    with _open(source, head) as container:
        stream = _audio(container)
        recording = _recording(container, stream, head)
        if recording.duration_s is not None and recording.duration_s > max_seconds:
            raise AudioError(_too_long(max_seconds))
        count = 0
        for piece in _resampled(stream.codec_context.layout, _frames(container, stream)):
            count += piece.shape[1]
            if count > max_seconds * RATE:
                raise AudioError(_too_long(max_seconds))
            yield piece
        _check_complete(count / RATE, recording.duration_s)


def _resampled(layout: av.AudioLayout, frames: Iterator[av.AudioFrame]) -> Iterator[Samples]:
    """A second at a time: codecs give frames of 20 ms, and resampling those one by one costs as much as decoding them."""
    resampler, waiting = av.AudioResampler(format="s16p", layout=layout, rate=RATE), av.AudioFifo()
    try:
        for frame in frames:
            frame.pts = None
            waiting.write(frame)
            if waiting.samples >= frame.sample_rate:
                yield from _arrays(resampler.resample(waiting.read()))
        if waiting.samples:
            yield from _arrays(resampler.resample(waiting.read()))
        yield from _arrays(resampler.resample(None))
    except (FFmpegError, ValueError) as error:
        raise AudioError("audio: its sample format or channels change on the way") from error


def _arrays(frames: list[av.AudioFrame]) -> Iterator[Samples]:
    for frame in frames:
        yield cast(Samples, frame.to_ndarray())


def _head(source: BinaryIO) -> bytes:
    head = source.read(_HEAD_BYTES)
    source.seek(0)
    if not head:
        raise AudioError("audio: is empty")
    return head


def _open(source: BinaryIO, head: bytes) -> InputContainer:
    size = source.seek(0, os.SEEK_END)
    source.seek(0)
    if head[:4] == b"RIFF" and size + _TRUNCATED_BYTES < int.from_bytes(head[4:8], "little") < _UNSAID:
        raise AudioError("audio: is truncated: its header announces more bytes than there are")
    try:
        container = av.open(source, mode="r", options={"format_whitelist": _FORMATS}, metadata_errors="ignore")
    except (FFmpegError, ValueError, OSError) as error:
        raise AudioError("audio: is no recording of a known type, or its header is damaged") from error
    return container


def _audio(container: InputContainer) -> AudioStream:
    if not container.streams.audio:
        raise AudioError("audio: the file holds no audio track")
    stream = container.streams.audio[0]
    context = stream.codec_context
    if context is None or not context.channels or not 0 < (context.sample_rate or 0) <= _MAX_RATE:
        raise AudioError("audio: its codec is unknown or its header is damaged")
    if context.channels > MAX_CHANNELS:
        raise AudioError(f"audio: has {context.channels} channels, at most {MAX_CHANNELS} are taken")
    return stream


def _recording(container: InputContainer, stream: AudioStream, head: bytes) -> Recording:
    name = container.format.name.split(",")[0]
    said = name not in _GUESSED and (name != "mp3" or any(tag in head for tag in _MP3_TAGS))
    duration = float(stream.duration * stream.time_base) if said and stream.duration and stream.time_base else None
    context = stream.codec_context
    return Recording(name, MEDIA_TYPES.get(name, f"audio/x-{name}"), context.channels, context.sample_rate, duration)


def _frames(container: InputContainer, stream: AudioStream) -> Iterator[av.AudioFrame]:
    name = stream.codec_context.name
    decoder = cast(AudioCodecContext, av.CodecContext.create(_DECODERS[name], "r")) if name in _DECODERS else stream.codec_context
    packets = damaged = 0
    for packet in _packets(container, stream):
        packets += 1
        try:
            yield from decoder.decode(packet)
        except FFmpegError:
            damaged += 1
    if damaged > max(1, packets * _DAMAGED_SHARE):
        raise AudioError(f"audio: {damaged} of {packets} packets are damaged")


def _packets(container: InputContainer, stream: AudioStream) -> Iterator[av.Packet[AudioStream]]:
    try:
        yield from container.demux(stream)
    except FFmpegError as error:
        raise AudioError("audio: breaks off or is damaged") from error


def _check_complete(seconds: float, announced: float | None) -> None:
    if not seconds:
        raise AudioError("audio: holds no sample")
    if announced is not None and seconds < announced * _TRUNCATED_SHARE - _TRUNCATED_S:
        raise AudioError(f"audio: is truncated: {announced:.1f} s announced, {seconds:.1f} s there")


def _too_long(max_seconds: float) -> str:
    return f"audio: is longer than the {max_seconds / 60:.0f} minutes that are taken"
