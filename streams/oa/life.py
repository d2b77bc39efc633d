"""The life of a task: which step may follow which, and who may take it.

    created -> assigned -> planned -> approved -> done -> accepted -> closed
                              ^   \\                 \\         \\________ reopened -> assigned
                              |    sent back         refused -> done
                              \\_______/

The execution layer works, the management layer approves and accepts, the system delivers, escalates, closes and
reopens. It also closes what nobody has begun when the opinion behind it was taken back. The log of a task's events
decides: an event that does not fit the state before it changes nothing, so two steps that raced each other end the same
for every reader.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from schemas.task_event import ActorRole, TaskAction, TaskEvent


class State(StrEnum):
    """Where a task stands."""

    CREATED = "created"
    ASSIGNED = "assigned"
    PLANNED = "planned"
    APPROVED = "approved"
    SENT_BACK = "sent_back"
    DONE = "done"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    CLOSED = "closed"
    REOPENED = "reopened"


class Step(NamedTuple):
    """From which states a step leads, to which (None: the state stays), and which layers may take it."""

    before: frozenset[State]
    after: State | None
    roles: frozenset[ActorRole]


def _step(before: Iterable[State], after: State | None, *roles: ActorRole) -> Step:
    return Step(frozenset(before), after, frozenset(roles))


_E, _M, _S = ActorRole.EXECUTION, ActorRole.MANAGEMENT, ActorRole.SYSTEM
OVER = frozenset({State.ACCEPTED, State.CLOSED})
"""States in which nothing is left to do."""

STEPS: dict[TaskAction, Step] = {
    TaskAction.CREATED: _step({State.CREATED}, None, _S),
    TaskAction.DELIVERED: _step(State, None, _S),
    TaskAction.ASSIGNED: _step({State.CREATED, State.ASSIGNED, State.REOPENED}, State.ASSIGNED, _E, _M, _S),
    TaskAction.PLANNED: _step({State.ASSIGNED, State.SENT_BACK}, State.PLANNED, _E),
    TaskAction.APPROVED: _step({State.PLANNED}, State.APPROVED, _M),
    TaskAction.SENT_BACK: _step({State.PLANNED}, State.SENT_BACK, _M),
    TaskAction.DONE: _step({State.APPROVED, State.REFUSED}, State.DONE, _E),
    TaskAction.ACCEPTED: _step({State.DONE}, State.ACCEPTED, _M),
    TaskAction.REFUSED: _step({State.DONE}, State.REFUSED, _M),
    TaskAction.CLOSED: _step({State.ACCEPTED}, State.CLOSED, _M, _S),
    TaskAction.REOPENED: _step(OVER, State.REOPENED, _M, _S),
    TaskAction.ESCALATED: _step(set(State) - OVER, None, _M, _S),
}
_WITHDRAWN = frozenset({State.CREATED, State.ASSIGNED})
"""Where the system alone may close a task that nobody has begun: what it stood on was taken back."""


def fault(state: State, action: TaskAction, role: ActorRole) -> str | None:
    """Why a step is illegal, or None."""
    step = STEPS[action]
    if role not in step.roles:
        return f"{action} belongs to {' or '.join(sorted(step.roles))}, not to {role}"
    if action is TaskAction.CLOSED and role is ActorRole.SYSTEM and state in _WITHDRAWN:
        return None
    if state not in step.before:
        return f"{action} cannot follow {state}; it follows {', '.join(sorted(step.before))}"
    return None


def after(state: State, event: TaskEvent) -> State:
    """The state after an event; the same where the event is illegal."""
    if not event.legal or fault(state, event.action, event.actor_role):
        return state
    return STEPS[event.action].after or state


def fold(events: Iterable[TaskEvent]) -> State:
    """The state of a task after its events, in the order of the log."""
    state = State.CREATED
    for event in events:
        state = after(state, event)
    return state


def choices(state: State, role: ActorRole) -> list[TaskAction]:
    """The steps that a role may take now and that change the state."""
    return [action for action, step in STEPS.items() if step.after and fault(state, action, role) is None]
