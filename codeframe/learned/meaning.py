"""Tags found by meaning: what is said of a tag nearest to an utterance, in whatever language either is.

The encoder brings an utterance and what the frame and its customers say of its tag together (codeframe.training.twins). So it knows a
tag by what the frame says of it, and a changed frame needs no new model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from codeframe.frame import Frame
from codeframe.learned.seam import Floats
from codeframe.meanings import Line, described

FILE = "meanings.npz"
_FINE = 127
_DIGEST = 8
_SHARPNESS, _MEAN = 24.0, 0.5
_SMALL, _LARGE = 1.0, 3.0
_BLOCK = 64  # utterances against some 40,000 sentences: 10 MB


class Said(NamedTuple):
    """What is said of a tag: the mean direction (128,), and in two bits a number (sentences, 32) that of each sentence of its customers, or
    of the frame's lines where it has none."""

    mean: Floats
    sentences: NDArray[np.uint8]


class Meanings:
    """What is said of each of a frame's tags, as directions."""

    def __init__(self, tags: Sequence[Said]) -> None:
        self._tags = tags
        self._means = _even(np.array([tag.mean for tag in tags], np.float32))
        self._sentences = _even(_unpacked(np.concatenate([tag.sentences for tag in tags]), self._means.shape[1]))
        self._counts = np.array([len(tag.sentences) for tag in tags])
        self._starts = np.cumsum(self._counts) - self._counts

    @classmethod
    def of(cls, frame: Frame, encode: Callable[[Sequence[str]], Floats], folder: Path | None = None) -> Meanings:
        """Tags of which the frame says what it said when the file in `folder` was saved are read from there; `encode` reads the others,
        which takes some 0.5 s a tag."""
        lines = _by_tag(frame)
        known = _stored(folder / FILE) if folder and (folder / FILE).exists() else {}
        new = [own for own in lines if _digest(own) not in known]
        if new:
            read = iter(encode([line.text for own in new for line in own]))
            known |= {_digest(own): _said(own, np.array([next(read) for _ in own], np.float32)) for own in new}
        return cls([known[_digest(own)] for own in lines])

    def save(self, frame: Frame, folder: Path) -> None:
        """What `of` reads, the means in int8."""
        np.savez_compressed(
            folder / FILE,
            digests=np.array([_digest(own) for own in _by_tag(frame)], np.uint64),
            directions=np.round(self._means * _FINE).astype(np.int8),
            counts=self._counts,
            sentences=np.concatenate([tag.sentences for tag in self._tags]),
        )

    def likeness(self, directions: Floats) -> Floats:
        """How near each of n utterances is to each tag (n, tags): the logarithm of the mean closeness of its sentences, which follows the
        nearest (a kernel density; Parzen, "On Estimation of a Probability Density Function and Mode", 1962), and half the cosine of
        their mean."""
        blocks = [self._likeness(directions[start : start + _BLOCK]) for start in range(0, len(directions), _BLOCK)]
        return np.concatenate(blocks) if blocks else np.zeros((0, len(self._counts)), np.float32)

    def _likeness(self, directions: Floats) -> Floats:
        near = np.exp(_SHARPNESS * (directions @ self._sentences.T))
        density = np.log(np.add.reduceat(near, self._starts, axis=1) / self._counts) / _SHARPNESS
        likeness: Floats = density + _MEAN * (directions @ self._means.T)
        return likeness


def _even(directions: Floats) -> Floats:
    length: Floats = directions / np.linalg.norm(directions, axis=1, keepdims=True).clip(1e-6)
    return length


def _said(lines: Sequence[Line], directions: Floats) -> Said:
    """The frame's description and customers' sentences count alike in the mean."""
    by_customers = np.array([line.said for line in lines])
    parts = np.array([directions[~by_customers].sum(0), directions[by_customers].sum(0)])
    return Said(_even(parts).sum(0), packed(directions[by_customers] if by_customers.any() else directions))


def packed(directions: Floats) -> NDArray[np.uint8]:
    """Of each number its sign and whether it is larger than most: two bits, which keep nine tenths of what the sentences add."""
    large = np.abs(directions) > np.abs(directions).mean(1, keepdims=True)
    return np.packbits(np.concatenate([directions > 0, large], 1), axis=1)


def _unpacked(packed: NDArray[np.uint8], width: int) -> Floats:
    bits = np.unpackbits(packed, axis=1, count=2 * width).astype(np.float32)
    return (2 * bits[:, :width] - 1) * np.where(bits[:, width:] > 0, np.float32(_LARGE), np.float32(_SMALL))


def _by_tag(frame: Frame) -> list[list[Line]]:
    lines: list[list[Line]] = [[] for _ in frame.tags]
    for line in described(frame):
        lines[line.tag].append(line)
    return lines


def _stored(file: Path) -> dict[int, Said]:
    with np.load(file) as stored:
        if "sentences" not in stored:  # of an older model: all is read again
            return {}
        sentences = np.split(stored["sentences"], np.cumsum(stored["counts"])[:-1])
        means = stored["directions"].astype(np.float32)
        return {digest: Said(mean, own) for digest, mean, own in zip(stored["digests"].tolist(), means, sentences, strict=True)}


def _digest(lines: Sequence[Line]) -> int:
    return int.from_bytes(sha256("\n".join(f"{int(line.said)} {line.text}" for line in lines).encode()).digest()[:_DIGEST])
