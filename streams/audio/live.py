"""The sound of a live call: what comes in, as samples; and all of it as a lossless file, for hearing it again."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import Any, BinaryIO, cast

import av
import numpy as np
from av.error import FFmpegError

from streams.audio.decode import RATE, Samples
from streams.errors import AudioError

CODECS = ("pcm", "opus")
_OPUS_RATE = 48_000
_LAYOUTS = {1: "mono", 2: "stereo"}
_IN_MEMORY = 8 << 20


class LiveSound:
    """Turns messages of PCM (16 bits, little endian, channels interleaved) or of one Opus packet each into samples."""

    def __init__(self, codec: str, rate: int, channels: int) -> None:
        if codec not in CODECS or channels not in _LAYOUTS:
            raise AudioError(f"codec, channels: expected {' or '.join(CODECS)} of one or two channels")
        self._channels, self._rate, self._layout = channels, rate, _LAYOUTS[channels]
        self._resampler = av.AudioResampler(format="s16p", layout=self._layout, rate=RATE)
        self._decoder: Any = self._opus() if codec == "opus" else None
        self._file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - lives as long as the call
        self._out = av.open(cast(BinaryIO, self._file), "w", format="flac")
        self._stream: Any = self._out.add_stream("flac", rate=RATE, layout=self._layout)
        self._stream.format = "s16"

    def feed(self, message: bytes) -> Iterator[Samples]:
        """The samples of a message. Raises AudioError for what is no audio of the codec."""
        for frame in self._frames(message):
            frame.pts = None
            for piece in self._resampler.resample(frame):
                yield self._kept(cast(Samples, piece.to_ndarray()))

    def finish(self) -> tuple[list[Samples], BinaryIO]:
        """The last samples, and the whole call as a FLAC file that can be read from its beginning."""
        last = [self._kept(cast(Samples, piece.to_ndarray())) for piece in self._resampler.resample(None)]
        self._out.mux(self._stream.encode(None))
        self._out.close()
        self._file.seek(0)
        return last, cast(BinaryIO, self._file)

    def _frames(self, message: bytes) -> list[av.AudioFrame]:
        if self._decoder is not None:
            try:
                return cast(list[av.AudioFrame], self._decoder.decode(av.Packet(message)))
            except FFmpegError as error:
                raise AudioError("audio: a message is no Opus packet") from error
        if len(message) % (2 * self._channels):
            raise AudioError(f"audio: a message of PCM holds whole samples, {2 * self._channels} bytes each")
        frame = av.AudioFrame.from_ndarray(np.frombuffer(message, "<i2")[None], format="s16", layout=self._layout)
        frame.sample_rate = self._rate
        return [frame]

    def _kept(self, piece: Samples) -> Samples:
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(piece.T.reshape(1, -1)), format="s16", layout=self._layout)
        frame.sample_rate = RATE
        self._out.mux(self._stream.encode(frame))
        return piece

    def _opus(self) -> Any:
        decoder: Any = av.CodecContext.create("libopus", "r")
        decoder.sample_rate, decoder.layout = _OPUS_RATE, self._layout
        return decoder
