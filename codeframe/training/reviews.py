"""The nets of codeframe.learned.reviews in torch: trained on Chinese reviews alone, from scratch."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from codeframe.learned.fast import quantise
from codeframe.learned.reviews import CHANNELS, DILATION, FILE, PAD, WIDTHS, ReviewNets, padded, tokens
from codeframe.learned.seam import Floats, Ints
from codeframe.training.data import SUBJECTS, Example
from codeframe.training.labels import Taxonomy, targets

log = logging.getLogger(__name__)

_CLASSES, _SIX_BITS = 4, 31
_SEEN = 2
_NEAR = 20


@dataclass(frozen=True, slots=True)
class ReviewPlan:
    """`nets` are averaged; `blank` is the share of characters hidden in training."""

    nets: int = 4
    epochs: int = 7
    width: int = 128
    batch: int = 48
    rate: float = 2e-3
    blank: float = 0.1
    smoothing: float = 0.02
    seed: int = 0
    split: int = 0
    threads: int = 1


class ReviewNet(nn.Module):
    """See codeframe.learned.reviews for the same sums in numpy."""

    def __init__(self, vocabulary: int, width: int) -> None:
        super().__init__()
        hidden = CHANNELS * len(WIDTHS)
        self.words = nn.Embedding(vocabulary, width, PAD)
        nn.init.normal_(self.words.weight, 0, 0.3)
        self.words.weight.data[PAD] = 0
        self.wide = nn.ModuleList([nn.Conv1d(width, CHANNELS, k, padding=k // 2) for k in WIDTHS])
        self.second = nn.Conv1d(hidden, hidden, 3, padding=DILATION, dilation=DILATION, groups=len(WIDTHS))
        self.query, self.most = nn.Linear(hidden, len(SUBJECTS), bias=False), nn.Linear(hidden, len(SUBJECTS) * _CLASSES)
        self.subject = nn.Parameter(torch.randn(len(SUBJECTS), hidden, _CLASSES) * 0.05)
        self.early, self.late = nn.Dropout(0.2), nn.Dropout(0.3)

    def forward(self, ids: Tensor, blank: float = 0.0) -> Tensor:
        """Logits (n, subjects, 4) for ids (n, length)."""
        mask = ids != PAD
        letters = self.words(ids)
        if self.training:
            letters = letters * (torch.rand(ids.shape) >= blank)[..., None]
        x = self.early(letters).transpose(1, 2)
        hidden = torch.cat([F.relu(wide(x)) for wide in self.wide], 1) * mask[:, None]
        hidden = self.late((hidden + F.relu(self.second(hidden))).transpose(1, 2)) * mask[..., None]
        attention = self.query(hidden).masked_fill(~mask[..., None], -1e4).softmax(1)
        seen = torch.einsum("nls,nlw->nsw", attention, hidden)
        most = hidden.masked_fill(~mask[..., None], -1e4).amax(1)
        out: Tensor = torch.einsum("nsw,swc->nsc", seen, self.subject) + self.most(most).view(-1, len(SUBJECTS), _CLASSES)
        return out

    def arrays(self) -> dict[str, Floats]:
        """Parameters as codeframe.learned.reviews names and shapes them."""
        kept = {"words": self.words.weight, "query": self.query.weight.T, "subject": self.subject.transpose(0, 1).flatten(1)}
        for width, wide in zip(WIDTHS, self.wide, strict=True):
            assert isinstance(wide, nn.Conv1d)  # noqa: S101
            assert wide.bias is not None  # noqa: S101
            kept |= {f"wide{width}": wide.weight.permute(2, 1, 0).flatten(0, 1), f"wide{width}.bias": wide.bias}
        for at, part in enumerate(self.second.weight.chunk(len(WIDTHS))):
            kept[f"second{at}"] = part.permute(2, 1, 0).flatten(0, 1)
        assert self.second.bias is not None  # noqa: S101
        kept |= {"second.bias": self.second.bias, "most": self.most.weight.T, "bias": self.most.bias}
        return {name: value.detach().numpy().copy() for name, value in kept.items()}


def vocabulary_of(reviews: Sequence[Example]) -> list[str]:
    """Tokens that stand in the reviews at least twice, the most frequent first."""
    counts = Counter(token for review in reviews for token in tokens(review.text))
    return [token for token, count in counts.most_common() if count >= _SEEN]


def train_nets(reviews: Sequence[Example], taxonomy: Taxonomy, plan: ReviewPlan) -> tuple[list[str], list[dict[str, Floats]]]:
    """The vocabulary of the reviews and the parameters of `plan.nets` nets, which differ by their seeds."""
    torch.set_num_threads(plan.threads)
    vocabulary = vocabulary_of(reviews)
    rows = ReviewNets(vocabulary, ()).ids([review.text for review in reviews])
    wanted = targets(reviews, taxonomy).aspects[:, : len(SUBJECTS)]
    return vocabulary, [_trained(rows, wanted, len(vocabulary) + 2, plan, plan.seed * plan.nets + at) for at in range(plan.nets)]


def _trained(rows: list[list[int]], wanted: Ints, vocabulary: int, plan: ReviewPlan, seed: int) -> dict[str, Floats]:
    torch.manual_seed(seed)
    noise, net, started = np.random.default_rng(seed), ReviewNet(vocabulary, plan.width), time.monotonic()
    optimiser = torch.optim.AdamW(
        [
            {"params": [net.words.weight], "weight_decay": 0.0},
            {"params": [value for name, value in net.named_parameters() if not name.startswith("words.")]},
        ],
        weight_decay=0.02,
    )
    steps, step = plan.epochs * -(-len(rows) // plan.batch), 0
    for _ in range(plan.epochs):
        net.train()
        for some in _batches([len(row) for row in rows], plan.batch, noise):
            for group in optimiser.param_groups:
                group["lr"] = plan.rate * min(1, step / 100) * max(0.02, 1 - step / steps)
            logits = net(torch.from_numpy(padded([rows[at] for at in some])), plan.blank)
            loss = F.cross_entropy(
                logits.flatten(0, 1), torch.from_numpy(wanted[some].ravel()), reduction="sum", label_smoothing=plan.smoothing
            ) / len(some)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 2.0)
            optimiser.step()
            step += 1
    log.info("net %d of reviews: last loss %.3f (%.0f s)", seed, loss.item(), time.monotonic() - started)
    made: dict[str, Floats] = net.eval().arrays()
    return made


def _batches(lengths: Sequence[int], size: int, noise: np.random.Generator) -> list[list[int]]:
    """Rows in random order, those in a batch of about one length."""
    order = noise.permutation(len(lengths))
    near = [sorted(order[at : at + size * _NEAR].tolist(), key=lambda row: lengths[row]) for at in range(0, len(order), size * _NEAR)]
    found = [some[at : at + size] for some in near for at in range(0, len(some), size)]
    return [found[at] for at in noise.permutation(len(found))]


def save_nets(vocabulary: Sequence[str], nets: Sequence[dict[str, Floats]], folder: Path) -> None:
    """What `ReviewNets.load` reads: matrices in six bits with a scale a row, the rest in half precision."""
    stored: dict[str, NDArray[np.generic]] = {}
    for number, net in enumerate(nets):
        for name, array in net.items():
            if array.ndim > 1:
                stored[f"{number}.{name}"], stored[f"{number}.{name}_scale"] = quantise(array, _SIX_BITS)
            else:
                stored[f"{number}.{name}"] = array.astype(np.float16)
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(folder / FILE, vocabulary=np.array("\n".join(vocabulary)), **stored)  # type: ignore[arg-type]
