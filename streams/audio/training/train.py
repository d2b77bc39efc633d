"""Train the small recogniser on features, for as long as it is given.

python -m streams.audio.training.train OUT.pt FEATURES... --minutes 30 [--test FEATURES] [--start FROM.pt]

Needs PyTorch, and nothing of the project's other dependencies. The learning rate follows the clock, so a busy machine gets a less
trained model and never an unfinished one. Every epoch reports the share of syllables that are wrong on the held-out sentences.
"""

from __future__ import annotations

import argparse
import math
import random
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from streams.audio.training.distance import distance
from streams.audio.training.model import SUBSAMPLING, Net

_BATCH = 12
_RATE = 2e-3
_WARM_UP = 0.08
_BLANK = "<blk>"


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
    """The learning rate after a part of the time, 0 to 1: a warm-up and half a cosine."""
    if part < _WARM_UP:
        return part / _WARM_UP
    return 0.5 + 0.5 * math.cos(math.pi * min(1.0, (part - _WARM_UP) / (1 - _WARM_UP)))


def main() -> None:
    """Train and save after every epoch."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("features", type=Path, nargs="+")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--rate", type=float, default=_RATE, help="highest learning rate")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--test", type=Path, action="append", default=[])
    parser.add_argument("--syllables", type=Path, help="a file of those that the model is to know; else those of the features")
    parser.add_argument("--start", type=Path, help="a model to go on from")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    random.seed(1)
    examples, test = load(options.features), load(options.test)
    before = torch.load(options.start) if options.start else None
    said = options.syllables.read_text("utf-8").split() if options.syllables else {one for example in examples for one in example.syllables}
    tokens = before["tokens"] if before else [_BLANK, *sorted(said)]
    net = Net(len(tokens))
    if before:
        net.load_state_dict(before["net"])
    size = sum(p.numel() for p in net.parameters())
    print(f"{len(examples)} sentences, {len(tokens)} tokens, {size} parameters", flush=True)
    numbers = {token: number for number, token in enumerate(tokens)}
    optimiser = torch.optim.AdamW(net.parameters(), lr=_RATE, weight_decay=0.01, betas=(0.9, 0.98))
    started, seconds, epoch = time.monotonic(), 60 * options.minutes, 0
    while (spent := time.monotonic() - started) < seconds:
        epoch += 1
        total = count = 0.0
        for part in batches(examples):
            spent = time.monotonic() - started
            if spent >= seconds:
                break
            for group in optimiser.param_groups:
                group["lr"] = options.rate * rate_at(spent / seconds)
            x, lengths, labels, counts = batch(part, numbers, True)
            with torch.autocast("cpu", torch.bfloat16):
                scores, counted = net(x, lengths)
            loss = functional.ctc_loss(scores.float().transpose(0, 1), labels, counted, counts, zero_infinity=True, reduction="sum")
            loss = loss / max(1, int(counts.sum()))
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 2.0)
            optimiser.step()
            total, count = total + loss.item(), count + 1
        wrong = f", syllables wrong {errors(net, test, tokens):.3f}" if test else ""
        print(f"epoch {epoch}, {spent:.0f} s, loss {total / max(1, count):.3f}{wrong}", flush=True)
        torch.save({"net": net.state_dict(), "tokens": tokens}, options.out)


if __name__ == "__main__":
    main()
