"""A step that does next to nothing, to measure what is around it."""

from __future__ import annotations

from collections.abc import Callable

from codeframe.trusted import defaults, trusted
from schemas.common import Span
from schemas.ids import utterance_id
from schemas.raw_text import RawText
from schemas.utterance import Language, Utterance
from streams.settings import Settings
from streams.step import step
from streams.topics import RAW_TEXT, UTTERANCES

_SAME = ("event_id", "source", "channel", "conversation_id", "customer_id", "speaker", "text", "score", "attributes")
_SAME += ("survey_id", "visit_id", "order_id", "occurred_at", "ingested_at")


@step(reads=RAW_TEXT, writes=(UTTERANCES,))
def copy(_: Settings) -> Callable[[RawText], Utterance]:
    """Copy raw texts, made the way the clean step makes utterances."""

    def handle(raw: RawText) -> Utterance:
        values = defaults(Utterance) | {name: getattr(raw, name) for name in _SAME}
        values["utterance_id"], values["fingerprint"] = utterance_id(raw.event_id, 0), "-"
        values["seq"], values["language"], values["cleaned_at"] = 0, Language.ZH, raw.ingested_at
        values["source_span"] = Span(start=0, end=len(raw.text))
        return trusted(Utterance, values)

    return handle
