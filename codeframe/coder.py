"""The coder: utterances in, coded opinions out. Pure, and a batch at a time.

Words come first: the code frame's terms and patterns and the languages' lexicons. A trained model joins them
(codeframe.learned.seam).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

from codeframe.analysis import Analyst
from codeframe.causes.attribution import ATTRIBUTED, Attributor, Situation, situation_of
from codeframe.causes.clues import Clue
from codeframe.closer import CloserLook
from codeframe.definition import PointRule
from codeframe.finding import Found, found_in
from codeframe.frame import Frame
from codeframe.joining import Heard, Joiner
from codeframe.layers import Layers
from codeframe.learned.seam import GroupModel
from codeframe.learned.tiers import bundled_model
from codeframe.learned.vehicle import Vehicle
from codeframe.points import Points
from codeframe.trusted import collector_paused, defaults, span, trusted
from schemas.coded import CodedUtterance, Expectation, Intent, NeedLayer, Opinion, Owner, Point, Tier, Versions
from schemas.common import Channel, Severity, Speaker
from schemas.ids import opinion_ids
from schemas.utterance import Mark, Utterance

LEXICON_VERSION = "lexicon-1"

_SILENT = frozenset({Speaker.AGENT, Speaker.BOT})
_EMPTY = frozenset({Mark.EMPTY, Mark.MACHINE_MADE})
_SHORTEST_UNSURE = 6
_KEPT = 20_000
_TALK = Heard(spoken=True)


class Coding(NamedTuple):
    """The opinions of an utterance. `unsure` asks for a deeper look."""

    opinions: tuple[Opinion, ...]
    unsure: bool
    versions: Versions


class Placed(NamedTuple):
    """What was found, and what its opinion says, whatever the words and wherever they stand: the fields of `Opinion`."""

    found: Found
    says: dict[str, Any]


Sayings: TypeAlias = Callable[[int, NeedLayer, int, float, float, Intent, Expectation], dict[str, Any]]
Why: TypeAlias = tuple[dict[int, list[Clue]], Situation]
"""The clues around an utterance's opinions, by cause, and where they were found."""


class Coder:
    """Codes utterances by a frame. Immutable; make one a process and share it."""

    def __init__(
        self, frame: Frame, model: GroupModel | None = None, attributor: Attributor | None = None, layers: Layers | None = None
    ) -> None:
        self.frame = frame
        self.attributor = attributor or Attributor.load(frame)
        self._layers = layers or Layers()
        self.analyst = Analyst(frame)
        self._closer = CloserLook(self.analyst.words)
        self._points = Points(frame.points)
        model_version, tier = (model.version, model.tier) if model else (LEXICON_VERSION, Tier.FAST)
        self.versions = Versions(frame=frame.version, model=model_version, tier=tier)
        self._joiner = Joiner(frame, model) if model else None
        self._tags = frame.tags
        self._thresholds = frame.header.thresholds
        self._says = self._sayings()

    @classmethod
    def load(cls, where: str | Path, tier: Tier = Tier.FAST, *, causes: Path | None = None, layers: Path | None = None) -> Coder:
        """A coder by a bundled frame's name or a frame's folder, with the model of a tier that comes with the package.

        `causes` are learned parameters of attribution, `layers` dated need layers; without them the frame's own hold.

        Raises:
            FrameError: the frame is wrong; names file, line and field.
            ImportError: the deep tier's extra is not installed.
        """
        frame = Frame.load(where)
        return cls(frame, bundled_model(frame, tier), Attributor.load(frame, causes), Layers.load(layers))

    def code(self, utterances: Sequence[Utterance | CodedUtterance]) -> list[Coding]:
        """Code a batch, in order. What was not said by a customer, and what is marked empty or machine-made, has no opinions."""
        heard = [u for u in utterances if u.speaker not in _SILENT and _EMPTY.isdisjoint(u.marks)]
        nothing = Coding((), False, self.versions)
        spoken = {id(u) for u in heard}
        with collector_paused():
            found = self.find([u.text for u in heard], [_heard(u) for u in heard])
            codings = iter(self._codings(heard, found))
            return [next(codings) if id(u) in spoken else nothing for u in utterances]

    def find(self, texts: Sequence[str], heard: Sequence[Heard] | None = None) -> list[list[Found]]:
        """The tags of each text, by where they stand. `heard` says how each came; all are posts if not given."""
        found = [found_in(analysis) for analysis in self.analyst.analyse(texts)]
        self._look_closer(texts, found)
        if not self._joiner:
            return found
        joined = self._joiner.join(texts, found, heard)
        return [words if some is words else self._kept(words, some) for words, some in zip(found, joined, strict=True)]

    def _look_closer(self, texts: Sequence[str], found: list[list[Found]]) -> None:
        """Fill in what texts say in which no word was found at first."""
        blank = [at for at, known in enumerate(found) if not known]
        closer = list(self._closer.look([texts[at] for at in blank])) if blank else []
        for (number, look), analysis in zip(closer, self.analyst.analyse([look.text for _, look in closer]), strict=True):
            found[blank[number]] = [look.place(one) for one in found_in(analysis)]

    def _kept(self, words: list[Found], joined: list[Found]) -> list[Found]:
        """What the joiner kept, and the dangers that words tell of, whatever the model makes of them."""
        seen = {one.tag for one in joined}
        lost = [one for one in words if one.sentiment < 0 and one.tag not in seen]
        return joined + [one for one in lost if self._tags[one.tag].severity is Severity.SAFETY]

    def signed(self, model: str, tier: Tier) -> Coder:
        """This coder for what another found: opinions say that `model` of `tier` made them."""
        other = copy(self)
        other.versions = Versions(frame=self.frame.version, model=model, tier=tier)
        other._says = other._sayings()
        return other

    def coding(self, utterance: Utterance | CodedUtterance, found: list[Found]) -> Coding:
        """The opinions of what was found in an utterance."""
        return self._codings([utterance], [found])[0]

    def _codings(self, utterances: Sequence[Utterance | CodedUtterance], found: Sequence[list[Found]]) -> list[Coding]:
        placed = [[self._placed(u, one) for one in some] for u, some in zip(utterances, found, strict=True)]
        hurting = [at for at, some in enumerate(placed) if not ATTRIBUTED.isdisjoint([one.says["point"] for one in some])]
        situations = [self._situation(utterances[at], placed[at]) for at in hurting]
        why = dict(zip(hurting, zip(self.attributor.clues(situations), situations, strict=True), strict=True))
        return [self._coding(u, some, why.get(at)) for at, (u, some) in enumerate(zip(utterances, placed, strict=True))]

    def _placed(self, utterance: Utterance | CodedUtterance, found: Found) -> Placed:
        tag = self._tags[found.tag]
        layer = self._layers.at(tag.id, utterance.occurred_at, utterance.attributes.segment, tag.need_layer)
        feeling = (found.sentiment, found.value, found.confidence, found.intent, found.expectation)
        return Placed(found, self._says(found.tag, layer, *feeling))

    def _situation(self, utterance: Utterance | CodedUtterance, placed: list[Placed]) -> Situation:
        tags = [self._tags[one.found.tag].id for one in placed]
        return situation_of(utterance.text, tags, utterance.occurred_at, utterance.attributes)

    def _coding(self, utterance: Utterance | CodedUtterance, placed: list[Placed], why: Why | None) -> Coding:
        if not placed:
            return Coding((), len(utterance.text) >= _SHORTEST_UNSURE, self.versions)
        new_id = opinion_ids(utterance.utterance_id)
        opinions = tuple([self._opinion(utterance.text, new_id, one, why) for one in placed])
        unsure = max([one.found.confidence for one in placed]) < self._thresholds.unsure_below
        return Coding(opinions, unsure, self.versions)

    def judges(self, channel: Channel) -> bool:
        """Whether the model has a say on what comes by this channel: on posts, and on talk if it knows what words mean."""
        return self._joiner is not None and (channel is Channel.PUBLIC_OPINION or self._joiner.hears_talk)

    def rule(self, found: Found, layer: NeedLayer | None = None) -> PointRule | None:
        """The row of the point matrix that decides about `found`, or None where none holds. The layer is the frame's if not given."""
        tag = self._tags[found.tag]
        mild = abs(found.value) < self._thresholds.mild_below
        return self._points.rule((found.sentiment, layer or tag.need_layer, tag.severity, found.intent, found.expectation, mild))

    def _opinion(self, text: str, new_id: Callable[[str], UUID], placed: Placed, why: Why | None) -> Opinion:
        found, values = placed.found, placed.says.copy()
        tag = values["tag"]
        values["opinion_id"] = new_id(tag)
        values["evidence"] = span(found.start, found.end)
        values["aspect"] = span(*found.aspect) if found.aspect else None
        values["opinion_words"] = tuple([text[start:end] for start, end in found.words])
        if why and values["point"] in ATTRIBUTED:
            values["causes"] = self.attributor.causes(tag, *why)
        return trusted(Opinion, values)

    def _sayings(self) -> Sayings:
        """What opinions of a tag share that feel the same. Few things are said in many ways, so it is kept."""
        tags, points, mild_below, versions = self._tags, self._points, self._thresholds.mild_below, self.versions

        @lru_cache(_KEPT)
        def says(
            number: int, layer: NeedLayer, sentiment: int, value: float, confidence: float, intent: Intent, expectation: Expectation
        ) -> dict[str, Any]:
            tag = tags[number]
            rule = points.rule((sentiment, layer, tag.severity, intent, expectation, abs(value) < mild_below))
            return {
                **defaults(Opinion),
                "tag": tag.id,
                "sentiment": sentiment,
                "sentiment_score": round(value, 3) + 0.0,  # no minus zero, which would stay kept for zero
                "intent": intent,
                "expectation": expectation,
                "point": rule.point if rule else Point.NONE,
                "need_layer": layer,
                "severity": tag.severity,
                "brand_promise": tag.brand_promise,
                "confidence": round(confidence, 3),
                "owner": Owner(dealer_role=tag.owner.dealer, office_role=tag.owner.office),
                "versions": versions,
            }

        return says


def _heard(utterance: Utterance | CodedUtterance) -> Heard:
    if utterance.channel is not Channel.PUBLIC_OPINION:
        return _TALK
    return Heard(spoken=False, vehicle=Vehicle(utterance.attributes.brand, utterance.attributes.model))


def coded(utterance: Utterance, coding: Coding, coded_at: datetime) -> CodedUtterance:
    """The event of a coded utterance. `coded_at` is aware."""
    return trusted(
        CodedUtterance,
        {
            **defaults(CodedUtterance),
            "utterance_id": utterance.utterance_id,
            "event_id": utterance.event_id,
            "source": utterance.source,
            "channel": utterance.channel,
            "conversation_id": utterance.conversation_id,
            "customer_id": utterance.customer_id,
            "speaker": utterance.speaker,
            "text": utterance.text,
            "language": utterance.language,
            "fingerprint": utterance.fingerprint,
            "marks": utterance.marks,
            "audio": utterance.audio,
            "call": utterance.call,
            "score": utterance.score,
            "attributes": utterance.attributes,
            "opinions": coding.opinions,
            "unsure": coding.unsure,
            "versions": coding.versions,
            "occurred_at": utterance.occurred_at,
            "ingested_at": utterance.ingested_at,
            "cleaned_at": utterance.cleaned_at,
            "coded_at": coded_at,
        },
    )
