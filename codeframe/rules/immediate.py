"""Immediate rules: one opinion makes one task.

Ids and times come from the event alone, so that a replay makes the same task. A customer-level task is one a rule,
conversation and tag. Public opinion knows no customer: there a task is one a rule, tag, scope and cool-down, and names
nobody.
"""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from codeframe.frame import Frame
from codeframe.rules.fatigue import Fatigue
from codeframe.rules.load import RuleSet
from codeframe.rules.match import meets
from codeframe.rules.model import Immediate, Rule
from codeframe.rules.route import Subject, due_at, queue_of, role_name
from codeframe.rules.scope import bucket, scope_of
from schemas.base import Event
from schemas.coded import CodedUtterance, Opinion
from schemas.common import Channel, Speaker
from schemas.ids import make_id
from schemas.task import TaskLevel, TaskTrigger, Verbatim

DIGEST = "digest"
"""What stands for the rule in a digest of muted tasks."""
CUSTOMERS = (Speaker.CUSTOMER, Speaker.UNKNOWN)


class ImmediateRules:
    """The immediate rules of a set, over the tags of a frame. What would say the same again is muted."""

    def __init__(self, rules: RuleSet, frame: Frame) -> None:
        self._rules, self._frame = rules, frame
        self._immediate, self.fatigue = rules.of(Immediate), Fatigue(rules.routing)
        self._urgent = frozenset(rule.id for rule in rules.rules if rule.urgent)

    def tasks(self, coded: CodedUtterance) -> list[TaskTrigger]:
        """The tasks that an utterance calls for, as they are to be published."""
        return [self.admit(task) for task in self.drafts(coded)]

    def drafts(self, coded: CodedUtterance) -> list[TaskTrigger]:
        """The tasks that an utterance calls for, none muted yet. What is marked, or not a customer's, calls for none."""
        if coded.marks or coded.speaker not in CUSTOMERS:
            return []
        return [self._task(rule, coded, opinion) for opinion in coded.opinions for rule in self._firing(coded, opinion)]

    def admit(self, draft: TaskTrigger) -> TaskTrigger:
        """The task as it is to be published: itself, or muted."""
        return self.fatigue.admit(draft, urgent=self._is_urgent(draft))

    def read(self, event: Event) -> None:
        """Take note of a task that was published, by whichever worker."""
        if isinstance(event, TaskTrigger) and event.rule != DIGEST:
            self.fatigue.remember(event, urgent=self._is_urgent(event))

    def forget(self) -> None:
        """Forget what was published: it is read anew."""
        self.fatigue.forget()

    def _is_urgent(self, task: TaskTrigger) -> bool:
        return task.rule in self._urgent

    def _firing(self, coded: CodedUtterance, opinion: Opinion) -> Iterator[Immediate]:
        return (rule for rule in self._immediate if meets(rule.when, coded, opinion))

    def _task(self, rule: Immediate, coded: CodedUtterance, opinion: Opinion) -> TaskTrigger:
        routing, public = self._rules.routing, coded.channel is Channel.PUBLIC_OPINION
        queue = queue_of(routing, Subject(rule.id, opinion.tag, opinion.severity, opinion.owner, coded.attributes))
        tag = self._frame.by_id.get(opinion.tag)
        tag_name = tag.names.zh if tag else opinion.tag
        return TaskTrigger(
            task_id=task_id(rule, coded, opinion),
            revision=coded.revision,
            rule=rule.id,
            rule_version=self._rules.version,
            level=TaskLevel.EVENT if public else TaskLevel.CUSTOMER,
            tag=opinion.tag,
            tag_name=tag_name,
            point=opinion.point,
            need_layer=opinion.need_layer,
            severity=opinion.severity,
            summary=f"{rule.names.zh}：{tag_name}",
            verbatims=(verbatim(coded, opinion),),
            causes=opinion.causes,
            owner=opinion.owner,
            owner_queue=queue,
            owner_name=role_name(self._frame, queue),
            plan_template=rule.plan,
            priority=rule.priority,
            channel=coded.channel,
            customer_id=None if public else coded.customer_id,
            conversation_id=None if public else coded.conversation_id,
            attributes=coded.attributes,
            scope=scope_of(rule, coded),
            versions=opinion.versions,
            created_at=coded.coded_at,
            due_at=due_at(rule, routing.hours, coded.coded_at),
        )


def task_id(rule: Rule, coded: CodedUtterance, opinion: Opinion) -> UUID:
    """The id of the task that an opinion makes under a rule."""
    if coded.channel is Channel.PUBLIC_OPINION:
        scope = [f"{name}={value}" for name, value in scope_of(rule, coded).items()]
        return make_id("task", rule.id, opinion.tag, *scope, bucket(coded.occurred_at, rule.cool_down))
    return make_id("task", rule.id, coded.source, coded.conversation_id, opinion.tag)


def verbatim(coded: CodedUtterance, opinion: Opinion) -> Verbatim:
    """The words, redacted, that a task stands on."""
    return Verbatim(
        utterance_id=coded.utterance_id,
        opinion_id=opinion.opinion_id,
        text=coded.text,
        evidence=coded.text[opinion.evidence.start : opinion.evidence.end],
        audio=coded.audio,
        occurred_at=coded.occurred_at,
    )
