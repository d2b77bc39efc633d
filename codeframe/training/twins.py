"""Texts that mean the same, for teaching an encoder to bring an utterance and the description of its tag together.

A tag is described by its names, definition, example and terms, in Chinese and in English; an utterance belongs to the tag that words
find in it most surely. What words know in Chinese so becomes known in English.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from codeframe.analysis import Analyst
from codeframe.finding import found_in
from codeframe.frame import Frame
from codeframe.meanings import described
from codeframe.training.data import Example
from codeframe.training.encoder import Encoder, Net
from codeframe.training.rows import Row, collate, encode, freeze

LEAVES = 32
_LONGEST = 44
_SURE, _SPOKEN = 0.5, 0.6
_SHARPNESS = 20.0


class Twins(NamedTuple):
    """Rows ready to batch, and by tag those that describe it and those that people said of it."""

    rows: list[Row]
    descriptions: list[list[int]]
    said: list[list[int]]


def said_of(examples: Sequence[Example], frame: Frame) -> list[tuple[int, str]]:
    """Short utterances with the tag that words are surest of."""
    texts = [example.text for example in examples if len(example.text) <= 2 * _LONGEST]
    pairs = []
    for text, analysis in zip(texts, Analyst(frame).analyse(texts), strict=True):
        found = found_in(analysis) if analysis.judged else []
        best = max(found, key=lambda one: one.confidence, default=None)
        if best is not None and best.confidence >= _SURE:
            pairs.append((best.tag, text))
    return pairs


def twins(encoder: Encoder, tokenizer: Tokenizer, examples: Sequence[Example], frame: Frame, frozen: int) -> Twins:
    """The twins of a frame's tags; run the frozen layers over them."""
    lines = [*described(frame), *said_of(examples, frame)]
    ids, _ = encode(tokenizer, [text for _, text in lines], _LONGEST)
    rows = [Row(state, (0, 0)) for state in freeze(encoder, ids, frozen)]
    found: tuple[list[list[int]], list[list[int]]] = ([[] for _ in frame.tags], [[] for _ in frame.tags])
    count = len(described(frame))
    for at, (tag, _) in enumerate(lines):
        found[at >= count][tag].append(at)
    return Twins(rows, *found)


def twin_loss(net: Net, twins: Twins, noise: np.random.Generator, first: int) -> Tensor:
    """Of a batch of tags, one text of each and one description of each: each must know its twin among all (van den Oord et al.,
    "Representation Learning with Contrastive Predictive Coding", 2018)."""
    sides: tuple[list[Row], list[Row]] = ([], [])
    for tag in noise.choice(len(twins.descriptions), min(LEAVES, len(twins.descriptions)), replace=False):
        one, other = noise.choice(twins.descriptions[tag], 2, replace=False)
        if twins.said[tag] and noise.random() < _SPOKEN:
            one = noise.choice(twins.said[tag])
        sides[0].append(twins.rows[one])
        sides[1].append(twins.rows[other])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        a, b = (net.direction(net.read(*collate(rows)[:2], first)[1]) for rows in sides)
    likeness = a @ b.T * _SHARPNESS
    same = torch.arange(len(a))
    return (torch.nn.functional.cross_entropy(likeness, same) + torch.nn.functional.cross_entropy(likeness.T, same)) / 2
