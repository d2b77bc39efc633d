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
from typing import Any, NamedTuple
from uuid import UUID

from codeframe.analysis import Analyst
from codeframe.causes.attribution import Attributor, situation_of
from codeframe.definition import PointRule, Tag
from codeframe.finding import Found, found_in
from codeframe.frame import Frame
from codeframe.joining import Joiner
from codeframe.layers import Layers
from codeframe.learned.seam import GroupModel
from codeframe.learned.tiers import bundled_model
from codeframe.points import Points
from codeframe.trusted import collector_paused, defaults, trusted
from schemas.coded import CodedUtterance, NeedLayer, Opinion, Owner, Point, Tier, Versions
from schemas.common import Channel, Severity, Span, Speaker
from schemas.ids import opinion_ids
from schemas.utterance import Mark, Utterance

LEXICON_VERSION = "lexicon-1"

_SILENT = frozenset({Speaker.AGENT, Speaker.BOT})
_EMPTY = frozenset({Mark.EMPTY, Mark.MACHINE_MADE})
# The model knows public reviews and complaints; of what people say in calls, chats and stores it has seen nothing.
_LEARNED = frozenset({Channel.PUBLIC_OPINION})
_SHORTEST_UNSURE = 6


class Coding(NamedTuple):
    """The opinions of an utterance. `unsure` asks for a deeper look."""

    opinions: tuple[Opinion, ...]
    unsure: bool
    versions: Versions


class Coder:
    """Codes utterances by a frame. Immutable; make one a process and share it."""

    def __init__(
        self, frame: Frame, model: GroupModel | None = None, attributor: Attributor | None = None, layers: Layers | None = None
    ) -> None:
        self.frame = frame
        self.attributor = attributor or Attributor.load(frame)
        self._layers = layers or Layers()
        self.analyst = Analyst(frame)
        self._points = Points(frame.points)
        model_version, tier = (model.version, model.tier) if model else (LEXICON_VERSION, Tier.FAST)
        self.versions = Versions(frame=frame.version, model=model_version, tier=tier)
        self._joiner = Joiner(frame, model) if model else None
        self._tags = frame.tags
        self._thresholds = frame.header.thresholds
        self._templates = [self._template(tag) for tag in frame.tags]

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
            found = iter(self.find([u.text for u in heard], [self.judges(u.channel) for u in heard]))
            return [self.coding(u, next(found)) if id(u) in spoken else nothing for u in utterances]

    def find(self, texts: Sequence[str], learned: Sequence[bool] | None = None) -> list[list[Found]]:
        """The tags of each text, by where they stand. `learned` says on which texts the model has a say; on all if not given."""
        found = [found_in(analysis) for analysis in self.analyst.analyse(texts)]
        chosen = [at for at in range(len(texts)) if self._joiner and (learned is None or learned[at])]
        if self._joiner and chosen:
            joined = self._joiner.join([texts[at] for at in chosen], [found[at] for at in chosen])
            for at, one in zip(chosen, joined, strict=True):
                found[at] = self._kept(found[at], one)
        return found

    def _kept(self, words: list[Found], joined: list[Found]) -> list[Found]:
        """What the joiner kept, and the dangers that words tell of, whatever the model makes of them."""
        seen = {one.tag for one in joined}
        lost = [one for one in words if one.sentiment < 0 and one.tag not in seen]
        return joined + [one for one in lost if self._tags[one.tag].severity is Severity.SAFETY]

    def signed(self, model: str, tier: Tier) -> Coder:
        """This coder for what another found: opinions say that `model` of `tier` made them."""
        other = copy(self)
        other.versions = Versions(frame=self.frame.version, model=model, tier=tier)
        other._templates = [other._template(tag) for tag in self.frame.tags]
        return other

    def coding(self, utterance: Utterance | CodedUtterance, found: list[Found]) -> Coding:
        """The opinions of what was found in an utterance."""
        if not found:
            return Coding((), len(utterance.text) >= _SHORTEST_UNSURE, self.versions)
        new_id = opinion_ids(utterance.utterance_id)
        when, segment = utterance.occurred_at, utterance.attributes.segment
        layers = [self._layers.at(tag.id, when, segment, tag.need_layer) for tag in (self._tags[one.tag] for one in found)]
        opinions = tuple([self._opinion(utterance.text, new_id, one, layer) for one, layer in zip(found, layers, strict=True)])
        tags = [one.tag for one in opinions]
        opinions = self.attributor.attribute(opinions, situation_of(utterance.text, tags, when, utterance.attributes))
        unsure = max([one.confidence for one in found]) < self._thresholds.unsure_below
        return Coding(opinions, unsure, self.versions)

    def judges(self, channel: Channel) -> bool:
        """Whether the model has a say on what comes by this channel."""
        return self._joiner is not None and channel in _LEARNED

    def rule(self, found: Found, layer: NeedLayer | None = None) -> PointRule | None:
        """The row of the point matrix that decides about `found`, or None where none holds. The layer is the frame's if not given."""
        tag = self._tags[found.tag]
        mild = abs(found.value) < self._thresholds.mild_below
        return self._points.rule((found.sentiment, layer or tag.need_layer, tag.severity, found.intent, found.expectation, mild))

    def _opinion(self, text: str, new_id: Callable[[str], UUID], found: Found, layer: NeedLayer) -> Opinion:
        rule = self.rule(found, layer)
        values = self._templates[found.tag].copy()
        values["need_layer"] = layer
        values["opinion_id"] = new_id(values["tag"])
        values["evidence"] = _span(found.start, found.end)
        values["aspect"] = _span(*found.aspect) if found.aspect else None
        values["opinion_words"] = tuple([text[start:end] for start, end in found.words])
        values["sentiment"] = found.sentiment
        values["sentiment_score"] = round(found.value, 3)
        values["intent"] = found.intent
        values["expectation"] = found.expectation
        values["point"] = rule.point if rule else Point.NONE
        values["confidence"] = round(found.confidence, 3)
        return trusted(Opinion, values)

    def _template(self, tag: Tag) -> dict[str, Any]:
        """What every opinion of a tag shares."""
        return {
            **defaults(Opinion),
            "tag": tag.id,
            "severity": tag.severity,
            "brand_promise": tag.brand_promise,
            "owner": Owner(dealer_role=tag.owner.dealer, office_role=tag.owner.office),
            "versions": self.versions,
        }


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


@lru_cache(65_536)
def _span(start: int, end: int) -> Span:
    return trusted(Span, {"start": start, "end": end})
