"""The running view of tasks: what it knows, and that it stays small."""

from __future__ import annotations

from uuid import UUID, uuid4

from schemas.task import TaskTrigger
from schemas.task_event import TaskEvent
from streams.oa.ledger import Ledger
from streams.oa.life import State
from tests.golden import example


def task(task_id: UUID) -> TaskTrigger:
    return example(TaskTrigger, "voc.tasks.v1/deposit", task_id=task_id)


def step(task_id: UUID, action: str, number: str | None = None) -> TaskEvent:
    role = {"assigned": "execution"}.get(action, "system")
    return example(
        TaskEvent, "voc.task-events.v1/accepted", task_event_id=uuid4(), task_id=task_id, action=action, actor_role=role, external_id=number
    )


def test_a_step_may_be_read_before_its_task() -> None:
    ledger, one = Ledger(), uuid4()
    ledger.read(step(one, "assigned"))
    assert ledger.state(one) is None
    ledger.read(task(one))
    assert ledger.state(one) is State.ASSIGNED


def test_a_task_that_comes_again_stays_where_it_stands() -> None:
    ledger, one = Ledger(), uuid4()
    for event in (task(one), step(one, "assigned"), task(one)):
        ledger.read(event)
    assert ledger.state(one) is State.ASSIGNED


def test_the_tasks_that_moved_last_are_known() -> None:
    ledger, tasks = Ledger(size=10), [uuid4() for _ in range(1_000)]
    for number, one in enumerate(tasks):
        ledger.read(task(one))
        ledger.read(step(one, "delivered", f"OA-{number}"))
        ledger.read(step(tasks[0], "assigned"))
    known = [one for one in tasks if ledger.state(one)]
    assert known == [tasks[0], *tasks[-9:]]
    assert ledger.task_of("OA-999") == tasks[-1]
    assert ledger.task_of("OA-500") is None
    assert max(len(things) for things in (ledger._states, ledger._early, ledger._tasks)) <= 10
