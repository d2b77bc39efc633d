"""Tasks that rules make of history: from an alarm, from a recurrence, from a passed due time, from muted alerts.

Ids and times come from the situation (the window, the acceptance, the day), so the same situation makes the same task,
whoever finds it and however often.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from codeframe.frame import Frame
from codeframe.rules.immediate import DIGEST
from codeframe.rules.load import RuleSet
from codeframe.rules.model import Aggregate, Escalation, Recurrence, Trend
from codeframe.rules.route import Subject, due_at, queue_of, role_name
from codeframe.rules.scope import bucket_start
from codeframe.rules.windows import Alarm
from schemas.coded import Cause, Owner
from schemas.common import Attributes, Severity
from schemas.ids import make_id
from schemas.task import ROUND, Muted, TaskLevel, TaskTrigger, Verbatim
from schemas.task_event import ActorRole, TaskAction, TaskEvent

_DIGEST_VERBATIMS = 20
_URGENT, _LEAST_URGENT = 1, 4


def alarm_task(
    rules: RuleSet,
    frame: Frame,
    rule: Aggregate | Trend,
    alarm: Alarm,
    verbatims: Sequence[Verbatim],
    causes: Sequence[tuple[str, float]],
    seen: Mapping[str, Any],
) -> TaskTrigger:
    """The task of an alarm. `seen` is what its opinions have in common: channel, point, need_layer, versions."""
    tag = frame.by_id.get(alarm.tag)
    scope = dict(zip(rule.scope, alarm.scope, strict=True))
    owner = Owner(dealer_role=tag.owner.dealer, office_role=tag.owner.office) if tag else Owner()
    attributes = Attributes(**{name: value for name, value in scope.items() if name != "channel"})
    severity = tag.severity if tag else Severity.NORMAL
    queue = queue_of(rules.routing, Subject(rule.id, alarm.tag, severity, owner, attributes))
    created_at = bucket_start(alarm.window + 1, rule.window)
    where = "".join(f"，{value}" for value in alarm.scope)
    name = tag.names.zh if tag else alarm.tag
    return TaskTrigger(
        task_id=make_id("task", rule.id, alarm.tag, *(f"{name}={value}" for name, value in scope.items()), alarm.window),
        rule=rule.id,
        rule_version=rules.version,
        level=TaskLevel.EVENT,
        tag=alarm.tag,
        tag_name=name,
        point=seen["point"],
        need_layer=seen["need_layer"],
        severity=severity,
        summary=f"{rule.names.zh}：{name}{where}，{alarm.opinions} 条，平常 {alarm.expected:.1f} 条",
        verbatims=tuple(verbatims),
        causes=tuple(Cause(cause=cause, probability=share) for cause, share in causes),
        owner=owner,
        owner_queue=queue,
        owner_name=role_name(frame, queue),
        plan_template=rule.plan,
        priority=rule.priority,
        channel=seen["channel"],
        attributes=attributes,
        scope=scope,
        versions=seen["versions"],
        created_at=created_at,
        due_at=due_at(rule, rules.routing.hours, created_at),
    )


def cooled(task: TaskTrigger, rule: Aggregate | Trend, last: tuple[datetime, UUID] | None) -> TaskTrigger:
    """The task, muted if its rule has made one for the tag and scope within the cool-down: that one stands for it."""
    if last is None or last[1] == task.task_id or task.created_at - last[0] >= rule.cool_down:
        return task
    return task.model_copy(update={"muted": Muted.GROUPED, "muted_for": last[1]})


def recurs(rule: Recurrence, before: int, after: int, since: timedelta) -> bool:
    """Whether opinions after the acceptance come at a rate above that of the baseline, `ratio` times."""
    elapsed = max(since, timedelta(days=1))
    return after >= rule.min_n and after * (rule.baseline / elapsed) > rule.ratio * before


def reopened(
    task: TaskTrigger, number: int, rules: RuleSet, rule: Recurrence, verbatims: Sequence[Verbatim], before: int, after: int, at: datetime
) -> TaskTrigger:
    """Round `number` of a task that did not help, with what was said since."""
    days = rule.baseline.days
    return task.model_copy(
        update={
            **_handed_over(task, number),
            "summary": f"{rule.names.zh}：{task.tag_name}，验收后又有 {after} 条（此前 {days} 天 {before} 条）",
            "verbatims": tuple(verbatims) or task.verbatims,
            "priority": min(task.priority, rule.priority),
            "due_at": due_at(rule, rules.routing.hours, at),
        }
    )


def escalated(task: TaskTrigger, number: int, frame: Frame, step: Escalation) -> TaskTrigger:
    """Round `number` of a task whose due time has passed."""
    return task.model_copy(
        update={
            **_handed_over(task, number),
            "owner_queue": step.to,
            "owner_name": role_name(frame, step.to),
            "priority": max(_URGENT, task.priority - 1),
        }
    )


def withdrawn(task: TaskTrigger) -> TaskTrigger:
    """The next round of a task whose opinions a deeper look took back: it tells the OA so."""
    return task.model_copy(update={**_handed_over(task, task.round + 1), "summary": f"已撤回：{task.summary}", "priority": _LEAST_URGENT})


def _handed_over(task: TaskTrigger, number: int) -> dict[str, int]:
    return {"round": number, "revision": number * ROUND + task.revision % ROUND}


def digest(rules: RuleSet, frame: Frame, day: date, muted: Sequence[TaskTrigger], at: datetime) -> TaskTrigger:
    """One task that lists what the daily cap muted for a recipient on a day."""
    first = muted[0]
    dealer = first.attributes.dealer
    return TaskTrigger(
        task_id=make_id("task", DIGEST, first.owner_queue, dealer or "", day.isoformat()),
        rule=DIGEST,
        rule_version=rules.version,
        level=TaskLevel.EVENT,
        tag=first.tag,
        tag_name=first.tag_name,
        point=first.point,
        need_layer=first.need_layer,
        severity=Severity.NORMAL,
        summary=f"{day.isoformat()} 另有 {len(muted)} 条提醒超过每日上限，汇总如下",
        verbatims=tuple(task.verbatims[0] for task in muted[:_DIGEST_VERBATIMS]),
        owner=first.owner,
        owner_queue=first.owner_queue,
        owner_name=role_name(frame, first.owner_queue),
        plan_template="digest",
        priority=_LEAST_URGENT,
        channel=first.channel,
        attributes=Attributes(dealer=dealer),
        scope={"dealer": dealer} if dealer else {},
        versions=first.versions,
        created_at=at,
        due_at=at + timedelta(days=1),
    )


def system_event(task: TaskTrigger, action: TaskAction, occasion: object, now: datetime, reason: str) -> TaskEvent:
    """A step that the system takes. `occasion` is what makes it one of its kind: an acceptance, a count."""
    return TaskEvent(
        task_event_id=make_id("task-event", task.task_id, action.value, str(occasion)),
        task_id=task.task_id,
        action=action,
        actor="trigger",
        actor_role=ActorRole.SYSTEM,
        reason=reason,
        occurred_at=now,
        recorded_at=now,
    )
