"""Decoding: every format of calls, and everything that is no call."""

from __future__ import annotations

import io
from collections.abc import Callable

import av
import numpy as np
import pytest

from streams.audio.decode import RATE, decode, probe
from streams.errors import AudioError
from tests.streams.audio.speech import BARE_AAC, FORMATS, encoded, encrypted_zip, samples

LIMIT_S = 600


def decoded(data: bytes, limit_s: float = LIMIT_S) -> np.ndarray:
    return np.concatenate(list(decode(io.BytesIO(data), limit_s)), axis=1)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_the_same_sound(name: str) -> None:
    audio = samples()
    data = encoded(audio, name)
    heard = decoded(data)
    assert len(heard) == (1 if name == "amr" else 2)
    assert abs(heard.shape[1] - audio.shape[1]) < 0.15 * RATE
    assert probe(io.BytesIO(data)).channels == len(heard)
    powers = [np.sqrt((one[-1].astype(np.float64) ** 2).mean()) for one in (audio, heard)]
    assert powers[1] == pytest.approx(powers[0], rel=0.25)


def test_the_sound_track_of_a_video() -> None:
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as out:
        video = out.add_stream("mpeg4", rate=10)
        video.width, video.height, video.pix_fmt = 64, 64, "yuv420p"
        sound = out.add_stream("aac", rate=16_000, layout="mono")
        for _ in range(20):
            out.mux(video.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), "rgb24")))
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples()[:1, : 2 * RATE]), format="s16p", layout="mono")
        frame.sample_rate = RATE
        for piece in av.AudioResampler("fltp", "mono", 16_000, frame_size=1_024).resample(frame):
            out.mux(sound.encode(piece))
        out.mux(video.encode(None))
        out.mux(sound.encode(None))
    assert decoded(file.getvalue()).shape == pytest.approx((1, 2 * RATE), abs=2_500)


BAD: dict[str, tuple[Callable[[], bytes], str]] = {
    "zero length": (lambda: b"", "is empty"),
    "text named .wav": (lambda: "这不是录音".encode() * 100, "no recording"),
    "encrypted zip": (encrypted_zip, "no recording"),
    "wav cut in half": (lambda: (data := encoded(samples(), "wav"))[: len(data) // 2], "truncated"),
    "m4a without its end": (lambda: (data := encoded(samples(), "m4a"))[: len(data) // 2], "no recording|damaged|truncated"),
    "header alone": (lambda: encoded(samples(), "wav")[:44], "no sample|truncated"),
    "playlist": (lambda: b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n", "no recording"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_no_recording_says_why(case: str) -> None:
    make, rule = BAD[case]
    with pytest.raises(AudioError, match=rule):
        decoded(make())


def test_a_recording_over_the_limit_is_refused_from_its_header() -> None:
    with pytest.raises(AudioError, match="longer than"):
        next(decode(io.BytesIO(encoded(np.tile(samples(), 2), "wav")), 10))


def test_a_small_file_that_decodes_to_hours_is_stopped_on_the_way() -> None:
    silence = np.zeros((1, 300 * RATE), np.int16)
    bomb = encoded(silence, "opus")
    assert len(bomb) < silence.nbytes / 50
    with pytest.raises(AudioError, match="longer than"):
        decoded(bomb, 100)


def test_a_recording_that_does_not_say_how_long_it_is_is_taken_whole() -> None:
    quiet = encoded(np.zeros((2, 30 * RATE), np.int16), BARE_AAC)  # from whose few bits FFmpeg guesses that the rest is long
    data = quiet + encoded(samples(), BARE_AAC)
    assert probe(io.BytesIO(data)).duration_s is None
    assert decoded(data).shape[1] == pytest.approx(30 * RATE + samples().shape[1], rel=0.02)


def test_a_mobile_that_sends_nothing_in_pauses() -> None:
    quiet = np.zeros((1, 10 * RATE), np.int16)
    audio = np.concatenate([quiet, samples()[1:], quiet], axis=1)
    data = encoded(audio, "amr", dtx="1")
    assert len(data) < 0.6 * len(encoded(audio, "amr"))
    heard = decoded(data)
    assert heard.shape[1] == pytest.approx(audio.shape[1], rel=0.01)
    assert np.abs(heard[0, 10 * RATE : -10 * RATE]).max() > 3_000 > np.abs(heard[0, : 9 * RATE]).max() * 10


def test_six_channels_at_48_khz_are_decoded_one_by_one() -> None:
    data = encoded(np.repeat(samples()[:1, :RATE], 6, axis=0), "wav")
    assert decoded(data).shape[0] == 6
