"""A need layer that changed, as a task: product planning and the owner of the tag must know what is expected now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from agents.commands import cut
from codeframe.analytics.drift import Drift
from codeframe.frame import Frame
from schemas.coded import Owner, Point, Tier, Versions
from schemas.common import Attributes, Channel
from schemas.ids import make_id
from schemas.task import TaskLevel, TaskTrigger, Verbatim

RULE = "layer_migration"
_PRIORITY, _DAYS = 3, 30

_LATEST = """
SELECT utterance_id, opinion_id, evidence, occurred_at, channel FROM current_opinions
WHERE tag = {tag:String} AND evidence != '' ORDER BY occurred_at DESC LIMIT 1
"""


def tasks(frame: Frame, moved: Sequence[Drift], months: Sequence[date], segment: str, now: datetime) -> list[TaskTrigger]:
    """An event-level task for each tag whose layer is another one now; the same id whenever it is found again."""
    found = []
    for drift in moved:
        rows = cut.query(_LATEST, {"tag": drift.tag}) if drift.migrates else []
        if rows and drift.tag in frame.by_id:
            found.append(_task(frame, drift, months[drift.month], segment, rows[0], now))
    return found


def _task(frame: Frame, drift: Drift, since: date, segment: str, latest: tuple[Any, ...], now: datetime) -> TaskTrigger:
    utterance_id, opinion_id, words, occurred_at, channel = latest
    tag, of = frame.by_id[drift.tag], f"（{segment}）" if segment else ""
    said_at = occurred_at if occurred_at.tzinfo else occurred_at.replace(tzinfo=UTC)
    return TaskTrigger(
        task_id=make_id("task", RULE, drift.tag, since.isoformat(), *([segment] if segment else [])),
        rule=RULE,
        rule_version="1",
        level=TaskLevel.EVENT,
        tag=tag.id,
        tag_name=tag.names.zh,
        point=Point.NONE,
        need_layer=drift.layer_after,
        severity=tag.severity,
        summary=f"需求分层变化：{tag.names.zh}{of} 自 {since:%Y-%m} 由 {drift.layer_before.value} 变为 {drift.layer_after.value}",
        verbatims=(Verbatim(utterance_id=utterance_id, opinion_id=opinion_id, text=words, evidence=words, occurred_at=said_at),),
        owner=Owner(dealer_role=tag.owner.dealer, office_role=tag.owner.office),
        owner_queue=tag.owner.office or "triage",
        plan_template="layer_review",
        priority=_PRIORITY,
        channel=Channel(channel),
        attributes=Attributes(segment=segment or None),
        versions=Versions(frame=frame.version, model="contrast-1", tier=Tier.FAST),
        created_at=now,
        due_at=now + timedelta(days=_DAYS),
    )
