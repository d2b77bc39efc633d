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
_DIGEST = 8


class Meanings:
    """What is said of each of a frame's tags, as one direction: (tags, 128)."""

    def __init__(self, directions: Floats) -> None:
        self._directions = directions

    @classmethod
    def of(cls, frame: Frame, encode: Callable[[Sequence[str]], Floats], folder: Path | None = None) -> Meanings:
        """Tags of which the frame says what it said when the file in `folder` was saved are read from there; `encode` reads the others,
        which takes some 0.2 s a tag."""
        lines = _by_tag(frame)
        known = _stored(folder / FILE) if folder and (folder / FILE).exists() else {}
        new = [own for own in lines if _digest(own) not in known]
        if new:
            read = iter(encode([line.text for own in new for line in own]))
            known |= {_digest(own): _mean(own, np.array([next(read) for _ in own], np.float32)) for own in new}
        return cls(_even(np.array([known[_digest(own)] for own in lines], np.float32)))

    def save(self, frame: Frame, folder: Path) -> None:
        """What `of` reads, in int8."""
        digests = np.array([_digest(own) for own in _by_tag(frame)], np.uint64)
        np.savez_compressed(folder / FILE, digests=digests, directions=np.round(self._directions * _FINE).astype(np.int8))

    def likeness(self, directions: Floats) -> Floats:
        """How near each of n utterances is to each tag: cosines (n, tags)."""
        likeness: Floats = directions @ self._directions.T
        return likeness


def _even(directions: Floats) -> Floats:
    length: Floats = directions / np.linalg.norm(directions, axis=1, keepdims=True).clip(1e-6)
    return length


def _mean(lines: Sequence[Line], directions: Floats) -> Floats:
    """The mean direction of what is said of a tag; the frame's description and customers' sentences count alike."""
    parts = np.zeros((2, directions.shape[1]), np.float32)
    for line, direction in zip(lines, directions, strict=True):
        parts[int(line.said)] += direction
    mean: Floats = _even(parts).sum(0)
    return mean


def _by_tag(frame: Frame) -> list[list[Line]]:
    lines: list[list[Line]] = [[] for _ in frame.tags]
    for line in described(frame):
        lines[line.tag].append(line)
    return lines


def _stored(file: Path) -> dict[int, Floats]:
    with np.load(file) as stored:
        return dict(zip(stored["digests"].tolist(), stored["directions"].astype(np.float32), strict=True))


def _digest(lines: Sequence[Line]) -> int:
    return int.from_bytes(sha256("\n".join(f"{int(line.said)} {line.text}" for line in lines).encode()).digest()[:_DIGEST])
