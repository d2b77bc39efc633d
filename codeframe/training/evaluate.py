"""What held-out texts say of a model's probabilities: rules chosen, and the scores of every set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from codeframe.learned.heads import Heads
from codeframe.learned.rules import AspectRule, CodeRule
from codeframe.training.data import NEGATIVE, POSITIVE, Example
from codeframe.training.decide import NO_NEUTRAL, choose_aspect_rule, choose_code_rule
from codeframe.training.labels import Targets, Taxonomy


class Evaluation(NamedTuple):
    """The rules that held-out texts chose, and the scores by set."""

    zh: AspectRule
    en: AspectRule
    codes: CodeRule
    scores: dict[str, dict[str, float]]


def evaluate(examples: Sequence[Example], wanted: Targets, given: Heads, taxonomy: Taxonomy) -> Evaluation:
    """Choose the rules on `examples` and score them there; row i of every array belongs to example i."""
    where = lambda source: np.array([i for i, e in enumerate(examples) if e.source == source], np.int64)  # noqa: E731
    bdci, edmunds, titles, complaints = where("bdci2018"), where("edmunds"), where("complaints"), where("complaints2024")
    zh, bdci_scores = choose_aspect_rule(given.aspects[bdci][:, :-1], wanted.aspects[bdci][:, :-1])
    judged = wanted.aspect_weight[edmunds] > 0
    english = given.aspects[edmunds].copy()
    english[~judged] = (1, 0, 0, 0)
    en, edmunds_scores = choose_aspect_rule(english, wanted.aspects[edmunds], 0, NO_NEUTRAL)
    rule, code_scores = choose_code_rule(given.codes[titles], given.heads[titles], taxonomy.head_of, wanted.codes[titles] > 0)
    right = given.category[complaints][:, 1:].argmax(1) + 1 == wanted.category[complaints]
    scores = {
        "bdci2018": bdci_scores,
        "complaints": code_scores,
        "complaints2024": {"accuracy": float(right.mean()) if len(right) else 0.0},
        "edmunds": {"f1": edmunds_scores["triple_f1"]},
    }
    for name, domains in (("absa", {"car"}), ("absa_all", {"car", "phone", "camera", "notebook"})):
        rows = [i for i, e in enumerate(examples) if e.source == "absa" and e.domain in domains]
        good = [(given.feeling[i, POSITIVE] > given.feeling[i, NEGATIVE]) == (examples[i].mentions[0].polarity == POSITIVE) for i in rows]
        scores[name] = {"accuracy": float(np.mean(good)) if good else 0.0}
    return Evaluation(zh, en, rule, scores)
