"""Texts as rows of token states, and batches of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from codeframe.training.e5 import BOS, EOS, PAD
from codeframe.training.encoder import Encoder


class Row(NamedTuple):
    """One text ready to batch: token states at the first trained layer (length, 384), and the term's tokens."""

    state: Tensor
    span: tuple[int, int]


def encode(
    tokenizer: Tokenizer, texts: Sequence[str], length: int, terms: Sequence[tuple[int, int]] = ()
) -> tuple[list[list[int]], list[tuple[int, int]]]:
    """Token ids with the marks of begin and end, and the tokens [start, end) of each text's term, given as [start, end) of the text."""
    ids, spans = [], []
    for encoding, term in zip(tokenizer.encode_batch(list(texts)), terms or [(0, 0)] * len(texts), strict=True):
        kept = encoding.ids[: length - 2]
        ids.append([BOS, *kept, EOS])
        inside = [i for i, (a, b) in enumerate(encoding.offsets[: len(kept)]) if a < term[1] and b > term[0]]
        span = (inside[0] + 1, inside[-1] + 2) if inside else (0, 0)
        spans.append(span)
    return ids, spans


@torch.no_grad()
def freeze(encoder: Encoder, ids: Sequence[Sequence[int]], layers: int, tokens: int = 4000) -> list[Tensor]:
    """Outputs of the lowest `layers` for every text, in half precision, in order."""
    encoder.eval()
    out: list[Tensor] = [torch.empty(0)] * len(ids)
    for batch in by_length([len(row) for row in ids], tokens):
        width = max(len(ids[i]) for i in batch)
        padded = torch.tensor([[*ids[i], *[PAD] * (width - len(ids[i]))] for i in batch])
        mask = torch.tensor([[1.0] * len(ids[i]) + [0.0] * (width - len(ids[i])) for i in batch])
        with torch.autocast("cpu", dtype=torch.bfloat16):
            states = encoder(encoder.embed(padded), mask, 0, layers)
        for i, state in zip(batch, states, strict=True):
            out[i] = state[: len(ids[i])].bfloat16().clone()
    return out


def by_length(lengths: Sequence[int], tokens: int, noise: np.random.Generator | None = None) -> Iterator[list[int]]:
    """Batches of rows of like length, at most `tokens` with padding; shuffled where `noise` is given."""
    jitter = noise.normal(0, 3, len(lengths)) if noise else np.zeros(len(lengths))
    batches: list[list[int]] = [[]]
    for i in np.argsort(np.asarray(lengths) + jitter, kind="stable"):
        widest = max([lengths[i], *(lengths[j] for j in batches[-1])])
        if batches[-1] and widest * (len(batches[-1]) + 1) > tokens:
            batches.append([])
        batches[-1].append(int(i))
    if noise:
        noise.shuffle(batches)
    yield from batches


def collate(rows: Sequence[Row]) -> tuple[Tensor, Tensor, Tensor]:
    """States, token mask and term mask of a batch, padded."""
    width = max(len(row.state) for row in rows)
    x = torch.zeros(len(rows), width, rows[0].state.shape[1])
    mask, span = torch.zeros(len(rows), width), torch.zeros(len(rows), width)
    for i, row in enumerate(rows):
        x[i, : len(row.state)], mask[i, : len(row.state)], span[i, row.span[0] : row.span[1]] = row.state, 1, 1
    return x, mask, span
