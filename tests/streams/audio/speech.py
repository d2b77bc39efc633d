"""Real recordings for the tests: a stereo call spoken by a synthetic voice, in every format that calls come in."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np

from streams.audio.decode import RATE, Samples, decode

DATA = Path(__file__).parent / "data"
CALL = DATA / "call.opus"


class Said(NamedTuple):
    """A turn of the recording, as it was put together."""

    channel: int
    start_ms: int
    end_ms: int
    text: str


TRUTH = [Said(**turn) for turn in json.loads((DATA / "call.json").read_text("utf-8"))]


def samples() -> Samples:
    """The call, agent and customer."""
    with CALL.open("rb") as file:
        return np.concatenate(list(decode(file, 600)), axis=1)


FORMATS: dict[str, tuple[str, str, int, int | None]] = {
    "wav": ("wav", "pcm_s16le", 8_000, None),
    "mu-law": ("wav", "pcm_mulaw", 8_000, None),
    "mp3": ("mp3", "libmp3lame", 8_000, 32_000),
    "mp3 16 kHz": ("mp3", "libmp3lame", 16_000, 32_000),
    "opus": ("ogg", "libopus", 16_000, 24_000),
    "m4a": ("ipod", "aac", 16_000, 32_000),
    "amr": ("amr", "libopencore_amrnb", 8_000, 12_200),
}
"""Container, codec, samples a second, bits a second. AMR is mono."""
BARE_AAC = "aac"
_ALL = {**FORMATS, BARE_AAC: ("adts", "aac", 8_000, 16_000)}


def encoded(audio: Samples, name: str, **options: str) -> bytes:
    """A recording in a format, with options of its encoder; AMR takes the last channel."""
    container, codec, rate, bits = _ALL[name]
    audio = audio[-1:] if name == "amr" else audio
    layout = {1: "mono", 2: "stereo", 6: "5.1"}[len(audio)]
    file = io.BytesIO()
    with av.open(file, "w", format=container) as out:
        stream: Any = out.add_stream(codec, rate=rate, layout=layout, options=options)
        if bits:
            stream.bit_rate = bits
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(audio.T.reshape(1, -1)), format="s16", layout=layout)
        frame.sample_rate = RATE
        resampler = av.AudioResampler(stream.format.name, layout, rate, frame_size=stream.codec_context.frame_size or 0)
        for piece in (*resampler.resample(frame), *resampler.resample(None)):
            out.mux(stream.encode(piece))
        out.mux(stream.encode(None))
    return file.getvalue()


def encrypted_zip() -> bytes:
    """A recording in an archive that asks for a password."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("call.wav", encoded(samples()[:, :RATE], "wav"))
    data = bytearray(file.getvalue())
    data[6] |= 1  # the flag of an encrypted entry
    return bytes(data)
