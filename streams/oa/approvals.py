"""What an office suite says of its approvals becomes `voc.task-events.v1`: `/v1/oa/events` on the gateway.

A suite knows one approval, the task several steps. VOC_OA_APPROVAL says what the approval stands for: the plan (agreed:
approved; refused: sent back) or the work (agreed: accepted; refused: refused). The steps on the way there, which the suite
does not tell of, are written down with it. A step that the task's state forbids, and an approval that belongs to no task,
are kept as refused; the suite is answered as usual, because sending it again would not help.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from http import HTTPStatus
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from schemas.ids import make_id
from schemas.task_event import ActorRole, TaskAction, TaskEvent
from streams import metrics
from streams.errors import ConfigurationError
from streams.oa.callbacks import limited
from streams.oa.events import SUITES, Approval, EventFault, Incoming, Verdict
from streams.oa.ledger import Ledger
from streams.oa.life import STEPS, after, fault
from streams.oa.recorder import Recorder, refusal
from streams.settings import Settings

_A, _E, _M = TaskAction, ActorRole.EXECUTION, ActorRole.MANAGEMENT
_STARTED = ((_A.ASSIGNED, _E),)
_PLANNED = (*_STARTED, (_A.PLANNED, _E))
_DONE = (*_PLANNED, (_A.APPROVED, _M), (_A.DONE, _E))
PATHS: dict[str, dict[Verdict, tuple[tuple[TaskAction, ActorRole], ...]]] = {
    "plan": {
        Verdict.STARTED: _STARTED,
        Verdict.AGREED: (*_PLANNED, (_A.APPROVED, _M)),
        Verdict.REFUSED: (*_PLANNED, (_A.SENT_BACK, _M)),
        Verdict.WITHDRAWN: (*_PLANNED, (_A.SENT_BACK, _M)),
    },
    "work": {
        Verdict.STARTED: _STARTED,
        Verdict.AGREED: (*_DONE, (_A.ACCEPTED, _M)),
        Verdict.REFUSED: (*_DONE, (_A.REFUSED, _M)),
        Verdict.WITHDRAWN: (*_DONE, (_A.REFUSED, _M)),
    },
}
"""The steps that lead to what an approval stands for; those that the state forbids are passed over, but not the last."""


class Approvals:
    """The route."""

    def __init__(self, settings: Settings, recorder: Recorder) -> None:
        """Raises ConfigurationError for a key that is none."""
        if not settings.oa_aes_key.get_secret_value():
            raise ConfigurationError(f"VOC_OA_AES_KEY: is not set; the callbacks of {settings.oa_kind} need it")
        self._kind, self._paths = settings.oa_kind, PATHS[settings.oa_approval]
        self._suite, self._recorder = SUITES[settings.oa_kind](settings), recorder

    async def take(self, request: Request) -> Response:
        """Take one event. Raises Problem."""
        body = await limited(request)
        try:
            heard = self._suite.hear(Incoming(request.query_params, request.headers, body))
        except EventFault as wrong:
            status = HTTPStatus.UNPROCESSABLE_ENTITY if wrong.kind == "invalid" else HTTPStatus.UNAUTHORIZED
            raise refusal(wrong.kind, status, wrong.detail) from None
        if heard.approval is not None:
            approval = heard.approval
            metrics.CALLBACKS.labels(await self._recorder.record(lambda ledger: self._decide(ledger, approval))).inc()
        return heard.answer

    def _decide(self, ledger: Ledger, approval: Approval) -> tuple[list[TaskEvent], str]:
        """The events that an approval makes, and the outcome that it is counted as."""
        found = next(filter(None, map(ledger.task_of, approval.numbers)), None)
        task_id = found or make_id("task", self._kind, approval.numbers[0])
        events = list(self._events(ledger, task_id, approval))
        if ledger.has(events[-1].task_event_id):
            return [], "repeated"
        if found is None:
            return events, "unknown_task"
        return events, "accepted" if events[-1].legal else "illegal"

    def _events(self, ledger: Ledger, task_id: UUID, approval: Approval) -> Iterator[TaskEvent]:
        state, path = ledger.state(task_id), self._paths[approval.verdict]
        for action, role in path:
            last = action is path[-1][0]
            wrong = fault(state, action, role) if state else "no task has this number"
            if not last and (wrong or STEPS[action].after is state):
                continue
            event = _event(task_id, action, role, approval, wrong)
            state = after(state, event) if state else None
            yield event


def _event(task_id: UUID, action: TaskAction, role: ActorRole, approval: Approval, wrong: str | None) -> TaskEvent:
    now = datetime.now(UTC)
    return TaskEvent(
        task_event_id=make_id("task-event", task_id, approval.numbers[0], approval.verdict.value, action.value),
        task_id=task_id,
        action=action,
        actor=approval.actor,
        actor_role=role,
        legal=wrong is None,
        reason=wrong,
        external_id=approval.numbers[0],
        occurred_at=approval.at,
        recorded_at=now,
    )
