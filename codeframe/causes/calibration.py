"""How far the posterior of the first answer can be believed: reliability on cases that were held out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from typing import NamedTuple

import numpy as np

from codeframe.causes.attribution import Attributor
from codeframe.causes.graph import Graph
from codeframe.causes.learning import Case, learn
from schemas.coded import UNKNOWN_CAUSE

BINS = 10


class Bin(NamedTuple):
    """Answers whose probability lay in one stretch: how many, what they promised on average, and how often they were right."""

    answers: int
    promised: float
    kept: float


class Report(NamedTuple):
    """Of answers to cases not learned from: how many, share right, expected calibration error, log loss, and the bins."""

    cases: int
    top1: float
    ece: float
    log_loss: float
    bins: tuple[Bin, ...]


def held_out(graph: Graph, cases: Sequence[Case], folds: int = 5) -> Report:
    """Learn on all folds but one and answer that one, in turn. Cases of one customer text stay in one fold."""
    answers: list[tuple[float, bool, float]] = []
    fold = [_fold(case, folds) for case in cases]
    for number in range(folds):
        rest = [case for case, at in zip(cases, fold, strict=True) if at != number]
        attributor = Attributor(graph, learn(graph, rest))
        answers += answer(attributor, [case for case, at in zip(cases, fold, strict=True) if at == number])
    return report(answers)


def answer(attributor: Attributor, cases: Sequence[Case]) -> Iterator[tuple[float, bool, float]]:
    """Of each confirmed case: the first answer's probability, whether it is right, and the probability of the truth."""
    for case in cases:
        if case.confirmed is None:
            continue
        names = {one.cause for one in attributor.possible(case.tag)}
        truth = case.confirmed if case.confirmed in names else UNKNOWN_CAUSE
        ranked = attributor.causes(case.tag, attributor.clues([case.situation])[0], case.situation)
        given = next((one.probability for one in ranked if one.cause == truth), 0.0)
        yield ranked[0].probability, ranked[0].cause == truth, given


def report(answers: Sequence[tuple[float, bool, float]]) -> Report:
    """Reliability of answers: expected calibration error over ten equal stretches (Guo et al. 2017)."""
    if not answers:
        return Report(0, 0.0, 0.0, 0.0, ())
    promised, right, given = (np.array(column, float) for column in zip(*answers, strict=True))
    at = np.minimum((promised * BINS).astype(int), BINS - 1)
    masks = [mask for mask in (at == number for number in range(BINS)) if mask.any()]
    bins = tuple(Bin(int(mask.sum()), float(promised[mask].mean()), float(right[mask].mean())) for mask in masks)
    ece = sum(one.answers * abs(one.promised - one.kept) for one in bins) / len(answers)
    loss = -float(np.log(np.maximum(given, math.exp(-20))).mean())
    return Report(len(answers), float(right.mean()), ece, loss, bins)


def _fold(case: Case, folds: int) -> int:
    return int.from_bytes(blake2b(case.situation.text.encode(), digest_size=4).digest(), "big") % folds
