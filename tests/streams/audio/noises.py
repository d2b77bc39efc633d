"""Sounds in which nobody says anything: noise of several colours, a crowd, a street, music, the tones of a line."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from streams.audio.decode import RATE, Samples
from tests.streams.audio.speech import samples

Sound = NDArray[np.float64]
_VOICES = 12


def coloured(chance: Generator, count: int, power: float) -> Sound:
    """Noise whose spectrum falls with the frequency to a power: 0 white, 0.5 pink, 1 brown."""
    spectrum = np.fft.rfft(chance.standard_normal(count))
    return np.fft.irfft(spectrum / np.maximum(1, np.arange(len(spectrum))) ** power, count)


def babble(chance: Generator, count: int) -> Sound:
    """A crowd: voices over one another, backwards, so that there is no word in it."""
    call = samples().astype(np.float64).sum(axis=0)[::-1]
    return np.asarray(sum(np.resize(np.roll(call, chance.integers(len(call))), count) for _ in range(_VOICES)), np.float64)


def street(chance: Generator, count: int) -> Sound:
    """Cars that pass: brown noise that swells, with a hum."""
    t = np.arange(count) / RATE
    swell = 1 + sum(3 * np.exp(-(((t - at) / chance.uniform(1, 3)) ** 2)) for at in chance.uniform(0, count / RATE, 6))
    noise = coloured(chance, count, 1)
    hum = sum(np.sin(2 * np.pi * chance.uniform(50, 100) * part * t) / part for part in range(1, 8))
    return np.asarray((noise / noise.std() + 0.4 * hum) * swell, np.float64)


def music(chance: Generator, count: int) -> Sound:
    """Chords of a plucked instrument over a drum."""
    beat, sound = RATE // 4, np.zeros(count)
    for at in range(0, count - 2 * beat, beat):
        t = np.arange(2 * beat) / RATE
        for step in chance.choice([0, 2, 4, 7, 9, 12, 16], 3):
            tone = sum(np.sin(2 * np.pi * 220 * 2 ** (step / 12) * part * t) / part for part in range(1, 6))
            sound[at : at + len(t)] += tone * np.exp(-3 * t) * chance.uniform(0.5, 1)
        if at // beat % 2 == 0:
            sound[at : at + 1_600] += 2 * chance.standard_normal(1_600) * np.exp(-np.arange(1_600) / 300)
    return sound


def ringing(_: Generator, count: int) -> Sound:
    """The tone that says that it rings: 450 Hz, a second of five."""
    t = np.arange(count) / RATE
    return np.asarray(np.sin(2 * np.pi * 450 * t) * (t % 5 < 1), np.float64)


def dialling(chance: Generator, count: int) -> Sound:
    """Keys that are pressed, two a second."""
    sound, t = np.zeros(count), np.arange(RATE // 5) / RATE
    for at in range(0, count - len(t), RATE // 2):
        sound[at : at + len(t)] = sum(np.sin(2 * np.pi * chance.choice(row) * t) for row in ((697, 770, 852, 941), (1_209, 1_336, 1_477)))
    return sound


KINDS: dict[str, Callable[[Generator, int], Sound]] = {
    "silence": lambda _, count: np.zeros(count),
    "white": lambda chance, count: coloured(chance, count, 0),
    "pink": lambda chance, count: coloured(chance, count, 0.5),
    "brown": lambda chance, count: coloured(chance, count, 1),
    "babble": babble,
    "street": street,
    "music": music,
    "ringing": ringing,
    "dialling": dialling,
}


def stereo(kind: str, level_db: float, seconds: int) -> Samples:
    """A call of nothing but that, another stretch of it on each side, at a level below full scale."""
    sides = [KINDS[kind](np.random.default_rng([seed, int(-level_db)]), seconds * RATE) for seed in range(2)]
    return np.stack([_at_level(side, level_db) for side in sides])


def _at_level(sound: Sound, level_db: float) -> NDArray[np.int16]:
    scaled = sound * (10 ** (level_db / 20) / max(1e-9, float(np.sqrt((sound**2).mean()))))
    return np.asarray(np.clip(scaled, -1, 1) * 32_767, np.int16)
