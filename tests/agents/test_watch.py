"""Rules over history, on a real ClickHouse: what is stored decides, and the same situation makes the same task."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from math import log
from uuid import UUID, uuid4

import pytest

from agents.trigger import Watch, load
from schemas.base import Event
from schemas.coded import CodedUtterance
from schemas.ids import make_id
from schemas.task import Muted, TaskLevel, TaskTrigger
from schemas.task_event import ActorRole, TaskAction, TaskEvent
from streams.history import History
from streams.local.clickhouse import EmbeddedClickHouse
from streams.migrate import migrate
from streams.settings import Settings
from streams.sinks.clickhouse import ClickHouse, connect, open_clickhouse
from streams.sinks.rollup import Rollup
from streams.sinks.store import Store
from tests.golden import example

NOW = datetime(2026, 6, 1, 0, 10, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
async def clickhouse_of_its_own(clickhouse: EmbeddedClickHouse) -> AsyncIterator[ClickHouse]:
    database = f"watch_{uuid4().hex[:8]}"
    settings = Settings(clickhouse=clickhouse.url.rsplit("/", 1)[0] + f"/{database}")
    migrate(settings)
    async with open_clickhouse(settings) as opened:
        yield opened
    client = connect(settings.clickhouse)
    client.command(f"DROP DATABASE {database}")
    client.close()


class World:
    """A stored history and the watch over it."""

    def __init__(self, clickhouse: ClickHouse) -> None:
        self.clickhouse, self.rollup = clickhouse, Rollup(clickhouse)
        self._store = Store(clickhouse, self.rollup)
        self.new_watch()

    def new_watch(self) -> None:
        """As after a restart."""
        self.watch = Watch(*load(Settings()))

    async def store(self, events: Sequence[Event]) -> None:
        for kind in {type(event) for event in events}:
            await self._store.write([event for event in events if type(event) is kind])

    async def tick(self, now: datetime = NOW) -> list[Event]:
        return await self.watch.tick(History(self.clickhouse), now)


@pytest.fixture
async def world(clickhouse_of_its_own: ClickHouse) -> World:
    return World(clickhouse_of_its_own)


def said(at: datetime, tag: str = "order.deposit.refund_slow", dealer: str = "D1", customer: str | None = None) -> CodedUtterance:
    number = uuid4()
    return example(
        CodedUtterance,
        "voc.coded.v1/deposit",
        utterance_id=number,
        conversation_id=str(number),
        customer_id=customer or str(number),
        occurred_at=at,
        attributes={"dealer": dealer, "brand": "云途", "model": "X7"},
        opinion={"tag": tag, "opinion_id": str(make_id("opinion", number, tag))},
    )


def month(per_day: int = 1) -> list[CodedUtterance]:
    """Four quiet weeks and more before yesterday."""
    return [said(NOW - (day + 1) * DAY - timedelta(hours=hour), dealer=f"D{day % 9}") for day in range(1, 31) for hour in range(per_day)]


def of(events: Sequence[Event], rule: str) -> list[TaskTrigger]:
    return [event for event in events if isinstance(event, TaskTrigger) and event.rule == rule]


def step(task_id: UUID, action: TaskAction, at: datetime, role: ActorRole) -> TaskEvent:
    number = make_id("test", task_id, action.value, at.isoformat())
    return TaskEvent(task_event_id=number, task_id=task_id, action=action, actor="x", actor_role=role, occurred_at=at, recorded_at=at)


def life(task_id: UUID, *actions: TaskAction, at: datetime) -> list[TaskEvent]:
    return [step(task_id, action, at + timedelta(minutes=number), ActorRole.MANAGEMENT) for number, action in enumerate(actions)]


async def test_a_surge_makes_one_task_with_evidence_and_the_same_after_a_restart(world: World) -> None:
    await world.store(month() + [said(NOW - timedelta(hours=hour + 1), dealer="D5") for hour in range(20)])
    (task,) = of(await world.tick(), "surge")
    assert (task.tag, task.level, task.created_at) == ("order.deposit.refund_slow", TaskLevel.EVENT, NOW.replace(minute=0))
    assert task.summary.startswith("声量激增：")
    assert "20 条，平常 1.0 条" in task.summary
    assert len(task.verbatims) == 5
    assert task.causes[0].cause == "finance.loan_refused"
    assert task.customer_id is None
    assert of(await world.tick(NOW + timedelta(hours=1)), "surge") == [], "the window has been looked at"
    world.new_watch()
    assert of(await world.tick(), "surge") == [task]


async def test_a_surge_at_a_dealer_is_that_dealers(world: World) -> None:
    await world.store(month() + [said(NOW - timedelta(hours=hour + 1), dealer="D5") for hour in range(20)])
    (task,) = of(await world.tick(), "surge_dealer")
    assert (task.scope, task.attributes.dealer) == ({"dealer": "D5"}, "D5")
    assert task.owner_queue == task.owner.dealer_role


async def test_a_surge_that_lasts_is_muted_in_its_cool_down_and_counted(world: World) -> None:
    await world.store(month() + [said(NOW - timedelta(hours=hour + 1)) for hour in range(20)])
    (first,) = of(await world.tick(), "surge")
    await world.store([first, *(said(NOW + timedelta(minutes=minute)) for minute in range(200))])
    (second,) = of(await world.tick(NOW + DAY), "surge")
    assert (second.muted, second.muted_for) == (Muted.GROUPED, first.task_id)
    await world.store([second])
    (row,) = await world.clickhouse.query("SELECT rule, reason, alerts FROM muted_alerts")
    assert row == ("surge", "grouped", 1)


def accepted_task(level: TaskLevel) -> tuple[TaskTrigger, list[TaskEvent]]:
    made = NOW - 10 * DAY
    task = example(
        TaskTrigger,
        "voc.tasks.v1/deposit",
        task_id=uuid4(),
        level=level,
        created_at=made,
        due_at=made + DAY,
        scope={"dealer": "D1"},
    )
    return task, life(task.task_id, TaskAction.ASSIGNED, TaskAction.DONE, TaskAction.ACCEPTED, at=made + DAY)


async def test_a_recurrence_above_the_baseline_reopens_the_task_with_its_evidence(world: World) -> None:
    task, steps = accepted_task(TaskLevel.EVENT)
    before = [said(task.created_at - n * DAY) for n in range(1, 5)]
    after = [said(task.created_at + 3 * DAY + timedelta(hours=n)) for n in range(6)]
    await world.store([*before, *after, task, *steps])
    events = await world.tick()
    (revised,) = [event for event in events if isinstance(event, TaskTrigger) and event.task_id == task.task_id]
    assert (revised.revision, revised.round) == (task.revision + 1000, 1)
    assert "验收后又有 6 条（此前 28 天 4 条）" in revised.summary
    assert {one.opinion_id for one in revised.verbatims} <= {one.opinions[0].opinion_id for one in after}
    (reopening,) = [event for event in events if isinstance(event, TaskEvent)]
    assert (reopening.action, reopening.actor_role) == (TaskAction.REOPENED, ActorRole.SYSTEM)
    await world.store(events)
    world.new_watch()
    assert [event for event in await world.tick() if isinstance(event, TaskEvent) and event.action is TaskAction.REOPENED] == []


async def test_no_recurrence_closes_the_task_when_the_watch_has_passed(world: World) -> None:
    task, steps = accepted_task(TaskLevel.EVENT)
    await world.store([*(said(task.created_at - n * DAY) for n in range(1, 20)), said(NOW - DAY), task, *steps])
    assert [event for event in await world.tick() if isinstance(event, TaskEvent)] == []
    (closing,) = [event for event in await world.tick(NOW + 20 * DAY) if isinstance(event, TaskEvent)]
    assert closing.action is TaskAction.CLOSED
    await world.rollup.refresh()
    (effect,) = await world.clickhouse.query("SELECT before, after, ratio, ratio_low, ratio_high FROM task_effects")
    assert effect[:2] == (19, 1)
    assert effect[3] < effect[2] < effect[4]
    assert effect[2] < 1


async def test_the_same_customer_saying_it_again_reopens_a_customers_task(world: World) -> None:
    task, steps = accepted_task(TaskLevel.CUSTOMER)
    await world.store([said(NOW - DAY, customer="someone else"), task, *steps])
    assert await world.tick() == []
    await world.store([said(NOW - DAY, customer="C10086")])
    assert [event.action for event in await world.tick() if isinstance(event, TaskEvent)] == [TaskAction.REOPENED]


async def test_a_task_past_its_due_time_goes_up_step_by_step(world: World) -> None:
    task = example(TaskTrigger, "voc.tasks.v1/deposit", task_id=uuid4(), created_at=NOW - 2 * DAY, due_at=NOW - timedelta(hours=1))
    await world.store([task])
    first = await world.tick()
    assert [event.owner_queue for event in first if isinstance(event, TaskTrigger)] == ["general_manager"]
    await world.store(first)
    assert await world.tick() == []
    second = await world.tick(NOW + DAY)
    assert [event.owner_queue for event in second if isinstance(event, TaskTrigger)] == ["customer_care"]
    await world.store(second)
    assert await world.tick(NOW + 9 * DAY) == []


async def test_a_task_whose_step_is_stored_late_is_handed_over_once(world: World) -> None:
    """The store writes topic by topic, and a worker may die between the two: the task may be there before its event."""
    task = example(TaskTrigger, "voc.tasks.v1/deposit", task_id=uuid4(), created_at=NOW - 2 * DAY, due_at=NOW - timedelta(hours=1))
    await world.store([task])
    made, said = await world.tick()
    assert isinstance(made, TaskTrigger)
    assert (made.revision, made.round) == (task.revision + 1000, 1)
    await world.store([made])
    (again,) = await world.tick()
    assert isinstance(again, TaskEvent)
    assert isinstance(said, TaskEvent)
    assert again.task_event_id == said.task_event_id
    await world.store([said, task.model_copy(update={"revision": 2, "priority": 1})])
    assert await world.tick() == [], "later evidence does not take the place of the escalation"
    (row,) = await world.clickhouse.query("SELECT owner_queue, revision FROM current_tasks")
    assert row == ("general_manager", 1001)


async def test_a_task_that_is_reopened_late_is_handed_over_once(world: World) -> None:
    task, steps = accepted_task(TaskLevel.EVENT)
    await world.store([*(said(task.created_at + 3 * DAY + timedelta(hours=n)) for n in range(6)), task, *steps])
    made, reopening = await world.tick()
    assert isinstance(made, TaskTrigger)
    await world.store([made])
    assert [event.task_event_id for event in await world.tick() if isinstance(event, TaskEvent)] == [reopening.task_event_id]  # type: ignore[attr-defined]
    assert made.round == 1


async def test_alarms_are_capped_too(world: World) -> None:
    rules, frame = load(Settings())
    routing = rules.routing.model_copy(update={"daily_cap": 1})
    world.watch = Watch(dataclasses.replace(rules, routing=routing), frame)
    tags = ("order.deposit.refund_slow", "order.deposit.not_refunded")
    for tag in tags:
        quiet = [said(NOW - (day + 1) * DAY - timedelta(hours=1), tag) for day in range(1, 31)]
        await world.store(quiet + [said(NOW - timedelta(minutes=20 * n + 20), tag) for n in range(20)])
    assert sorted(str(task.muted) for task in of(await world.tick(), "surge")) == ["None", "daily_cap"]


async def test_what_the_daily_cap_muted_comes_as_one_digest_a_recipient(world: World) -> None:
    yesterday = NOW - DAY
    due = {"created_at": yesterday, "due_at": NOW + DAY, "muted": "daily_cap"}
    muted = [
        example(TaskTrigger, "voc.tasks.v1/deposit", task_id=uuid4(), owner_queue=queue, **due)
        for queue in ("sales_manager", "sales_manager", "service_manager")
    ]
    await world.store(muted)
    digests = of(await world.tick(), "digest")
    assert {(task.owner_queue, task.summary.split(" ")[2]) for task in digests} == {("sales_manager", "2"), ("service_manager", "1")}
    assert of(await world.tick(), "digest") == []
    world.new_watch()
    assert {task.task_id for task in of(await world.tick(), "digest")} == {task.task_id for task in digests}


async def test_an_owners_effect_pools_those_of_its_tasks(world: World) -> None:
    """Two tasks at two dealers' expense: the pooled ratio lies between theirs, its interval is narrower than either."""
    for dealer, count in (("D1", 8), ("D2", 30)):
        task, steps = accepted_task(TaskLevel.EVENT)
        task = task.model_copy(update={"scope": {"dealer": dealer}})
        before = [said(task.created_at - timedelta(hours=n + 1), dealer=dealer) for n in range(count)]
        await world.store([*before, said(task.created_at + 4 * DAY, dealer=dealer), task, *steps])
    await world.rollup.refresh()
    effects = await world.clickhouse.query("SELECT ratio, ratio_low, ratio_high FROM task_effects ORDER BY ratio")
    ((effect, low, high),) = await world.clickhouse.query("SELECT effect, effect_low, effect_high FROM tasks_by_owner")
    assert effects[0][0] < effect < effects[1][0]
    assert low < effect < high < 1.2
    assert log(high / low) < min(log(one[2] / one[1]) for one in effects)


async def test_an_effect_follows_late_opinions_and_another_acceptance(world: World) -> None:
    task, steps = accepted_task(TaskLevel.EVENT)
    elsewhere = said(task.created_at - DAY, dealer="D2")
    await world.store([*(said(task.created_at - n * DAY) for n in range(1, 4)), elsewhere, task, *steps])
    counts = "SELECT before, after FROM task_effects"
    for late, expected in (([], (3, 0)), ([said(task.created_at + 2 * DAY)], (3, 1)), ([said(task.created_at - 5 * DAY)], (4, 1))):
        await world.store(late)
        for _ in range(2):
            await world.rollup.refresh()
            assert await world.clickhouse.query(counts) == [expected]
    await world.store(life(task.task_id, TaskAction.REOPENED, TaskAction.DONE, TaskAction.ACCEPTED, at=task.created_at + 4 * DAY))
    await world.rollup.refresh()
    assert await world.clickhouse.query(counts) == [(4, 0)]
    await world.store([task.model_copy(update={"revision": 2, "scope": {}})])
    await world.rollup.refresh()
    assert await world.clickhouse.query(counts) == [(5, 0)]


async def test_owners_and_causes_are_judged_by_what_came_back(world: World) -> None:
    task, steps = accepted_task(TaskLevel.EVENT)
    steps[1] = steps[1].model_copy(update={"confirmed_cause": "finance.loan_refused", "refused_causes": ("dealer.obstructs",)})
    await world.store([task, *steps])
    (owner,) = await world.clickhouse.query("SELECT owner_queue, tasks, open, on_time_share, acceptance_share FROM tasks_by_owner")
    assert owner == ("sales_manager", 1, 0, 0.0, 1.0)
    causes = await world.clickhouse.query("SELECT cause, confirmed, refused FROM judged_causes ORDER BY cause")
    assert causes == [("dealer.obstructs", 0, 1), ("finance.loan_refused", 1, 0)]


async def test_a_task_whose_opinion_was_taken_back_is_closed_unless_somebody_began_or_another_opinion_stands(world: World) -> None:
    opinions = [said(NOW - timedelta(minutes=9)) for _ in range(4)]
    gone = [
        one.model_copy(update={"revision": 2, "opinions": (), "retracted": (one.opinions[0].tag,), "coded_at": NOW}) for one in opinions
    ]
    base = example(TaskTrigger, "voc.tasks.v1/deposit", rule="safety", muted=None)

    def task_of(one: CodedUtterance, **changes: object) -> TaskTrigger:
        words = base.verbatims[0].model_copy(update={"utterance_id": one.utterance_id, "opinion_id": one.opinions[0].opinion_id})
        return base.model_copy(update={"task_id": make_id("test", one.utterance_id), "verbatims": (words,), **changes})

    lost, begun, shared, standing = [task_of(one) for one in opinions]
    other = said(NOW - timedelta(minutes=8))
    repeat = task_of(other, task_id=uuid4(), muted=Muted.GROUPED, muted_for=shared.task_id)
    await world.store([*opinions, other, lost, begun, shared, standing, repeat, *gone[:3]])
    await world.store(life(begun.task_id, TaskAction.ASSIGNED, at=NOW - timedelta(minutes=5)))

    revised, closed = [
        event for event in await world.tick() if getattr(event, "task_id", None) in {t.task_id for t in (lost, begun, shared, standing)}
    ]
    assert isinstance(revised, TaskTrigger)
    assert (revised.task_id, revised.revision) == (lost.task_id, lost.revision + 1000)
    assert revised.summary.startswith("已撤回：")
    assert isinstance(closed, TaskEvent)
    assert (closed.task_id, closed.action, closed.actor_role) == (lost.task_id, TaskAction.CLOSED, ActorRole.SYSTEM)
    await world.store([revised, closed])
    assert not [event for event in await world.tick() if getattr(event, "task_id", None) == lost.task_id]
