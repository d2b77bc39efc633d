"""How well a symptom can be fixed: what its causes take, weighed by how likely each is."""

from __future__ import annotations

import math

from codeframe.causes.attribution import Attributor

EASE = {"easy": 1.0, "medium": 0.7, "hard": 0.4}
"""Share of a cause's complaints that a plan of usual effort ends: expert's guesses, to be replaced by accepted tasks."""


def fixability(attributor: Attributor) -> dict[str, float]:
    """0 to 1 for each tag of the frame; the middle value where no cause is known."""
    found = {}
    for tag in attributor.graph.frame.tags:
        possible = attributor.possible(tag.id)
        odds = [math.exp(one.log_odds) for one in possible]
        ease = [EASE[attributor.graph.causes[one.number].fix] for one in possible]
        found[tag.id] = sum(o * e for o, e in zip(odds, ease, strict=True)) / sum(odds) if odds else EASE["medium"]
    return found
