"""The life of a task: legal and illegal steps, and the state that a log adds up to."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.task_event import ActorRole, TaskAction, TaskEvent
from streams.oa.life import STEPS, State, after, choices, fault, fold

A, R, S = TaskAction, ActorRole, State
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def event(action: TaskAction, role: ActorRole, *, legal: bool = True) -> TaskEvent:
    return TaskEvent(
        task_event_id=uuid4(), task_id=uuid4(), action=action, actor="x", actor_role=role, legal=legal, occurred_at=NOW, recorded_at=NOW
    )


def test_the_whole_loop() -> None:
    walk = [
        *((A.CREATED, R.SYSTEM), (A.DELIVERED, R.SYSTEM), (A.ASSIGNED, R.EXECUTION), (A.PLANNED, R.EXECUTION), (A.SENT_BACK, R.MANAGEMENT)),
        *((A.PLANNED, R.EXECUTION), (A.APPROVED, R.MANAGEMENT), (A.ESCALATED, R.SYSTEM), (A.DONE, R.EXECUTION), (A.REFUSED, R.MANAGEMENT)),
        *((A.DONE, R.EXECUTION), (A.ACCEPTED, R.MANAGEMENT), (A.CLOSED, R.SYSTEM), (A.REOPENED, R.SYSTEM), (A.ASSIGNED, R.MANAGEMENT)),
    ]
    state = S.CREATED
    for action, role in walk:
        assert fault(state, action, role) is None, (state, action)
        state = after(state, event(action, role))
    assert state is S.ASSIGNED


@pytest.mark.parametrize("action", [A.APPROVED, A.SENT_BACK, A.ACCEPTED, A.REFUSED])
def test_the_execution_layer_neither_approves_nor_accepts(action: TaskAction) -> None:
    for state in State:
        assert "belongs to management" in str(fault(state, action, R.EXECUTION))


@pytest.mark.parametrize("action", [A.PLANNED, A.DONE])
def test_management_does_not_do_the_work(action: TaskAction) -> None:
    for state in State:
        assert "belongs to execution" in str(fault(state, action, R.MANAGEMENT))


def test_a_fault_says_what_the_step_follows() -> None:
    assert fault(S.CREATED, A.DONE, R.EXECUTION) == "done cannot follow created; it follows approved, refused"


@pytest.mark.parametrize("state", [S.CREATED, S.ASSIGNED])
def test_the_system_alone_withdraws_what_nobody_has_begun(state: State) -> None:
    assert fault(state, A.CLOSED, R.SYSTEM) is None
    assert fault(state, A.CLOSED, R.MANAGEMENT) == f"closed cannot follow {state}; it follows accepted"
    assert fault(S.PLANNED, A.CLOSED, R.SYSTEM) == "closed cannot follow planned; it follows accepted"


def test_a_refused_attempt_changes_nothing() -> None:
    assert fold([event(A.ASSIGNED, R.EXECUTION), event(A.ACCEPTED, R.MANAGEMENT, legal=False)]) is S.ASSIGNED


@given(st.lists(st.tuples(st.sampled_from(TaskAction), st.sampled_from(ActorRole)), max_size=40))
def test_whatever_the_log_holds_only_legal_steps_count(log: list[tuple[TaskAction, ActorRole]]) -> None:
    events = [event(action, role) for action, role in log]
    counted, state = [], S.CREATED
    for one in events:
        if fault(state, one.action, one.actor_role) is None:
            counted.append(one)
        state = after(state, one)
    assert fold(events) is fold(counted) is state
    withdrawn = any(one.action is A.CLOSED and one.actor_role is R.SYSTEM for one in counted)
    if state is S.ACCEPTED or (state is S.CLOSED and not withdrawn):
        assert any(one.action is A.APPROVED for one in counted)


def test_every_state_but_none_is_a_dead_end() -> None:
    for state in State:
        assert any(choices(state, role) for role in ActorRole), state
    assert set(STEPS) == set(TaskAction)
