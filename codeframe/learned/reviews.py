"""Small nets made for Chinese reviews alone, beside the encoder: convolutions over characters, in numpy.

They know little else and are no better than the encoder, but they fail on other texts than it does. Kim, "Convolutional Neural Networks
for Sentence Classification" (2014), with a second, dilated layer; each subject attends to the characters that speak of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from codeframe.folding import fold
from codeframe.learned.rules import softmax
from codeframe.learned.seam import Floats, Ints

FILE = "reviews.npz"
LONGEST = 200
WIDTHS, CHANNELS, DILATION = (1, 3, 5), 96, 2
PAD, UNKNOWN, FIRST = 0, 1, 2
_FAR = -1e4
_TOKEN = re.compile(r"[a-z]+|\d+|[^\sa-z\d]")
_LONGEST_NUMBER = 4
_BATCH = 64


def tokens(text: str) -> list[str]:
    """Characters, English words, and numbers by how many digits they have."""
    found = _TOKEN.findall(fold(text))[:LONGEST]
    return [f"#{min(len(token), _LONGEST_NUMBER)}" if token.isdigit() else token for token in found]


def padded(rows: Sequence[Sequence[int]]) -> Ints:
    """Ids (n, longest row), at least one column."""
    ids = np.full((len(rows), max(1, *map(len, rows))), PAD, np.int64)
    for at, row in enumerate(rows):
        ids[at, : len(row)] = row
    return ids


class ReviewNets:
    """Several nets of one shape, whose logits are averaged. `nets` are parameters by name; `vocabulary` is in the order of the ids."""

    def __init__(self, vocabulary: Sequence[str], nets: Sequence[Mapping[str, Floats]]) -> None:
        self._ids = {token: at for at, token in enumerate(vocabulary, FIRST)}
        self._nets = nets

    @classmethod
    def load(cls, folder: Path) -> Self | None:
        """Read `reviews.npz`; None where the folder has none."""
        if not (folder / FILE).exists():
            return None
        with np.load(folder / FILE) as stored:
            arrays = dict(stored)
        nets: dict[str, dict[str, Floats]] = {}
        for name, array in arrays.items():
            number, _, parameter = name.partition(".")
            if parameter and not parameter.endswith("_scale"):
                nets.setdefault(number, {})[parameter] = array.astype(np.float32) * arrays.get(f"{name}_scale", np.float32(1))
        return cls(str(arrays["vocabulary"]).split("\n"), list(nets.values()))

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        return [[self._ids.get(token, UNKNOWN) for token in tokens(text)] for text in texts]

    def aspects(self, texts: Sequence[str]) -> Floats:
        """Probabilities (n, subjects, 4) of absent, negative, neutral, positive, in order."""
        rows = self.ids(texts)
        order = sorted(range(len(rows)), key=lambda at: len(rows[at]))
        parts = [self._batch(padded([rows[at] for at in order[first : first + _BATCH]])) for first in range(0, len(order), _BATCH)]
        return np.concatenate(parts)[np.argsort(order)]

    def _batch(self, ids: Ints) -> Floats:
        return softmax(np.mean([_logits(net, ids) for net in self._nets], 0))


def _logits(net: Mapping[str, Floats], ids: Ints) -> Floats:
    mask = (ids != PAD)[..., None]
    letters = net["words"][ids]
    hidden = np.concatenate([np.maximum(_slid(letters, width) @ net[f"wide{width}"] + net[f"wide{width}.bias"], 0) for width in WIDTHS], -1)
    hidden *= mask
    groups = np.split(hidden, len(WIDTHS), -1)
    second = [_slid(group, 3, DILATION) @ net[f"second{at}"] for at, group in enumerate(groups)]
    hidden = (hidden + np.maximum(np.concatenate(second, -1) + net["second.bias"], 0)) * mask
    attention = softmax(np.where(mask, hidden @ net["query"], _FAR).transpose(0, 2, 1))
    seen = attention @ hidden
    most = np.where(mask, hidden, _FAR).max(1) * mask.any(1)
    logits: Floats = np.einsum("nsw,wsc->nsc", seen, net["subject"].reshape(hidden.shape[-1], -1, 4))
    logits += (most @ net["most"] + net["bias"]).reshape(logits.shape)
    return logits


def _slid(x: Floats, width: int, step: int = 1) -> Floats:
    """What a convolution of that width sees at each place, side by side: (n, length, width x channels)."""
    n, length, channels = x.shape
    reach = width // 2 * step
    wide = np.pad(x, ((0, 0), (reach, reach), (0, 0)))
    windows: NDArray[np.float32] = sliding_window_view(wide, 2 * reach + 1, 1)[..., ::step]
    return windows.transpose(0, 1, 3, 2).reshape(n, length, width * channels)
