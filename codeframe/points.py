"""Pain, itch and delight (痛点, 痒点, 悦点) by a frame's matrix."""

from __future__ import annotations

from itertools import product
from typing import Final, TypeAlias

from codeframe.definition import PointMatrix, PointRule
from schemas.coded import Expectation, Intent, NeedLayer
from schemas.common import Severity

Situation: TypeAlias = tuple[int, NeedLayer, Severity, Intent, Expectation, bool]
"""Sentiment, need layer, severity, intent, expectation, and whether the sentiment is mild."""

_SENTIMENTS: Final = (-1, 0, 1)


class Points:
    """A point matrix, worked out once for every situation there is."""

    def __init__(self, matrix: PointMatrix) -> None:
        self._rules: dict[Situation, PointRule | None] = {
            situation: next((rule for rule in matrix.rules if _holds(rule, situation)), None)
            for situation in product(_SENTIMENTS, NeedLayer, Severity, Intent, Expectation, (False, True))
        }

    def rule(self, situation: Situation) -> PointRule | None:
        """The rule that decides, or None where no rule holds."""
        return self._rules[situation]


def _holds(rule: PointRule, situation: Situation) -> bool:
    *values, mild = situation
    wanted = (rule.sentiment, rule.need_layer, rule.severity, rule.intent, rule.expectation)
    fits = all(not allowed or value in allowed for value, allowed in zip(values, wanted, strict=True))
    return fits and (rule.strength is None or (rule.strength == "mild") == mild)
