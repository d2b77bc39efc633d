"""Fine-tune the encoder on every set at once."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional as F

from codeframe.learned.heads import KINDS, Heads
from codeframe.training.data import ASPECT_GROUPS, CATEGORIES, Example
from codeframe.training.e5 import BOS, EOS, PAD, cut_vocabulary, read_e5, tokenizer_of
from codeframe.training.encoder import Encoder, Logits, Net
from codeframe.training.labels import Targets, Taxonomy, targets

log = logging.getLogger(__name__)

After = Callable[[int, float], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how fast to learn; `split` seeds the folds.

    The lowest `frozen` layers stay as they are, so their outputs are computed once."""

    epochs: int = 4
    layers: int = 10
    frozen: int = 3
    vocabulary: int = 26_000
    tokens: int = 1600
    length: int = 128
    rate: float = 1.2e-4
    head_rate: float = 1e-3
    seed: int = 1
    split: int = 0
    threads: int = 2


class Row(NamedTuple):
    """One text ready to batch: token states at the first trained layer (length, 384), and the term's tokens."""

    state: Tensor
    span: tuple[int, int]


def encode(tokenizer: Tokenizer, examples: Sequence[Example], length: int) -> tuple[list[list[int]], list[tuple[int, int]]]:
    """Token ids with the marks of begin and end, and the tokens [start, end) of each example's first mention."""
    ids, spans = [], []
    for example, encoding in zip(examples, tokenizer.encode_batch([e.text for e in examples]), strict=True):
        kept = encoding.ids[: length - 2]
        ids.append([BOS, *kept, EOS])
        span = (0, 0)
        if example.mentions:
            mention = example.mentions[0]
            inside = [i for i, (a, b) in enumerate(encoding.offsets[: len(kept)]) if a < mention.end and b > mention.start]
            span = (inside[0] + 1, inside[-1] + 2) if inside else span
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


def loss_of(logits: Logits, wanted: Targets, at: Sequence[int], feelings: Tensor) -> Tensor:
    """The sum over heads, a text's mean. `feelings` is -1 where no term is marked."""
    take = lambda array: torch.from_numpy(array[at])  # noqa: E731
    weight, codes = take(wanted.aspect_weight), take(wanted.codes)
    aspects = F.cross_entropy(logits.aspects.flatten(0, 1), take(wanted.aspects).flatten(), reduction="none").view_as(weight)
    by_code = F.binary_cross_entropy_with_logits(logits.codes, codes, reduction="none").sum(1)
    by_head = F.binary_cross_entropy_with_logits(logits.heads, take(wanted.heads), reduction="none").sum(1)
    category = F.cross_entropy(logits.category, take(wanted.category), reduction="none")
    feeling = F.cross_entropy(logits.feeling, feelings, ignore_index=-1, reduction="sum")
    total = (
        (aspects * weight).sum() + ((by_code + by_head) * take(wanted.code_weight)).sum() + (category * take(wanted.category_weight)).sum()
    )
    return (total + feeling) / len(at)


@torch.no_grad()
def predict(net: Net, rows: Sequence[Row], first: int) -> Heads:
    """Probabilities for every row, in order. The kind of text is left to the student."""
    net.eval()
    parts: list[tuple[list[int], list[Tensor]]] = []
    for batch in by_length([len(row.state) for row in rows], 6000):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = net(*collate([rows[i] for i in batch]), first)
        out = [
            logits.aspects.softmax(-1),
            logits.codes.sigmoid(),
            logits.heads.sigmoid(),
            logits.category.softmax(-1),
            logits.feeling.softmax(-1),
        ]
        parts.append((batch, [t.float() for t in out]))
    order = np.argsort(np.concatenate([batch for batch, _ in parts]))
    known = [torch.cat([out[k] for _, out in parts]).numpy()[order] for k in range(5)]
    return Heads._make((*known, np.full((len(rows), KINDS), 1 / KINDS, np.float32)))


class Teacher(NamedTuple):
    """A fine-tuned net, its tokenizer, and the rows of the texts that it was made with."""

    net: Net
    tokenizer: Tokenizer
    kept: list[int]
    rows: list[Row]
    targets: Targets


def prepare(weights: Path, examples: Sequence[Example], taxonomy: Taxonomy, plan: Plan) -> Teacher:
    """Cut the vocabulary, load e5, and run the frozen layers over every text."""
    torch.manual_seed(plan.seed)
    torch.set_num_threads(plan.threads)
    e5 = read_e5(weights)
    kept = cut_vocabulary(e5, [e.text for e in examples], plan.vocabulary)
    tokenizer = tokenizer_of([e5.pieces[i] for i in kept])
    encoder = Encoder(len(kept), plan.layers)
    encoder.load_e5(e5, kept)
    net = Net(encoder, taxonomy.head_of.tolist(), len(ASPECT_GROUPS), len(CATEGORIES) + 1)
    ids, spans = encode(tokenizer, examples, plan.length)
    rows = [Row(state, span) for state, span in zip(freeze(encoder, ids, plan.frozen), spans, strict=True)]
    return Teacher(net, tokenizer, kept, rows, targets(examples, taxonomy))


def fit(teacher: Teacher, examples: Sequence[Example], train: Sequence[int], plan: Plan, after: After = lambda epoch, loss: None) -> None:
    """AdamW with a linear warm-up and decay; `after(epoch, loss)` is called after each epoch."""
    net, noise = teacher.net, np.random.default_rng(plan.seed)
    trained = [p for layer in list(net.encoder.layers)[plan.frozen :] for p in layer.parameters()]
    heads = [p for name, p in net.named_parameters() if not name.startswith("encoder.")]
    optimiser = torch.optim.AdamW(
        [{"params": trained, "lr": plan.rate}, {"params": heads, "lr": plan.head_rate}], weight_decay=0.01, fused=True
    )
    lengths = [len(teacher.rows[i].state) for i in train]
    steps = plan.epochs * sum(1 for _ in by_length(lengths, plan.tokens))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda k: min(1, (k + 1) / (0.08 * steps)) * max(0.02, 1 - k / steps))
    feelings = torch.tensor([e.mentions[0].polarity if e.mentions else -1 for e in examples])
    for epoch in range(plan.epochs):
        net.train()
        total, count, started = 0.0, 0, time.monotonic()
        for batch in by_length(lengths, plan.tokens, noise):
            at = [train[i] for i in batch]
            with torch.autocast("cpu", dtype=torch.bfloat16):
                logits = net(*collate([teacher.rows[i] for i in at]), plan.frozen)
            loss = loss_of(Logits(*(t.float() for t in logits)), teacher.targets, at, feelings[at])
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(trained + heads, 1.0)
            optimiser.step()
            schedule.step()
            total, count = total + loss.item(), count + 1
            if not math.isfinite(total):
                raise FloatingPointError("the loss is not finite: lower the learning rate")
            if count in {10, 50} or count % 200 == 0:
                log.info("epoch %d step %d loss %.3f (%.2f s a step)", epoch, count, total / count, (time.monotonic() - started) / count)
        after(epoch, total / count)
