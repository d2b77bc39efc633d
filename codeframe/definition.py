"""What a code frame's YAML files hold. Unknown keys are refused everywhere."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from schemas.coded import Expectation, Intent, NeedLayer, Point
from schemas.common import Severity

Line = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
TagId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+){1,3}$")]
Polarity = Literal["negative", "positive", "either"]
Language = Literal["zh", "en"]


class Data(BaseModel):
    """A part of a data file: frozen, no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Names(Data):
    """A name in Simplified Chinese and in English; Traditional is made from Simplified."""

    zh: Line
    en: Line


class Wording(Data):
    """A term or pattern. Its own `polarity` overrides the tag's."""

    text: Line
    polarity: Polarity | None = None


def _wording(value: Any) -> Any:
    return {"text": value} if isinstance(value, str) else value


Words = tuple[Annotated[Wording, BeforeValidator(_wording)], ...]


class Terms(Data):
    """Words of each language that alone suffice to give the tag."""

    zh: Words = ()
    en: Words = ()

    def all(self) -> Words:
        return self.zh + self.en


class Owners(Data):
    """Who must act, at the dealer and at head office; neither means triage."""

    dealer: Slug | None = None
    office: Slug | None = None


class Tag(Data):
    """One experience tag: what it means, where in the journey, whose it is, and how customers say it.

    `polarity` is what a bare term says of the experience; `either` leaves it to the clause's opinion words.
    """

    id: TagId
    names: Names
    definition: Line
    example_in: Line
    example_out: Line
    stage: Slug
    touchpoint: Slug
    owner: Owners
    need_layer: NeedLayer
    brand_promise: bool = False
    severity: Severity = Severity.NORMAL
    polarity: Polarity
    terms: Terms = Terms()
    patterns: Words = ()


class Branch(Data):
    """One file of tags."""

    branch: Slug
    names: Names
    tags: Annotated[tuple[Tag, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _ids_start_with_the_branch(self) -> Self:
        for tag in self.tags:
            if tag.id.split(".")[0] != self.branch:
                raise ValueError(f"tag {tag.id}: its id must start with {self.branch}.")
        return self


class Stage(Data):
    """A stage of a journey. In a derived set, `of` lists the stages of the first set that it covers."""

    id: Slug
    names: Names
    of: tuple[Slug, ...] = ()


class StageSet(Data):
    """One way to cut the journey. Tags use the first set of a frame; the others map onto it."""

    id: Slug
    names: Names
    stages: Annotated[tuple[Stage, ...], Field(min_length=1)]


class Roles(Data):
    dealer: dict[Slug, Names]
    office: dict[Slug, Names]


class Scales(Data):
    """What is measured, and whether more of it is good: 空间大 is praise, 噪音大 is not."""

    more_is_good: tuple[Line, ...] = ()
    more_is_bad: tuple[Line, ...] = ()


class Thresholds(Data):
    """`unsure_below`: an utterance whose best opinion is less certain goes to the deep coder.

    `mild_below`: an absolute sentiment score under it is mild, for the point matrix.
    """

    unsure_below: Annotated[float, Field(ge=0, le=1)] = 0.6
    mild_below: Annotated[float, Field(ge=0, le=1)] = 0.4


class Header(Data):
    """frame.yaml: everything of a frame but its tags.

    `entities` are names by kind (brands, models, ...): they are no personal data and carry no feeling.
    `stop` are phrases in which terms and opinion words are not to be seen (高速 is not 高).
    """

    frame: Slug
    version: Line
    names: Names
    stage_sets: Annotated[tuple[StageSet, ...], Field(min_length=1)]
    touchpoints: dict[Slug, Names]
    roles: Roles
    entities: dict[Slug, tuple[Line, ...]] = {}
    scales: Scales = Scales()
    stop: tuple[Line, ...] = ()
    thresholds: Thresholds = Thresholds()

    @model_validator(mode="after")
    def _derived_stages_map(self) -> Self:
        known = {stage.id for stage in self.stage_sets[0].stages}
        for derived in self.stage_sets[1:]:
            covered = [of for stage in derived.stages for of in stage.of]
            if set(covered) != known or len(covered) != len(known):
                raise ValueError(f"stage set {derived.id}: its stages must cover each of {', '.join(sorted(known))} once")
        return self


class PointRule(Data):
    """A row of the point matrix. An empty condition holds always; `strength` is that of the sentiment."""

    id: Slug
    point: Point
    sentiment: tuple[Annotated[Literal[-1, 0, 1], BeforeValidator(int)], ...] = ()
    need_layer: tuple[NeedLayer, ...] = ()
    severity: tuple[Severity, ...] = ()
    intent: tuple[Intent, ...] = ()
    expectation: tuple[Expectation, ...] = ()
    strength: Literal["mild", "strong"] | None = None


class PointMatrix(Data):
    """points.yaml: the first rule whose conditions all hold decides; if none holds there is no point."""

    rules: Annotated[tuple[PointRule, ...], Field(min_length=1)]


class Spellings(Data):
    """spellings.yaml: other ways to write a word of the industry, each as long as the word.

    `written` are variants that mean the same; `heard` are slips of ears and keyboards, and no words of their own.
    """

    written: dict[Line, tuple[Line, ...]] = {}
    heard: dict[Line, tuple[Line, ...]] = {}

    @model_validator(mode="after")
    def _as_long_as_the_word(self) -> Self:
        for table in (self.written, self.heard):
            for word, variants in table.items():
                for variant in variants:
                    if len(variant) != len(word):
                        raise ValueError(f"{variant} is not as long as {word}")
        return self


class VehicleColumns(Data):
    """The columns of a labelled file that name the vehicle, as events carry it; those of `model` are put together."""

    brand: Line
    model: tuple[Line, ...]


class Crosswalk(Data):
    """An outside taxonomy: each of its codes covers tags, by id or by a wildcard `branch.prefix.*`."""

    crosswalk: Slug
    names: Names | None = None
    source: str | None = None
    vehicle: VehicleColumns | None = None
    codes: dict[str, tuple[str, ...]]
