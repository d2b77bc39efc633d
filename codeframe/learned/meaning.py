"""Tags found by meaning: what is said of a tag nearest to an utterance, in whatever language either is.

The encoder brings an utterance and what the frame and its customers say of its tag together (codeframe.training.twins). So it knows a
tag by what the frame says of it, and a changed frame needs no new model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np

from codeframe.frame import Frame
from codeframe.learned.seam import Floats
from codeframe.meanings import Line, described

FILE = "meanings.npz"
_FINE = 127


class Meanings:
    """What is said of each of a frame's tags, as one direction: (tags, 128)."""

    def __init__(self, directions: Floats) -> None:
        self._directions = directions

    @classmethod
    def of(cls, frame: Frame, encode: Callable[[Sequence[str]], Floats], folder: Path | None = None) -> Meanings:
        """From the file in `folder` if it is of what this frame says; else `encode` reads it, which takes minutes."""
        lines = described(frame)
        if folder and (folder / FILE).exists():
            with np.load(folder / FILE) as stored:
                if str(stored["digest"]) == _digest(lines):
                    return cls(_even(stored["directions"].astype(np.float32)))
        return cls(_means(lines, encode([line.text for line in lines]), len(frame.tags)))

    def save(self, frame: Frame, folder: Path) -> None:
        """What `of` reads, in int8."""
        rounded = np.round(self._directions * _FINE).astype(np.int8)
        np.savez_compressed(folder / FILE, digest=np.array(_digest(described(frame))), directions=rounded)

    def likeness(self, directions: Floats) -> Floats:
        """How near each of n utterances is to each tag: cosines (n, tags)."""
        likeness: Floats = directions @ self._directions.T
        return likeness


def _even(directions: Floats) -> Floats:
    length: Floats = directions / np.linalg.norm(directions, axis=1, keepdims=True).clip(1e-6)
    return length


def _means(lines: Sequence[Line], directions: Floats, tags: int) -> Floats:
    """The mean direction of what is said of each tag; a description and customers' sentences count alike."""
    parts = np.zeros((2, tags, directions.shape[1]), np.float32)
    for line, direction in zip(lines, directions, strict=True):
        parts[int(line.said), line.tag] += direction
    return _even(_even(parts[0]) + _even(parts[1]))


def _digest(lines: Sequence[Line]) -> str:
    return sha256("\n".join(f"{line.tag} {line.text}" for line in lines).encode()).hexdigest()
