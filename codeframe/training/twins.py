"""Texts that mean the same, for teaching an encoder to bring an utterance and what is said of its tag together.

Each tag has a direction of its own, learned beside the encoder: a text must be nearer to that of its tag than to all others, and nearer to
the same sentence in the other language than to others. The texts are what the frame and its customers say of a tag, titles of the codes
that cover it, utterances in which words find it, and small talk, which has a direction too. The tags' directions serve training
alone: at work a tag is the mean of what is said of it, so a changed frame needs no training.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional as F

from codeframe.analysis import Analyst
from codeframe.crosswalk import load_mapping
from codeframe.finding import found_in
from codeframe.frame import Frame
from codeframe.meanings import described
from codeframe.training.data import Example
from codeframe.training.encoder import MEANING, Encoder, Net
from codeframe.training.rows import Row, collate, encode, freeze

_LONGEST = 48
_SURE = 0.5
_SHARPNESS = 20.0
_PAIRS = 36
_BESIDE = {"described": 12, "titles": 5, "words": 3, "nothing": 3}
_TITLES = "complaints"

Lines = list[tuple[tuple[int, ...], str]]


class Twins(NamedTuple):
    """Rows ready to batch, and of each the tags that it may be of; a sentence in both languages by its two rows, the others by where they
    are from. `directions` are those of the tags and, last, of small talk."""

    rows: list[Row]
    tags: list[tuple[int, ...]]
    pairs: list[tuple[int, int]]
    beside: dict[str, list[int]]
    directions: nn.Parameter


def said_of(examples: Iterable[Example], frame: Frame) -> Lines:
    """Short utterances with the tag that words are surest of."""
    texts = [example.text for example in examples if len(example.text) <= 2 * _LONGEST]
    pairs: Lines = []
    for text, analysis in zip(texts, Analyst(frame).analyse(texts), strict=True):
        found = found_in(analysis) if analysis.judged else []
        best = max(found, key=lambda one: one.confidence, default=None)
        if best is not None and best.confidence >= _SURE:
            pairs.append(((best.tag,), text))
    return pairs


def titles_of(examples: Iterable[Example], frame: Frame) -> Lines:
    """Titles of one code, with the tags that the code covers."""
    if not (frame.folder / "crosswalks" / f"{_TITLES}.yaml").is_file():
        return []
    covered, at = load_mapping(frame, _TITLES).tags, {tag.id: at for at, tag in enumerate(frame.tags)}
    coded = [(covered.get(next(iter(example.codes)), ()), example.text) for example in examples if len(example.codes) == 1]
    return [(tuple(at[tag] for tag in tags), text) for tags, text in coded if tags]


def twins(encoder: Encoder, tokenizer: Tokenizer, examples: Sequence[Example], frame: Frame, frozen: int) -> Twins:
    """What is said of a frame's tags; run the frozen layers over it."""
    lines = described(frame)
    posted = [example for example in examples if example.source != "smalltalk"]
    parts: dict[str, Lines] = {
        "said": [((line.tag,), line.text) for line in lines if line.said],
        "described": [((line.tag,), line.text) for line in lines if not line.said],
        "titles": titles_of(posted, frame),
        "words": said_of(posted, frame),
        "nothing": [((len(frame.tags),), example.text) for example in examples if example.source == "smalltalk"],
    }
    ids, _ = encode(tokenizer, [text for part in parts.values() for _, text in part], _LONGEST)
    rows = [Row(state, (0, 0)) for state in freeze(encoder, ids, frozen)]
    ends = np.cumsum([0, *map(len, parts.values())]).tolist()
    places = {name: list(range(*ends)) for name, ends in zip(parts, pairwise(ends), strict=True)}
    said = places.pop("said")
    directions = nn.Parameter(F.normalize(torch.randn(len(frame.tags) + 1, MEANING), dim=-1))
    tags = [tags for part in parts.values() for tags, _ in part]
    return Twins(
        rows, tags, list(zip(said[::2], said[1::2], strict=True)), {name: rows for name, rows in places.items() if rows}, directions
    )


def twin_loss(net: Net, twins: Twins, noise: np.random.Generator, first: int) -> Tensor:
    """Of a batch of texts, each against the directions of all tags (Movshovitz-Attias et al., "No Fuss Distance Metric Learning using
    Proxies", 2017), and each sentence against its twin in the other language among all (van den Oord et al., "Representation Learning
    with Contrastive Predictive Coding", 2018)."""
    pairs = [twins.pairs[i] for i in noise.permutation(len(twins.pairs))[:_PAIRS]]
    others = [int(row) for name, rows in twins.beside.items() for row in noise.choice(rows, _BESIDE[name])]
    total, sides = torch.zeros(()), []
    for side in ([one for one, _ in pairs], [other for _, other in pairs], others):
        if side:
            with torch.autocast("cpu", dtype=torch.bfloat16):
                direction = net.direction(net.read(*collate([twins.rows[i] for i in side])[:2], first)[1])
            sides.append(direction.float())
            total = total + _apart(sides[-1], [twins.tags[i] for i in side], twins.directions)
    total = total / (2 * len(pairs) + len(others))
    if not pairs:
        return total
    likeness, same = sides[0] @ sides[1].T * _SHARPNESS, torch.arange(len(pairs))
    return total + (F.cross_entropy(likeness, same) + F.cross_entropy(likeness.T, same)) / 4


def _apart(texts: Tensor, tags: Sequence[tuple[int, ...]], directions: Tensor) -> Tensor:
    own = torch.zeros(len(texts), len(directions), dtype=torch.bool)
    for row, some in enumerate(tags):
        own[row, list(some)] = True
    logits = texts @ F.normalize(directions, dim=-1).T * _SHARPNESS
    return (logits.logsumexp(1) - logits.masked_fill(~own, -torch.inf).logsumexp(1)).sum()
