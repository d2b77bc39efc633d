"""The fast tier's net in torch: hashed n-grams, pooled by clause, with the same heads as the encoder.

Clauses are bags of n-grams (Joulin et al., "Bag of Tricks for Efficient Text Classification", 2017). Each aspect attends to the clauses
that speak of it. Trained on given labels mixed with a teacher's probabilities (Hinton et al., "Distilling the Knowledge in a Neural
Network", 2015).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from codeframe.learned.heads import KINDS, Heads
from codeframe.learned.ngrams import BUCKETS, Bags, extract
from codeframe.learned.seam import Floats, Ints
from codeframe.learned.windows import window
from codeframe.training.data import Example
from codeframe.training.labels import SURE, Targets

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StudentPlan:
    """`trust` is the teacher's share of a target where a label is given; where none is, the teacher's word counts `alone`.

    `split` seeds the folds."""

    epochs: int = 12
    width: int = 64
    batch: int = 64
    rate: float = 5e-3
    drop: float = 0.15
    dropout: float = 0.3
    trust: float = 0.7
    alone: float = 0.5
    seed: int = 1
    split: int = 0
    threads: int = 1


class Soft(NamedTuple):
    """Targets as probabilities, with weights: presence (n, a), polarity (n, a, 3), codes (n, c), heads (n, h), category (n, 20),
    feeling (n, 3); `kind` (n,) is the kind of text, -1 unknown."""

    presence: Floats
    presence_weight: Floats
    polarity: Floats
    polarity_weight: Floats
    codes: Floats
    heads: Floats
    code_weight: Floats
    category: Floats
    category_weight: Floats
    feeling: Floats
    feeling_weight: Floats
    kind: Ints


def soften(examples: Sequence[Example], hard: Targets, teacher: Heads | None, plan: StudentPlan) -> Soft:
    """Given labels mixed with the teacher's, who may know the first examples only; without a teacher, the labels alone."""
    if teacher is not None and (count := len(teacher.aspects)) < len(examples):
        parts = (
            soften(examples[:count], hard.take(slice(count)), teacher, plan),
            soften(examples[count:], hard.take(slice(count, None)), None, plan),
        )
        return Soft(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))
    feeling = np.zeros((len(examples), 3), np.float32)
    marked = np.array([bool(e.mentions) for e in examples])
    for i in np.flatnonzero(marked).tolist():
        feeling[i, examples[i].mentions[0].polarity] = 1
    here = hard.aspects > 0
    polarity = np.eye(3, dtype=np.float32)[np.maximum(hard.aspects - 1, 0)]
    category = np.eye(20, dtype=np.float32)[hard.category]
    known, sure = hard.aspect_weight >= 1, marked.astype(np.float32)
    if teacher is None:
        presence, weight = here * np.float32(0.97) + np.float32(0.01), hard.aspect_weight
        coded = hard.codes, hard.heads, hard.code_weight
        return Soft(presence, weight, polarity, here * weight, *coded, category, hard.category_weight, feeling, sure, hard.kind)
    trust = lambda weight: np.where(weight >= SURE, 0, np.where(weight >= 1, plan.trust, 1))  # noqa: E731
    mix = lambda given, told, weight: ((1 - trust(weight)) * given + trust(weight) * told).astype(np.float32)  # noqa: E731
    told_presence = 1 - teacher.aspects[..., 0]
    told_polarity = teacher.aspects[..., 1:] / teacher.aspects[..., 1:].sum(-1, keepdims=True).clip(1e-6)
    return Soft(
        mix(here, told_presence, hard.aspect_weight),
        np.where(known, 1, plan.alone).astype(np.float32),
        np.where((known & here)[..., None], (1 - plan.trust) * polarity + plan.trust * told_polarity, told_polarity).astype(np.float32),
        np.where(known & here, 1, np.where(known, 1, plan.alone) * told_presence).astype(np.float32),
        mix(hard.codes, teacher.codes, hard.code_weight[:, None]),
        mix(hard.heads, teacher.heads, hard.code_weight[:, None]),
        np.where(hard.code_weight >= 1, 1, plan.alone).astype(np.float32),
        mix(category, teacher.category, hard.category_weight[:, None]),
        np.where(hard.category_weight >= 1, 1, plan.alone).astype(np.float32),
        np.where(marked[:, None], (1 - plan.trust) * feeling + plan.trust * teacher.feeling, 0).astype(np.float32),
        sure,
        hard.kind,
    )


class Out(NamedTuple):
    """Logits: presence (n, a), polarity (n, a, 3), codes (n, c), heads (n, h), category (n, 20), feeling (n, 3), kind (n, 5)."""

    presence: Tensor
    polarity: Tensor
    codes: Tensor
    heads: Tensor
    category: Tensor
    feeling: Tensor
    kind: Tensor


class Student(nn.Module):
    """See codeframe.fast for the same sums in numpy."""

    def __init__(self, width: int, aspects: int, codes: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.table = nn.EmbeddingBag(BUCKETS, width, mode="sum", sparse=True)
        nn.init.normal_(self.table.weight, 0, 0.05)
        self.clause, self.text, self.near = nn.Linear(width, width), nn.Linear(width, width), nn.Linear(width, width)
        self.clause_presence, self.text_presence = nn.Linear(width, aspects), nn.Linear(width, aspects)
        self.sharpness = nn.Parameter(torch.tensor(1.5))
        self.clause_polarity, self.text_polarity = nn.Linear(width, aspects * 3), nn.Linear(width, aspects * 3)
        self.clause_shared, self.text_shared = nn.Linear(width, 3), nn.Linear(width, 3)
        self.codes, self.heads, self.category = nn.Linear(width, codes), nn.Linear(width, heads), nn.Linear(width, 20)
        self.feeling, self.kind = nn.Linear(width, 3), nn.Linear(width, KINDS)
        self.dropout, self.aspects = nn.Dropout(dropout), aspects
        nn.init.constant_(self.codes.bias, -4.0)

    def pooled(self, buckets: Tensor, starts: Tensor, keep: float) -> tuple[Tensor, Tensor]:
        """Sums by clause and counts, with n-grams dropped at random in training."""
        weights = (torch.rand(buckets.shape) < keep).float() if self.training else None
        counts = torch.diff(starts).float()
        return self.table(buckets, starts[:-1], per_sample_weights=weights), counts

    def forward(self, texts: tuple[Tensor, Tensor, Tensor], near: tuple[Tensor, Tensor, Tensor], n: int, drop: float) -> Out:
        """`texts` and `near` are (buckets, starts, text of each clause) of n texts and of the words about each one's term."""
        sums, counts = self.pooled(texts[0], texts[1], 1 - drop)
        of = texts[2]
        total = torch.zeros(n, 1).index_add(0, of, counts[:, None])
        text = torch.zeros(n, sums.shape[1]).index_add(0, of, sums) / total.clamp(min=1).sqrt()
        clause = sums / counts[:, None].clamp(min=1).sqrt()
        clause = self.dropout(clause + F.relu(self.clause(clause)))
        text = self.dropout(text + F.relu(self.text(text)))
        spoken = self.clause_presence(clause)
        weight = torch.exp((spoken * self.sharpness).clamp(-15, 15))
        share = weight / (torch.zeros(n, self.aspects).index_add(0, of, weight) + 1e-6)[of]
        presence = torch.zeros(n, self.aspects).index_add(0, of, share * spoken) + self.text_presence(text)
        by_clause = self.clause_polarity(clause).view(-1, self.aspects, 3) + self.clause_shared(clause)[:, None]
        polarity = torch.zeros(n, self.aspects, 3).index_add(0, of, by_clause * share[..., None])
        polarity = polarity + self.text_polarity(text).view(-1, self.aspects, 3) + self.text_shared(text)[:, None]
        sums, counts = self.pooled(near[0], near[1], 1 - drop)
        total = torch.zeros(n, 1).index_add(0, near[2], counts[:, None])
        close = torch.zeros(n, sums.shape[1]).index_add(0, near[2], sums) / total.clamp(min=1).sqrt()
        close = self.dropout(close + F.relu(self.near(close)))
        return Out(presence, polarity, self.codes(text), self.heads(text), self.category(text), self.feeling(close), self.kind(text))


def _batch(bags: Bags, first: NDArray[np.int64], which: NDArray[np.int64]) -> tuple[Tensor, Tensor, Tensor]:
    clauses = np.concatenate([np.arange(first[i], first[i + 1]) for i in which])
    sizes = bags.starts[clauses + 1] - bags.starts[clauses]
    starts = np.concatenate([[0], np.cumsum(sizes)])
    at = np.repeat(bags.starts[clauses] - starts[:-1], sizes) + np.arange(starts[-1])
    of = np.repeat(np.arange(len(which)), first[which + 1] - first[which])
    return torch.from_numpy(bags.buckets[at].astype(np.int64)), torch.from_numpy(starts), torch.from_numpy(of)


class Corpus(NamedTuple):
    """N-grams of texts and of the words about their terms, ready to batch."""

    texts: Bags
    first: NDArray[np.int64]
    near: Bags
    near_first: NDArray[np.int64]

    @staticmethod
    def of(examples: Sequence[Example]) -> Corpus:
        texts = extract([e.text for e in examples])
        near = extract([window(e.text, e.mentions[0].start, e.mentions[0].end) if e.mentions else "" for e in examples])
        firsts = [np.searchsorted(bags.text_of, np.arange(len(examples) + 1)) for bags in (texts, near)]
        return Corpus(texts, firsts[0], near, firsts[1])

    def batch(self, which: NDArray[np.int64]) -> tuple[tuple[Tensor, Tensor, Tensor], tuple[Tensor, Tensor, Tensor], int]:
        return _batch(self.texts, self.first, which), _batch(self.near, self.near_first, which), len(which)


def student_loss(out: Out, soft: Soft, at: NDArray[np.int64]) -> Tensor:
    """Cross-entropies with soft targets, summed over heads, a text's mean."""
    take = lambda array: torch.from_numpy(array[at])  # noqa: E731
    entropy = lambda logits, target: -(target * logits.log_softmax(-1)).sum(-1)  # noqa: E731
    binary = lambda logits, target: F.binary_cross_entropy_with_logits(logits, target, reduction="none")  # noqa: E731
    total = (binary(out.presence, take(soft.presence)) * take(soft.presence_weight)).sum()
    total = total + (entropy(out.polarity, take(soft.polarity)) * take(soft.polarity_weight)).sum()
    coded = binary(out.codes, take(soft.codes)).sum(1) + binary(out.heads, take(soft.heads)).sum(1)
    total = total + (coded * take(soft.code_weight)).sum()
    total = total + (entropy(out.category, take(soft.category)) * take(soft.category_weight)).sum()
    total = total + (entropy(out.feeling, take(soft.feeling)) * take(soft.feeling_weight)).sum()
    total = total + F.cross_entropy(out.kind, take(soft.kind), reduction="sum", ignore_index=-1)
    return total / len(at)


def train_student(model: Student, corpus: Corpus, soft: Soft, train: NDArray[np.int64], plan: StudentPlan) -> None:
    """Sparse Adam on the table, AdamW on the rest, with a linear warm-up and decay."""
    noise = np.random.default_rng(plan.seed)
    dense = [p for name, p in model.named_parameters() if not name.startswith("table")]
    optimisers = [torch.optim.SparseAdam([model.table.weight], lr=plan.rate), torch.optim.AdamW(dense, lr=plan.rate, weight_decay=0.01)]
    steps, step = plan.epochs * -(-len(train) // plan.batch), 0
    for epoch in range(plan.epochs):
        model.train()
        order, total, started = noise.permutation(train), 0.0, time.monotonic()
        for start in range(0, len(order), plan.batch):
            at = order[start : start + plan.batch]
            loss = student_loss(model(*corpus.batch(at), plan.drop), soft, at)
            for optimiser in optimisers:
                optimiser.param_groups[0]["lr"] = plan.rate * (min(1, (step + 1) / (0.1 * steps)) * (1 - step / steps) + 1e-3)
                optimiser.zero_grad()
            loss.backward()
            for optimiser in optimisers:
                optimiser.step()
            step, total = step + 1, total + loss.item() * len(at)
        log.info("student epoch %d loss %.3f (%.0f s)", epoch, total / len(order), time.monotonic() - started)


@torch.no_grad()
def predict_student(model: Student, corpus: Corpus, which: NDArray[np.int64]) -> Heads:
    """Probabilities for the texts at `which`."""
    model.eval()
    parts = []
    for start in range(0, len(which), 256):
        out = model(*corpus.batch(which[start : start + 256]), 0.0)
        present = out.presence.sigmoid()[..., None]
        aspects = torch.cat([1 - present, present * out.polarity.softmax(-1)], -1)
        parts.append(
            [aspects, out.codes.sigmoid(), out.heads.sigmoid(), out.category.softmax(-1), out.feeling.softmax(-1), out.kind.softmax(-1)]
        )
    return Heads(*(torch.cat([part[k] for part in parts]).numpy() for k in range(6)))
