"""Train the small recogniser on features.

python -m streams.audio.training.train OUT.pt FEATURES... --epochs 12 [--test FEATURES] [--start FROM.pt]

Needs PyTorch, and nothing of the project's other dependencies. Several processes train on parts of the sentences, each with a thread, and
average their weights every few steps (local SGD; Stich 2019), which on small matrices is faster than threads. Every epoch is saved and
reports the share of syllables that are wrong on the held-out sentences.
"""

from __future__ import annotations

import argparse
import math
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, distributed, multiprocessing
from torch.nn import functional
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from streams.audio.training.distance import distance
from streams.audio.training.model import SUBSAMPLING, Net

_BATCH = 24
_RATE = 2e-3
_WARM_UP = 0.08
_BLANK = "<blk>"
_STEPS_ALONE = 8
Rate = Callable[[float], float]


class Example(NamedTuple):
    """Features of a sentence, frames x 80, and its syllables."""

    frames: Any
    syllables: list[str]


def load(prefixes: list[Path]) -> list[Example]:
    """The sentences of feature files; those too short for their syllables are left out."""
    examples = []
    for prefix in prefixes:
        frames = np.load(prefix.with_suffix(".npy"), mmap_mode="r")
        for line in prefix.with_suffix(".tsv").read_text("utf-8").splitlines():
            at, count, _, syllables, _ = line.split("\t")
            example = Example(frames[int(at) : int(at) + int(count)], syllables.split())
            if len(example.frames) > 1.2 * SUBSAMPLING * len(example.syllables):
                examples.append(example)
    return examples


def batch(examples: list[Example], numbers: dict[str, int], mask: bool) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Padded features, their lengths, all labels in a row, and their counts. With `mask`, stretches of time and bands are levelled."""
    lengths = [len(example.frames) for example in examples]
    x = torch.full((len(examples), max(lengths), 80), -12.0)
    for row, example in enumerate(examples):
        frames = torch.from_numpy(np.array(example.frames, np.float32))
        if mask:
            mean = frames.mean(0)
            for _ in range(2):
                width = random.randrange(20)
                start = random.randrange(max(1, lengths[row] - width))
                frames[start : start + width] = mean
            for _ in range(2):
                width = random.randrange(14)
                start = random.randrange(80 - width)
                frames[:, start : start + width] = mean[start : start + width]
        x[row, : lengths[row]] = frames
    labels = [[numbers[one] for one in example.syllables if one in numbers] for example in examples]
    return x, torch.tensor(lengths), torch.tensor([one for row in labels for one in row]), torch.tensor([len(row) for row in labels])


def errors(net: Net, examples: list[Example], tokens: list[str]) -> float:
    """The share of syllables that greedy decoding gets wrong."""
    numbers = {token: number for number, token in enumerate(tokens)}
    wrong = total = 0
    net.eval()
    with torch.no_grad():
        for start in range(0, len(examples), _BATCH):
            part = examples[start : start + _BATCH]
            x, lengths, _, _ = batch(part, numbers, False)
            scores, counted = net(x, lengths)
            for row, example in enumerate(part):
                best = scores[row, : counted[row]].argmax(-1).tolist()
                heard = [tokens[one] for at, one in enumerate(best) if one and (at == 0 or one != best[at - 1])]
                wrong += distance(heard, example.syllables)
                total += len(example.syllables)
    net.train()
    return wrong / total


def batches(examples: list[Example]) -> list[list[Example]]:
    """Shuffled, with sentences of like length together."""
    random.shuffle(examples)
    found = []
    for start in range(0, len(examples), _BATCH * 40):
        part = sorted(examples[start : start + _BATCH * 40], key=lambda example: len(example.frames))
        found += [part[at : at + _BATCH] for at in range(0, len(part), _BATCH)]
    random.shuffle(found)
    return found


def rate_at(part: float) -> float:
    """The learning rate after a part of the training, 0 to 1: a warm-up and half a cosine."""
    if part < _WARM_UP:
        return part / _WARM_UP
    return 0.5 + 0.5 * math.cos(math.pi * min(1.0, (part - _WARM_UP) / (1 - _WARM_UP)))


class Team:
    """The processes that train together, and which of them this is."""

    def __init__(self, rank: int, size: int, meeting: str) -> None:
        self.rank, self.size = rank, size
        if size > 1:
            distributed.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=size)

    def average(self, net: Net) -> None:
        """Give each process the mean of all weights."""
        if self.size > 1:
            with torch.no_grad():
                weights = parameters_to_vector(net.parameters())
                distributed.all_reduce(weights)
                vector_to_parameters(weights / self.size, net.parameters())


def epoch(net: Net, optimiser: torch.optim.Optimizer, parts: list[list[Example]], numbers: dict[str, int], rate: Rate, team: Team) -> float:
    """One pass over batches, each step at the rate of its part of the pass. Gives the mean loss a syllable."""
    total = 0.0
    for at, part in enumerate(parts, 1):
        for group in optimiser.param_groups:
            group["lr"] = rate(at / len(parts))
        x, lengths, labels, counts = batch(part, numbers, True)
        with torch.autocast("cpu", torch.bfloat16):
            scores, counted = net(x, lengths)
        loss = functional.ctc_loss(scores.float().transpose(0, 1), labels, counted, counts, zero_infinity=True, reduction="sum")
        loss = loss / max(1, int(counts.sum()))
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 2.0)
        optimiser.step()
        total += loss.item()
        if at % _STEPS_ALONE == 0 or at == len(parts):
            team.average(net)
    return total / max(1, len(parts))


def train(options: argparse.Namespace, team: Team) -> None:
    """Train as the command line says, saving after each epoch."""
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    chance = random.Random(options.seed)  # the same in every process: each takes its share of one order
    examples = load(options.features)
    before = torch.load(options.start) if options.start else None
    tokens = before["tokens"] if before else [_BLANK, *sorted({one for example in examples for one in example.syllables})]
    net = Net(len(tokens))
    if before:
        net.load_state_dict(before["net"])
    numbers = {token: number for number, token in enumerate(tokens)}
    optimiser = torch.optim.AdamW(net.parameters(), lr=options.rate, weight_decay=0.01, betas=(0.9, 0.98))
    random.seed(options.seed + team.rank)
    for done in range(options.epochs):
        order = chance.sample(examples, len(examples) // team.size * team.size)
        parts = batches(order[team.rank :: team.size])
        started = time.monotonic()
        loss = epoch(net, optimiser, parts, numbers, lambda part, done=done: options.rate * rate_at((done + part) / options.epochs), team)  # type: ignore[misc]
        if team.rank == 0:
            wrong = f", syllables wrong {errors(net, load(options.test), tokens):.3f}" if options.test else ""
            print(f"epoch {done + 1}, {time.monotonic() - started:.0f} s, loss {loss:.3f}{wrong}", flush=True)
            torch.save({"net": net.state_dict(), "tokens": tokens}, options.out)


def _member(rank: int, size: int, meeting: str, options: argparse.Namespace) -> None:
    train(options, Team(rank, size, meeting))


def main() -> None:
    """Train on feature files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("features", type=Path, nargs="+")
    parser.add_argument("--epochs", type=int, default=14)
    parser.add_argument("--rate", type=float, default=_RATE, help="highest learning rate")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--test", type=Path, action="append", default=[])
    parser.add_argument("--start", type=Path, help="a model to go on from")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        multiprocessing.spawn(_member, (options.processes, str(Path(folder) / "meeting"), options), options.processes)


if __name__ == "__main__":
    main()
