"""Fine-tune the encoder on every set at once."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional as F

from codeframe.frame import Frame
from codeframe.learned.heads import KINDS, Heads
from codeframe.training.data import ASPECT_GROUPS, CATEGORIES, Example
from codeframe.training.e5 import cut_vocabulary, read_e5, tokenizer_of
from codeframe.training.encoder import Encoder, Logits, Net
from codeframe.training.labels import Targets, Taxonomy, targets
from codeframe.training.rows import Row, by_length, collate, encode, freeze
from codeframe.training.smalltalk import SAID
from codeframe.training.twins import Twins, twin_loss, twins

log = logging.getLogger(__name__)

_WORDS = "encoder.words.weight"
After = Callable[[int, float], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how fast to learn; `split` seeds the folds.

    The lowest `frozen` layers stay as they are, so their outputs are computed once. Every `between` steps comes one of twins."""

    epochs: int = 4
    layers: int = 10
    frozen: int = 5
    vocabulary: int = 22_000
    tokens: int = 1600
    length: int = 104
    between: int = 1
    rate: float = 1.2e-4
    head_rate: float = 1e-3
    seed: int = 1
    split: int = 0
    threads: int = 1


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
    """A net to fine-tune, its tokenizer, and the rows of the texts that it was made with. `epoch` epochs are behind it."""

    net: Net
    tokenizer: Tokenizer
    rows: list[Row]
    targets: Targets
    twins: Twins
    epoch: int = 0

    def save(self, path: Path, epoch: int) -> None:
        """What `prepare` goes on from. The words' embeddings are not learned, so they are e5's and left out."""
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.save({"epoch": epoch, "net": {k: v for k, v in self.net.state_dict().items() if k != _WORDS}}, path)


def prepare(
    weights: Path, examples: Sequence[Example], taxonomy: Taxonomy, frame: Frame, plan: Plan, checkpoint: Path | None = None
) -> Teacher:
    """Cut the vocabulary, load e5 or a checkpoint, and run the frozen layers over every text. The held-out fold gives no twins."""
    torch.manual_seed(plan.seed)
    torch.set_num_threads(plan.threads)
    e5 = read_e5(weights)
    stored = torch.load(checkpoint) if checkpoint else None
    kept = cut_vocabulary(e5, [e.text for e in examples], plan.vocabulary)
    tokenizer = tokenizer_of([e5.pieces[i] for i in kept])
    encoder = Encoder(len(kept), plan.layers)
    encoder.load_e5(e5, kept)
    net = Net(encoder, taxonomy.head_of.tolist(), len(ASPECT_GROUPS), len(CATEGORIES) + 1)
    if stored:
        net.load_state_dict(stored["net"], strict=False)
    terms = [(e.mentions[0].start, e.mentions[0].end) if e.mentions else (0, 0) for e in examples]
    ids, spans = encode(tokenizer, [e.text for e in examples], plan.length, terms)
    rows = [Row(state, span) for state, span in zip(freeze(encoder, ids, plan.frozen), spans, strict=True)]
    pairs = twins(encoder, tokenizer, [e for e in examples if e.fold != 0 and e.source != SAID], frame, plan.frozen)
    return Teacher(net, tokenizer, rows, targets(examples, taxonomy), pairs, stored["epoch"] if stored else 0)


def fit(teacher: Teacher, examples: Sequence[Example], train: Sequence[int], plan: Plan, after: After = lambda epoch, loss: None) -> None:
    """AdamW with a linear warm-up and decay over `plan.epochs`, from the teacher's epoch on; `after(epoch, loss)` is called after each."""
    net, noise = teacher.net, np.random.default_rng(plan.seed + teacher.epoch)
    trained = [p for layer in list(net.encoder.layers)[plan.frozen :] for p in layer.parameters()]
    heads = [p for name, p in net.named_parameters() if not name.startswith("encoder.")]
    groups = [{"params": trained, "lr": plan.rate}, {"params": heads, "lr": plan.head_rate}]
    groups.append({"params": [teacher.twins.directions], "lr": 4 * plan.head_rate, "weight_decay": 0.0})
    optimiser = torch.optim.AdamW(groups, weight_decay=0.01, fused=True)
    lengths = [len(teacher.rows[i].state) for i in train]
    each = sum(1 for _ in by_length(lengths, plan.tokens))
    steps, behind = plan.epochs * each, teacher.epoch * each
    warm = lambda k: min(1, (k + 1) / (0.08 * (steps - behind)))  # noqa: E731
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda k: warm(k) * max(0.02, 1 - (behind + k) / steps))
    feelings = torch.tensor([e.mentions[0].polarity if e.mentions else -1 for e in examples])
    for epoch in range(teacher.epoch, plan.epochs):
        net.train()
        total, likeness, started = 0.0, 0.0, time.monotonic()
        for count, batch in enumerate(by_length(lengths, plan.tokens, noise), 1):
            at = [train[i] for i in batch]
            with torch.autocast("cpu", dtype=torch.bfloat16):
                logits = net(*collate([teacher.rows[i] for i in at]), plan.frozen)
            loss = loss_of(Logits(*(t.float() for t in logits)), teacher.targets, at, feelings[at])
            optimiser.zero_grad()
            loss.backward()
            if count % plan.between == 0:
                alike = twin_loss(net, teacher.twins, noise, plan.frozen)
                alike.backward()
                likeness += alike.item() * plan.between
            torch.nn.utils.clip_grad_norm_(trained + heads, 1.0)
            optimiser.step()
            schedule.step()
            total += loss.item()
            if not math.isfinite(total):
                raise FloatingPointError("the loss is not finite: lower the learning rate")
            if count in {10, 50} or count % 100 == 0:
                spent = (time.monotonic() - started) / count
                log.info(
                    "epoch %d step %d of %d loss %.3f twins %.3f (%.2f s a step)",
                    epoch,
                    count,
                    each,
                    total / count,
                    likeness / count,
                    spent,
                )
        after(epoch + 1, total / each)
