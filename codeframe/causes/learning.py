"""Learning the parameters of attribution from causes that owners confirmed or refused.

A multinomial logit over each symptom's candidates and `unknown`, fitted by maximum a posteriori. Every parameter has a
normal prior around its safe value, that of the graph, so that few cases move it little; a case in which only some
causes were refused counts for all others. What is true everywhere is learned only from what several dealers say: one
dealer's cases move that dealer's own base rates and nothing else.

The maximiser majorises each Hessian by a diagonal (Boehning and Lindsay 1988) and is accelerated by Nesterov's momentum
with restarts (O'Donoghue and Candes 2015); cases with several possible answers, and owners who err, are treated as in the EM algorithm.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from codeframe.causes.attribution import Attributor, Possible, Situation
from codeframe.causes.clues import Clue, Key, place
from codeframe.causes.graph import Graph
from codeframe.causes.learned import Learned, Weight
from codeframe.causes.phrases import mine
from schemas.coded import UNKNOWN_CAUSE

MIN_DEALERS = 5
"""Fewer dealers than these cannot tell what is true everywhere from what is true of them."""

OWNER_ERRS = 0.03
"""Share of reports that are taken to be wrong, so that a few wrong ones do not blur what the others say."""

SPREAD = {"prior": 1.0, "cue": 1.0, "tag": 1.0, "context": 1.0, "absent": 0.7, "said": 1.0, "dealer": 0.7, "model": 0.4}
"""Standard deviation of each kind of parameter around its safe value."""

_STEPS, _SMALL = 800, 1e-4

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Case(NamedTuple):
    """A symptom whose cause an owner looked into. `confirmed` is a cause, or `unknown` if it is none of the graph's."""

    tag: str
    situation: Situation
    confirmed: str | None = None
    refused: tuple[str, ...] = ()


class Problem(NamedTuple):
    """Cases as arrays: a row is a candidate of a case. Entry k says that row `row[k]` has parameter `parameter[k]`."""

    keys: list[Key]
    safe: Floats
    spread: Floats
    row: Ints
    parameter: Ints
    start: Ints
    allowed: Floats


def learn(graph: Graph, cases: Sequence[Case]) -> Learned:
    """The parameters that explain the cases best, and are near the safe ones where cases are few."""
    said = mine(graph, cases)
    phrases = Learned(frame=graph.frame.version, cases=0, weights=tuple(Weight(kind="said", cause=c, of=p, value=0.0) for c, p in said))
    problem = pose(Attributor(graph, phrases), cases)
    if not problem.keys:
        return Learned(frame=graph.frame.version, cases=len(cases))
    values = _fit(problem)
    weights = (
        Weight(kind=key.kind, cause=key.cause, of=key.of, value=round(float(value), 4))
        for key, value, safe in zip(problem.keys, values, problem.safe, strict=True)
        if abs(value - safe) > _SMALL
    )
    return Learned(frame=graph.frame.version, cases=len(cases), weights=tuple(weights))


def pose(attributor: Attributor, cases: Sequence[Case]) -> Problem:
    """The cases as a fitting problem. Cases of tags without candidates say nothing and are left out."""
    numbers: dict[Key, int] = {}
    safe: list[float] = []
    dealers: dict[Key, set[str | None]] = defaultdict(set)
    row, parameter, start, allowed = [], [], [], []
    rows = 0
    for case in cases:
        possible = attributor.possible(case.tag)
        if not possible:
            continue
        start.append(rows)
        names = [one.cause for one in possible]
        for one, features in zip(possible, _features(attributor, case, possible), strict=True):
            for key, value in features:
                number = numbers.setdefault(key, len(numbers))
                if number == len(safe):
                    safe.append(value)
                dealers[key].add(case.situation.dealer)
                row.append(rows)
                parameter.append(number)
            allowed.append(_allowed(one.cause, case, names))
            rows += 1
        allowed.append(_allowed(UNKNOWN_CAUSE, case, names))
        rows += 1
    spread = [SPREAD[key.kind] if key.kind == "dealer" or len(dealers[key]) >= MIN_DEALERS else 0.0 for key in numbers]
    return Problem(
        list(numbers), np.array(safe), np.array(spread), np.array(row, np.int64), np.array(parameter, np.int64),
        np.array(start, np.int64), np.array(allowed, float),
    )  # fmt: skip


def _features(attributor: Attributor, case: Case, possible: tuple[Possible, ...]) -> list[list[tuple[Key, float]]]:
    """The parameters that add up to each candidate's log odds, with their present values."""
    clues, situation = attributor.clues([case.situation])[0], case.situation
    local = place(situation.dealer, situation.model)
    found = []
    for one in possible:
        mine_ = [clue for clue in clues.get(one.number, ()) if clue.key.kind != "tag" or clue.detail != case.tag]
        all_: list[Clue] = [*mine_, *local(one.cause, one.number)]
        found.append([(Key("prior", one.cause, case.tag), one.log_odds), *((clue.key, clue.weight) for clue in all_)])
    return found


def _allowed(cause: str, case: Case, names: list[str]) -> float:
    """The probability of what the owner reported if `cause` is true."""
    if case.confirmed is not None:
        confirmed = case.confirmed if case.confirmed in names else UNKNOWN_CAUSE
        return 1 - OWNER_ERRS if cause == confirmed else OWNER_ERRS / max(len(names), 1)
    return float(cause not in case.refused)


def _fit(problem: Problem) -> Floats:
    free = problem.spread > 0
    precision = 1 / np.where(free, problem.spread, 1.0) ** 2
    count = np.bincount(problem.row, minlength=problem.allowed.size).astype(float)
    bound = precision + 0.5 * np.bincount(problem.parameter, weights=count[problem.row], minlength=free.size)
    values = at = problem.safe.copy()
    momentum = 1.0
    for _ in range(_STEPS):
        slope: Floats = np.where(free, _gradient(problem, at) - precision * (at - problem.safe), 0.0)
        new = at + slope / bound
        if float(slope @ (new - values)) < 0:
            momentum = 1.0
        longer = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        at = new + (momentum - 1) / longer * (new - values)
        moved, values, momentum = np.abs(new - values).max(initial=0.0), new, longer
        if moved < _SMALL / 10:
            break
    return values


def _gradient(problem: Problem, values: Floats) -> Floats:
    probability = posterior(problem, values)
    possible = probability * problem.allowed
    total = np.add.reduceat(possible, problem.start)
    sizes = np.diff(np.append(problem.start, possible.size))
    wanted = possible / np.repeat(np.maximum(total, 1e-300), sizes)
    return np.bincount(problem.parameter, weights=(wanted - probability)[problem.row], minlength=values.size).astype(float)


def posterior(problem: Problem, values: Floats) -> Floats:
    """The posterior of every row under these parameters."""
    score = np.bincount(problem.row, weights=values[problem.parameter], minlength=problem.allowed.size)
    sizes = np.diff(np.append(problem.start, score.size))
    odds = np.exp(score - np.repeat(np.maximum.reduceat(score, problem.start), sizes))
    probability: Floats = odds / np.repeat(np.add.reduceat(odds, problem.start), sizes)
    return probability
