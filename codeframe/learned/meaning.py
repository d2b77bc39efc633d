"""Tags found by meaning: the description nearest to an utterance, in whatever language either is.

The encoder brings an utterance and the descriptions of its tag together (codeframe.training.twins). So it knows a tag by what the frame
says of it, and a changed frame needs no new model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np

from codeframe.frame import Frame
from codeframe.learned.seam import Floats, Ints
from codeframe.meanings import described

FILE = "meanings.npz"
_FINE = 127


class Meanings:
    """The descriptions of a frame's tags as directions (d, 128), and whose each is."""

    def __init__(self, directions: Floats, owners: Ints) -> None:
        self._directions, self._owners = directions, owners
        self._tags = int(owners.max()) + 1

    @classmethod
    def of(cls, frame: Frame, encode: Callable[[Sequence[str]], Floats], folder: Path | None = None) -> Meanings:
        """From the file in `folder` if it is of this frame's descriptions; else `encode` reads them, which takes seconds."""
        lines = described(frame)
        owners = np.array([tag for tag, _ in lines])
        if folder and (folder / FILE).exists():
            with np.load(folder / FILE) as stored:
                if str(stored["digest"]) == _digest(lines):
                    return cls(stored["directions"].astype(np.float32) / _FINE, owners)
        return cls(encode([text for _, text in lines]), owners)

    def save(self, frame: Frame, folder: Path) -> None:
        """What `of` reads, in int8."""
        rounded = np.round(self._directions * _FINE).astype(np.int8)
        np.savez_compressed(folder / FILE, digest=np.array(_digest(described(frame))), directions=rounded)

    def likeness(self, directions: Floats) -> Floats:
        """How near each of n utterances is to each tag, by its two nearest descriptions: cosines (n, tags)."""
        cosines = directions @ self._directions.T
        out = np.full((len(directions), self._tags), -1.0, np.float32)
        for tag in range(self._tags):
            own = np.sort(cosines[:, self._owners == tag], axis=1)
            out[:, tag] = own[:, -2:].mean(1) if own.shape[1] else -1
        return out


def _digest(lines: Sequence[tuple[int, str]]) -> str:
    return sha256("\n".join(f"{tag} {text}" for tag, text in lines).encode()).hexdigest()
