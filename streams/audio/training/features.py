"""Varied speech as features: what the small recogniser is trained and measured on.

python -m streams.audio.training.features OUT PREFIX... [--copies N] [--set train|test] [--condition varied|wav|mp3|stereo|telephone]

Each copy of a sentence has a speed and pitch of its own, some of them a telephone's band, a codec, a room, noise, or another speaker on
the second channel of an mp3, who takes bits from it. Some are noise alone with nothing to hear, so that the recogniser learns to be
silent. The output is `OUT.npy` (frames x 80, float16) and `OUT.tsv`, a line of `first frame, frames, voice, syllables, text` a sentence.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing import Pool
from pathlib import Path
from typing import Any

import av
import click
import numpy as np
import soxr
from numpy.typing import NDArray

from streams.audio.decode import RATE
from streams.audio.small.features import fbank
from streams.audio.training.words import toned

Samples = NDArray[np.float32]
_SPEEDS = (0.86, 0.92, 1.0, 1.0, 1.06, 1.12)
_NOISE_SHARE = 0.05
_ROOM = 0.0015
_HAN = re.compile(r"[\u4e00-\u9fff]+")


@dataclass(frozen=True, slots=True)
class Spoken:
    """A sentence of a spoken corpus."""

    path: Path
    start: int
    length: int
    voice: str
    text: str

    def samples(self) -> Samples:
        """-1 to 1 at 16 kHz."""
        return np.fromfile(self.path, "<i2", self.length, offset=2 * self.start).astype(np.float32) / np.float32(32768)


def spoken(prefixes: list[Path], of: str) -> Iterator[Spoken]:
    """The sentences of a set ("train", "test") in spoken corpora."""
    for prefix in prefixes:
        for line in prefix.with_suffix(".tsv").read_text("utf-8").splitlines():
            start, length, voice, kind, text = line.split("\t")
            if kind == of:
                yield Spoken(prefix.with_suffix(".i16"), int(start), int(length), voice, text)


def telephone(x: Samples) -> Samples:
    """An 8 kHz line: 300 to 3,400 Hz, mu-law."""
    y = soxr.resample(x, RATE, 8_000)
    spectrum, f = np.fft.rfft(y), np.fft.rfftfreq(len(y), 1 / 8_000)
    y = np.fft.irfft(spectrum * ((f > 300) & (f < 3_400)), len(y))
    y = np.sign(y) * np.log1p(255 * np.minimum(np.abs(y), 1)) / np.log(256)
    y = np.round(y * 127) / 127
    return np.asarray(soxr.resample((np.sign(y) * (256 ** np.abs(y) - 1) / 255).astype(np.float32), 8_000, RATE), np.float32)


def coded(x: Samples, codec: str, rate: int, bits: int, other: Samples | None = None) -> Samples:
    """What is left of speech behind a codec at `bits` a second; where an `other` speaks on a second channel, they share these."""
    channels = [x] if other is None else [x, other]
    layout = "mono" if other is None else "stereo"
    file = io.BytesIO()
    with av.open(file, "w", format="mp3" if codec == "libmp3lame" else "ogg") as out:
        stream: Any = out.add_stream(codec, rate=rate, layout=layout, bit_rate=bits)
        pcm = (np.clip(soxr.resample(np.stack(channels, 1), RATE, rate), -1, 1) * 32767).astype(np.int16).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(pcm), format="s16", layout=layout)
        frame.sample_rate = rate
        resampler = av.AudioResampler(stream.format.name, layout, rate, frame_size=stream.codec_context.frame_size)
        for piece in (*resampler.resample(frame), *resampler.resample(None)):
            out.mux(stream.encode(piece))
        out.mux(stream.encode(None))
    file.seek(0)
    with av.open(file, "r") as container:
        to_rate = av.AudioResampler("fltp", layout, RATE)
        frames = [part for frame in container.decode(audio=0) for part in to_rate.resample(frame)]
        return np.concatenate([frame.to_ndarray()[0] for frame in frames])


def side(x: Samples) -> Samples:
    """A side of a stereo call at 16 kHz, as mp3 of 32 kbit/s for both; on the other a lower voice answers before the first has ended."""
    lower = soxr.resample(x, RATE, RATE * 9 // 8).astype(np.float32)
    wait = len(x) * 2 // 3
    room = np.random.default_rng(len(x)).standard_normal((2, wait + len(lower))).astype(np.float32) * _ROOM
    room[0, : len(x)] += x
    room[1, wait:] += lower
    return coded(room[0], "libmp3lame", 16_000, 32_000, room[1])[: len(x)]


CONDITIONS: dict[str, Callable[[Samples], Samples]] = {
    "wav": lambda x: x,
    "mp3": lambda x: coded(x, "libmp3lame", 16_000, 32_000),
    "stereo": side,
    "telephone": telephone,
}
"""The conditions that the recogniser is measured in: "stereo" is the hardest."""


def _noise(chance: np.random.Generator, count: int, pool: Samples) -> Samples:
    kind = chance.random()
    if kind < 0.35:
        at = chance.integers(0, max(1, len(pool) - count), size=3)
        return np.asarray(sum(np.resize(pool[i : i + count], count) for i in at), np.float32)
    white = chance.standard_normal(count).astype(np.float32)
    if kind < 0.65:
        return white
    spectrum = np.fft.rfft(white) / np.maximum(1, np.arange(count // 2 + 1)) ** chance.uniform(0.3, 1)
    return np.asarray(np.fft.irfft(spectrum, count), np.float32)


def _echo(chance: np.random.Generator, x: Samples) -> Samples:
    count = int(RATE * chance.uniform(0.08, 0.35))
    answer = chance.standard_normal(count) * 10 ** (-3 * np.arange(count) / count) * chance.uniform(0.02, 0.12)
    answer[0] = 1
    size = len(x) + count
    return np.fft.irfft(np.fft.rfft(x, size) * np.fft.rfft(answer, size), size)[: len(x)].astype(np.float32)


def _other_side(chance: np.random.Generator, count: int, pool: Samples) -> Samples:
    """The other side of a call: another voice, which speaks before or after and somewhat over the sentence, and its noise."""
    at = chance.integers(0, max(1, len(pool) - 2 * count))
    voice = soxr.resample(pool[at : at + 2 * count], RATE, round(RATE * chance.uniform(0.8, 1.25)))
    other = np.resize(voice, count).astype(np.float32)
    other *= 10 ** (chance.uniform(-18, -1) / 20) / (np.abs(other).max() + 1e-6)
    over = int(count * chance.random() ** 2)
    other[slice(over, None) if chance.random() < 0.5 else slice(count - over)] = 0
    noise = _noise(chance, count, pool)
    return other + noise * np.float32(10 ** (chance.uniform(-60, -35) / 20) / (np.abs(noise).max() + 1e-6))


def vary(x: Samples, chance: np.random.Generator, pool: Samples) -> Samples:
    """One way that a sentence may sound in a call or a store."""
    speed = float(chance.choice(_SPEEDS))
    if speed != 1:
        x = soxr.resample(x, RATE, round(RATE / speed)).astype(np.float32)
    x = np.concatenate([np.zeros(chance.integers(0, 4_500)), x, np.zeros(chance.integers(600, 4_500))]).astype(np.float32)
    if chance.random() < 0.1:
        x = _echo(chance, x)
    x *= 10 ** (chance.uniform(-18, -1) / 20) / (np.abs(x).max() + 1e-6)
    snr = chance.uniform(8, 30) if chance.random() < 0.4 else chance.uniform(30, 60)
    noise = _noise(chance, len(x), pool)
    x += noise * np.sqrt((x**2).mean() / ((noise**2).mean() + 1e-12) / 10 ** (snr / 10))
    kind = chance.random()
    if kind < 0.28:
        return telephone(x)
    if kind < 0.4:
        return coded(x, "libmp3lame", 16_000, int(chance.choice([24_000, 32_000, 48_000])))
    if kind < 0.65:
        rate, bits = int(chance.choice([8_000, 16_000, 16_000])), int(chance.choice([32_000, 32_000, 48_000]))
        return coded(x, "libmp3lame", rate, bits, _other_side(chance, len(x), pool))
    return coded(x, "libopus", 16_000, int(chance.choice([12_000, 16_000, 24_000]))) if kind < 0.75 else x


def nothing(chance: np.random.Generator, pool: Samples) -> Samples:
    """A stretch in which nobody says anything: noise, a tone, a hum, clicks."""
    count = int(chance.integers(6_000, 48_000))
    t = np.arange(count) / RATE
    kind = chance.integers(4)
    if kind == 0:
        x = np.sin(2 * np.pi * chance.uniform(200, 2_000) * t)
    elif kind == 1:
        x = (chance.random(count) < 0.001) * chance.standard_normal(count) + 0.01 * chance.standard_normal(count)
    else:
        x = _noise(chance, count, np.zeros_like(pool) + chance.standard_normal(len(pool)).astype(np.float32))
    x = (x * 10 ** (chance.uniform(-45, -6) / 20) / (np.abs(x).max() + 1e-6)).astype(np.float32)
    return telephone(x) if chance.random() < 0.4 else x


_pool: Samples = np.zeros(RATE, np.float32)


def _start(pool: Samples) -> None:
    global _pool  # noqa: PLW0603 - a worker process's own
    _pool = pool


def _one(job: tuple[Spoken, int, str]) -> NDArray[np.float16]:
    sentence, copy, condition = job
    chance = np.random.default_rng([sentence.start, sentence.length, copy])
    if condition == "varied":
        if copy and chance.random() < _NOISE_SHARE:
            return fbank(nothing(chance, _pool)).astype(np.float16) + np.float16(0)
        return fbank(vary(sentence.samples(), chance, _pool)).astype(np.float16)
    x = np.pad(sentence.samples(), (3_200, 3_200)) * 0.6
    return fbank(CONDITIONS[condition](x)).astype(np.float16)


def _silent(job: tuple[Spoken, int, str]) -> bool:
    sentence, copy, condition = job
    chance = np.random.default_rng([sentence.start, sentence.length, copy])
    return condition == "varied" and copy > 0 and bool(chance.random() < _NOISE_SHARE)


@click.command()
@click.argument("out", type=click.Path(path_type=Path))
@click.argument("prefixes", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--copies", default=2, show_default=True, help="How many ways each sentence is varied.")
@click.option("--first", default=0, show_default=True, help="The number of the first copy; only later ones hold noise alone.")
@click.option("--set", "of", type=click.Choice(["train", "test"]), default="train")
@click.option("--condition", type=click.Choice(["varied", *CONDITIONS]), default="varied")
@click.option("--processes", default=1, show_default=True)
def main(out: Path, prefixes: tuple[Path, ...], copies: int, first: int, of: str, condition: str, processes: int) -> None:
    """Write the features of spoken corpora to OUT."""
    sentences = list(spoken(list(prefixes), of))
    pool = np.concatenate([sentence.samples() for sentence in sentences[:200]])
    jobs = [(sentence, copy, condition) for copy in range(first, first + copies) for sentence in sentences]
    at, rows, parts = 0, [], []
    with Pool(processes, _start, (pool,)) as workers:
        for job, frames in zip(jobs, workers.imap(_one, jobs, 16), strict=True):
            text = "" if _silent(job) else job[0].text
            said = [one for run in _HAN.findall(text) for one in toned(run)]
            rows.append(f"{at}\t{len(frames)}\t{job[0].voice}\t{' '.join(said)}\t{text}")
            parts.append(frames)
            at += len(frames)
    np.save(out.with_suffix(".npy"), np.concatenate(parts))
    out.with_suffix(".tsv").write_text("\n".join(rows) + "\n", "utf-8")


if __name__ == "__main__":
    main()
