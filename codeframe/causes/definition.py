"""What the YAML files of a frame's business knowledge graph hold. Unknown keys are refused everywhere."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from codeframe.definition import Data, Line, Names, Owners, Slug, TagId
from schemas.context import ContextKind

Pattern = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+){0,3}(\.\*)?$")]
"""A tag id, or all tags under a part of the tree: `quality.engine.*`."""

LogRatio = Annotated[float, Field(ge=-6, le=6, allow_inf_nan=False)]
"""How much a finding speaks for a cause: log of P(finding | cause) over P(finding | none of the causes)."""

Days = Annotated[int, Field(ge=-3650, le=3650)]


class Step(Data):
    """A step of the business; `after` names those that come before it."""

    id: Slug
    names: Names
    after: tuple[Slug, ...] = ()


class Steps(Data):
    """steps.yaml: the steps, and the statuses that each kind of context event may carry."""

    steps: Annotated[tuple[Step, ...], Field(min_length=1)]
    context: dict[ContextKind, tuple[Slug, ...]] = {}


class ContextRule(Data):
    """A business fact that speaks for or against a cause when it lies in a window around what was said.

    `days` are days after the moment it was said: [-60, 7] is from sixty days before to a week after.
    `absent` counts when the customer's business record is known and holds no such fact.
    """

    kind: ContextKind
    status: Annotated[tuple[Slug, ...], Field(min_length=1)]
    days: tuple[Days, Days]
    weight: LogRatio
    absent: LogRatio = 0.0


class CauseNode(Data):
    """A cause: the step in which it arises, who must act, which symptoms it has, and what speaks for it.

    `symptoms` maps tags to relative frequencies among a symptom's causes; of several patterns that hold the longest
    counts. `cues` maps log ratios to phrases that customers say; those of one ratio count once together.
    """

    id: TagId
    names: Names
    step: Slug
    owner: Owners
    fix: Literal["easy", "medium", "hard"]
    symptoms: Annotated[dict[Pattern, Annotated[float, Field(gt=0, le=10)]], Field(min_length=1)]
    cues: dict[LogRatio, Annotated[tuple[Line, ...], Field(min_length=1)]] = {}
    tags: dict[Pattern, LogRatio] = {}
    context: tuple[ContextRule, ...] = ()


class Area(Data):
    """One file of causes."""

    area: Slug
    causes: Annotated[tuple[CauseNode, ...], Field(min_length=1)]
