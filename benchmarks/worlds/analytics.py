"""The analyses in a simulated world: coefficients, drift, decomposition and priority beside what was planted."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.worlds.scores import MONTHS, World, make, tag_name
from codeframe.analytics.contrast import contrasts
from codeframe.analytics.decomposition import decompose
from codeframe.analytics.drift import drifts
from codeframe.analytics.priority import PROMISED, Subject, prioritise

_QUIET_WORLDS = 10
_RECENT = 6


def measure(seed: int, size: int) -> dict[str, Any]:
    """How well what was planted in world `seed` is found."""
    world = make(seed, size)
    inside = _coverage(make(seed + 1_000, size, drift=False))
    found = drifts(world.answers, {})
    planted = tag_name(world.truth.drifting)
    month = next((one.month for one in found if one.tag == planted), None)
    return {
        "coef_coverage": float(np.mean(inside)),
        "coef_intervals": len(inside),
        "drift_month_error": MONTHS if month is None else abs(month - world.truth.drift_month),
        "drift_false_alarm": _false_alarms(seed, size, found, planted),
        "decomposition_residual": _residual(world),
        "priority_spearman": _spearman(world),
    }


def _coverage(world: World) -> list[bool]:
    """Whether each planted coefficient lies in its 95 % interval."""
    inside = []
    for one in contrasts(world.answers):
        at = int(one.tag[-2:])
        for name, truth in (("penalty", world.truth.penalty[at, 0]), ("reward", world.truth.reward[at, 0])):
            low, high = one.interval(name)
            inside.append(bool(low <= truth <= high))
    return inside


def _false_alarms(seed: int, size: int, found: list[Any], planted: str) -> float:
    """The share of tags without a planted drift that raise an alarm, in this world and in others where none drifts."""
    alarms = sum(one.tag != planted for one in found)
    tags = len(make(seed, 1_000).truth.promised) - 1
    for number in range(_QUIET_WORLDS):
        quiet = make(seed * 100 + number, size // 5, drift=False)
        alarms += len(drifts(quiet.answers, {}))
        tags += len(quiet.truth.promised)
    return alarms / tags


def _residual(world: World) -> float:
    """The largest difference between a change of the NPS and the sum of its parts: by tag, by channel, by dealer."""
    answers = world.answers
    tags: list[list[str]] = [[] for _ in range(len(answers))]
    for row, tag in zip(answers.row.tolist(), answers.tag.tolist(), strict=True):
        tags[row].append(answers.tags[tag])
    early, value = answers.period < MONTHS // 2, answers.contribution
    worst = 0.0
    for groups in (tags, [[f"C{one}"] for one in world.channel.tolist()], [[f"D{one}"] for one in world.dealer.tolist()]):
        before = [(float(value[at]), groups[at]) for at in np.flatnonzero(early)]
        after = [(float(value[at]), groups[at]) for at in np.flatnonzero(~early)]
        worst = max(worst, abs(decompose(before, after).residual))
    return worst


def _spearman(world: World) -> float:
    """Rank correlation of the priorities found with those that the planted numbers give."""
    answers, truth = world.answers, world.truth
    recent, earlier = answers.period >= MONTHS - _RECENT, (answers.period < MONTHS - _RECENT) & (answers.period >= MONTHS - 2 * _RECENT)
    now, then = answers.take(recent), answers.take(earlier)
    impact = {one.tag: one.penalty for one in contrasts(now, now.contribution)}
    counts = {tag: (int(a), int(b)) for tag, a, b in zip(answers.tags, now.counts(-1), then.counts(-1), strict=True)}
    subjects = []
    for tag, (new, old) in counts.items():
        at = int(tag[-2:])
        penalty = max(impact.get(tag, 0.0), 0.0)
        subjects.append(Subject(tag, new / len(now), old / len(then), penalty, bool(truth.promised[at]), float(truth.fixability[at])))
    found = {one.tag: one.score for one in prioritise(subjects)}
    names = sorted(found)
    planted = _planted_priority(world)
    return _rank_correlation(np.array([found[name] for name in names]), np.array([planted[int(name[-2:])] for name in names]))


def _planted_priority(world: World) -> NDArray[np.float64]:
    """Priority from the planted numbers: share x cost x growth x promise x fixability, at the end of the world's time."""
    truth = world.truth
    late, middle = (MONTHS - 1 - (_RECENT - 1) / 2) / (MONTHS - 1), (MONTHS - 1 - _RECENT - (_RECENT - 1) / 2) / (MONTHS - 1)
    share, before = truth.complaint_share * truth.growth**late, truth.complaint_share * truth.growth**middle
    cost = truth.penalty[:, -_RECENT:].mean(axis=1)
    return share * cost * (share / before) * np.where(truth.promised, PROMISED, 1.0) * truth.fixability


def _rank_correlation(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    ranks = [np.argsort(np.argsort(values)) for values in (one, other)]
    return float(np.corrcoef(*ranks)[0, 1])
