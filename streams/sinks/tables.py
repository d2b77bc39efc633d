"""Events as rows of ClickHouse tables: which table, which columns, in one place a table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any

from schemas.base import Event
from schemas.coded import CodedUtterance, Opinion
from schemas.common import Attributes
from schemas.context import ContextEvent
from schemas.dead_letter import DeadLetter
from schemas.ids import opinion_id
from schemas.task import TaskTrigger
from schemas.task_event import TaskEvent
from schemas.utterance import AudioSpan, CallMeasures
from streams.codec import encode

Row = tuple[Any, ...]

_CUT = ("brand", "model", "dealer", "city", "region", "country", "segment")

COLUMNS: dict[str, tuple[str, ...]] = {
    "utterances": (
        *("utterance_id", "revision", "event_id", "source", "channel", "conversation_id", "customer_id", "speaker", "text", "language"),
        *("fingerprint", "marks", "score", *_CUT, "vip", "opinions", "unsure", "frame_version", "model_version", "tier"),
        *("audio_uri", "audio_start_ms", "audio_end_ms", "occurred_at", "ingested_at", "cleaned_at", "coded_at"),
    ),
    "opinions": (
        *("opinion_id", "utterance_id", "revision", "retracted", "tag", "channel", "source", "conversation_id", "customer_id", "language"),
        *("evidence", "sentiment", "sentiment_score", "intent", "expectation", "point", "need_layer", "severity", "brand_promise"),
        *("confidence", "cause", "cause_probability", "dealer_role", "office_role", "marks", "score", *_CUT),
        *("frame_version", "model_version", "tier", "occurred_at", "ingested_at", "coded_at"),
    ),
    "calls": (
        *("event_id", "source", "channel", "conversation_id", "customer_id", "brand", "model", "dealer", "city", "region", "agent"),
        *("duration_ms", "talk_share", "silence_share", "overtalk_share", "longest_silence_ms", "agent_share", "customer_share"),
        *("agent_customer_ratio", "agent_rate", "customer_rate", "audio_uri", "engine", "occurred_at", "ingested_at"),
    ),
    "tasks": (
        *("task_id", "revision", "rule", "rule_version", "level", "tag", "point", "need_layer", "severity", "summary", "verbatim"),
        *("utterance_ids", "opinion_ids", "cause", "cause_probability", "dealer_role", "office_role", "owner_queue", "plan_template"),
        *("priority", "channel", "customer_id", "conversation_id", "brand", "model", "dealer", "city", "region", "scope"),
        *("created_at", "due_at", "owner_name", "muted", "muted_for", "body"),
    ),
    "task_events": (
        *("task_event_id", "task_id", "action", "actor", "actor_role", "legal", "reason", "note", "confirmed_cause", "refused_causes"),
        *("external_id", "attempt", "occurred_at", "recorded_at"),
    ),
    "context_events": (
        *("context_id", "source", "source_id", "customer_id", "kind", "status", "linked_customer_id", "order_id", "dealer", "model"),
        *("occurred_at", "ingested_at"),
    ),
    "dead_letters": (
        *("dead_letter_id", "step", "reason", "detail", "topic", "partition", "offset", "size_bytes", "attempts"),
        *("occurred_at", "failed_at"),
    ),
}


def rows_of(event: Event) -> Iterator[tuple[str, Row]]:
    """(table, row) of an event: for a coded utterance its own row, one an opinion, and its call's."""
    return _ROWS[type(event)](event)


def _cut(attributes: Attributes) -> Row:
    return tuple([getattr(attributes, name) or "" for name in _CUT])


def _coded(event: CodedUtterance) -> Iterator[tuple[str, Row]]:
    audio, versions, cut = event.audio, event.versions, _cut(event.attributes)
    marks = [mark.value for mark in event.marks]
    customer, channel, language = event.customer_id or "", event.channel.value, event.language.value
    said = (channel, event.source, event.conversation_id, customer, language)
    for opinion in event.opinions:
        yield "opinions", _opinion(event, opinion, said, cut, marks)
    for tag in event.retracted:
        yield "opinions", _retracted(event, tag, said, cut, marks)
    if event.call and audio:
        yield "calls", _call(event, event.call, audio)
    yield (
        "utterances",
        (
            *(event.utterance_id, event.revision, event.event_id, event.source, channel, event.conversation_id, customer),
            *(event.speaker.value, event.text, language, event.fingerprint or "", marks, event.score, *cut),
            *(event.attributes.vip, len(event.opinions), event.unsure, versions.frame, versions.model, versions.tier.value),
            *((audio.uri, audio.start_ms, audio.end_ms) if audio else ("", 0, 0)),
            *(event.occurred_at, event.ingested_at, event.cleaned_at, event.coded_at),
        ),
    )


def _call(event: CodedUtterance, call: CallMeasures, audio: AudioSpan) -> Row:
    """The row of the whole call, the same from each of its utterances."""
    cut = event.attributes
    return (
        *(event.event_id, event.source, event.channel.value, event.conversation_id, event.customer_id or ""),
        *(getattr(cut, name) or "" for name in ("brand", "model", "dealer", "city", "region", "agent")),
        *(call.duration_ms, call.talk_share, call.silence_share, call.overtalk_share, call.longest_silence_ms, call.agent_share),
        *(call.customer_share, call.agent_customer_ratio, call.agent_rate, call.customer_rate, audio.uri, audio.engine),
        *(event.occurred_at - timedelta(milliseconds=audio.start_ms), event.ingested_at),
    )


def _opinion(event: CodedUtterance, opinion: Opinion, said: Row, cut: Row, marks: Sequence[str]) -> Row:
    first, versions = (opinion.causes[0] if opinion.causes else None), opinion.versions
    return (
        *(opinion.opinion_id, event.utterance_id, event.revision, 0, opinion.tag, *said),
        *(event.text[opinion.evidence.start : opinion.evidence.end], opinion.sentiment, opinion.sentiment_score, opinion.intent.value),
        *(opinion.expectation.value, opinion.point.value, opinion.need_layer.value, opinion.severity.value, opinion.brand_promise),
        *(opinion.confidence, first.cause if first else "", first.probability if first else 0.0),
        *(opinion.owner.dealer_role or "", opinion.owner.office_role or "", marks, event.score, *cut),
        *(versions.frame, versions.model, versions.tier.value, event.occurred_at, event.ingested_at, event.coded_at),
    )


def _retracted(event: CodedUtterance, tag: str, said: Row, cut: Row, marks: Sequence[str]) -> Row:
    versions = event.versions
    return (
        *(opinion_id(event.utterance_id, tag), event.utterance_id, event.revision, 1, tag, *said),
        *("", 0, 0.0, "", "", "", "", "", False, 0.0, "", 0.0, "", "", marks, event.score, *cut),
        *(versions.frame, versions.model, versions.tier.value, event.occurred_at, event.ingested_at, event.coded_at),
    )


def _task(event: TaskTrigger) -> Iterator[tuple[str, Row]]:
    first, cut = (event.causes[0] if event.causes else None), event.attributes
    yield (
        "tasks",
        (
            *(event.task_id, event.revision, event.rule, event.rule_version, event.level.value, event.tag, event.point.value),
            *(event.need_layer.value, event.severity.value, event.summary, event.verbatims[0].text),
            *([one.utterance_id for one in event.verbatims], [one.opinion_id for one in event.verbatims]),
            *(
                first.cause if first else "",
                first.probability if first else 0.0,
                event.owner.dealer_role or "",
                event.owner.office_role or "",
            ),
            *(event.owner_queue, event.plan_template, event.priority, event.channel.value, event.customer_id or ""),
            *(event.conversation_id or "", cut.brand or "", cut.model or "", cut.dealer or "", cut.city or "", cut.region or ""),
            *(dict(event.scope), event.created_at, event.due_at, event.owner_name or ""),
            *(event.muted.value if event.muted else "", event.muted_for, encode(event).decode()),
        ),
    )


def _task_event(event: TaskEvent) -> Iterator[tuple[str, Row]]:
    yield (
        "task_events",
        (
            *(event.task_event_id, event.task_id, event.action.value, event.actor, event.actor_role.value, event.legal),
            *(event.reason or "", event.note or "", event.confirmed_cause or "", list(event.refused_causes), event.external_id or ""),
            *(event.attempt, event.occurred_at, event.recorded_at),
        ),
    )


def _context(event: ContextEvent) -> Iterator[tuple[str, Row]]:
    yield (
        "context_events",
        (
            *(event.context_id, event.source, event.source_id, event.customer_id, event.kind.value, event.status or ""),
            *(event.linked_customer_id or "", event.order_id or "", event.dealer or "", event.model or ""),
            *(event.occurred_at, event.ingested_at),
        ),
    )


def _dead_letter(event: DeadLetter) -> Iterator[tuple[str, Row]]:
    yield (
        "dead_letters",
        (
            *(event.dead_letter_id, event.step, event.reason.value, event.detail, event.topic, event.partition, event.offset),
            *(len(event.value or b""), event.attempts, event.occurred_at, event.failed_at),
        ),
    )


_ROWS: dict[type[Event], Callable[[Any], Iterator[tuple[str, Row]]]] = {
    CodedUtterance: _coded,
    TaskTrigger: _task,
    TaskEvent: _task_event,
    ContextEvent: _context,
    DeadLetter: _dead_letter,
}


def by_table(events: Iterable[Event]) -> dict[str, list[Row]]:
    """The rows of events, by table."""
    tables: dict[str, list[Row]] = {}
    for event in events:
        for table, row in rows_of(event):
            tables.setdefault(table, []).append(row)
    return tables
