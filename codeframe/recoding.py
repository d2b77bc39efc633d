"""Events coded again by another coder: the same ids, a higher revision."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from codeframe.coder import Coder
from schemas.coded import CodedUtterance


def recoded(coder: Coder, events: Sequence[CodedUtterance], coded_at: datetime) -> list[CodedUtterance]:
    """The next revision of each event, in order. Opinions that it no longer holds are retracted."""
    revisions = []
    for event, coding in zip(events, coder.code(events), strict=True):
        kept = {opinion.opinion_id for opinion in coding.opinions}
        gone = [*event.retracted, *(opinion.opinion_id for opinion in event.opinions)]
        changes = {
            "revision": event.revision + 1,
            "opinions": coding.opinions,
            "retracted": tuple(dict.fromkeys(one for one in gone if one not in kept)),
            "unsure": coding.unsure,
            "versions": coding.versions,
            "coded_at": coded_at,
        }
        revisions.append(event.model_copy(update=changes))
    return revisions
