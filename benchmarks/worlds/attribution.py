"""Attribution in a simulated world: learn from what owners confirmed early on, answer what comes later."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.worlds.causes import OUTSIDE, Customer, make
from codeframe.causes.attribution import Attributor, Situation
from codeframe.causes.calibration import answer, report
from codeframe.causes.graph import Graph
from codeframe.causes.learning import Case, learn

_LOOKED_INTO = 0.25
_OWNER_ERRS = 0.05
_LEARN_BEFORE = 8


def measure(seed: int, size: int) -> dict[str, Any]:
    """Top-1 accuracy beside the best possible, and calibration, on cases that were not learned from."""
    customers = make(seed, size)
    graph = Graph.load("auto")
    random = np.random.default_rng([seed, 2])
    early = [one for one in customers if one.month < _LEARN_BEFORE and random.random() < _LOOKED_INTO]
    later = [one for one in customers if one.month >= _LEARN_BEFORE]
    learned = learn(graph, [_case(one, _found(random, one)) for one in early])
    truth = [_case(one, one.cause) for one in later]
    safe, mine = Attributor(graph), Attributor(graph, learned)
    trained = report(list(answer(mine, truth)))
    untrained = report(list(answer(safe, truth)))
    at_coding = report(list(answer(mine, [_case(one, one.cause, late=False) for one in later])))
    renamed = report(list(answer(mine, [case for case in truth if (case.situation.dealer or "").endswith("N")])))
    return {
        "cause_top1": trained.top1,
        "cause_best": sum(one.best == one.cause for one in later) / len(later),
        "cause_ece": trained.ece,
        "cause_cases_learned": len(early),
        "cause_cases_answered": len(later),
        "cause_top1_before_late_facts": at_coding.top1,
        "cause_top1_renamed_dealers": renamed.top1,
        "cause_top1_untrained": untrained.top1,
        "cause_ece_untrained": untrained.ece,
        "cause_reliability": [one._asdict() for one in trained.bins],
    }


def _case(one: Customer, confirmed: str, late: bool = True) -> Case:
    events = one.events + one.late if late else one.events
    return Case(one.symptom, Situation(one.text, (one.symptom, *one.tags), one.said_at, one.dealer, one.model, events), confirmed)


def _found(random: np.random.Generator, one: Customer) -> str:
    """What the owner reports: the truth, but for an error now and then."""
    if random.random() >= _OWNER_ERRS:
        return one.cause
    return str(random.choice([OUTSIDE, "sales.follow_up.late", "finance.loan.refused", "quality.design.weakness"]))
