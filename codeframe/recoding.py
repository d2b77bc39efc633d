"""Events coded again by another coder: the same ids, a higher revision."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from codeframe.coder import Coder, Coding
from schemas.coded import CodedUtterance, Tier


def unsure(events: Iterable[CodedUtterance]) -> list[CodedUtterance]:
    """The events that ask for a deeper look, in order: the fast tier was unsure, and no later event here revises them.

    What a deeper tier or a person has coded is never among them, so a step that reads its own revisions comes to rest.
    """
    latest: dict[object, CodedUtterance] = {}
    for event in events:
        if event.utterance_id not in latest or latest[event.utterance_id].revision <= event.revision:
            latest[event.utterance_id] = event
    return [event for event in latest.values() if event.unsure and event.versions.tier is Tier.FAST]


def recoded(coder: Coder, events: Sequence[CodedUtterance], coded_at: datetime) -> list[CodedUtterance]:
    """The next revision of each event, in order, as `coder` codes it."""
    return [revised(event, coding, coded_at) for event, coding in zip(events, coder.code(events), strict=True)]


def revised(event: CodedUtterance, coding: Coding, coded_at: datetime) -> CodedUtterance:
    """The next revision of an event. Tags that it no longer holds are retracted."""
    kept = {opinion.tag for opinion in coding.opinions}
    gone = dict.fromkeys([*event.retracted, *(opinion.tag for opinion in event.opinions)])
    changes = {
        "revision": event.revision + 1,
        "opinions": coding.opinions,
        "retracted": tuple(tag for tag in gone if tag not in kept),
        "unsure": coding.unsure,
        "versions": coding.versions,
        "coded_at": coded_at,
    }
    return event.model_copy(update=changes)
