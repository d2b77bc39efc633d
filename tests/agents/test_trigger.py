"""The trigger step: which opinions make tasks, and of what kind."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from agents.trigger import trigger
from schemas.coded import CodedUtterance
from schemas.task import Muted, TaskLevel, TaskTrigger
from streams.errors import ConfigurationError
from streams.local.broker import EmbeddedBroker
from streams.outbox import Outbox
from streams.settings import Settings
from tests.golden import example
from tests.streams.running import settings_for

NOW = datetime.now(UTC).isoformat()


@pytest.fixture
async def settings(broker: EmbeddedBroker, tmp_path: Path) -> Settings:
    return settings_for(broker.bootstrap, f"t{uuid4().hex[:8]}.", tmp_path, partitions=2)


@asynccontextmanager
async def worker(settings: Settings) -> AsyncIterator[Any]:
    """Runs the step on the golden opinion, changed, and publishes what it makes."""
    async with trigger.open(settings) as handle, Outbox(settings) as outbox:

        async def run(**changes: Any) -> list[TaskTrigger]:
            (result,) = await handle([example(CodedUtterance, "voc.coded.v1/deposit", **changes)])
            made: list[TaskTrigger] = list(result)  # type: ignore[arg-type]
            await outbox.publish(made)
            return made

        yield run


@pytest.fixture
async def fire(settings: Settings) -> Any:
    """A worker's."""
    async with worker(settings) as run:
        yield run


async def test_a_leaving_customer_makes_one_task_with_everything_in_it(fire: Any) -> None:
    (task,) = await fire(opinion={"intent": "leaving"})
    assert (task.rule, task.owner_queue, task.plan_template, task.level) == ("leaving", "sales_manager", "win_back", TaskLevel.CUSTOMER)
    assert task.causes[0].cause == "finance.loan_refused"
    assert task.verbatims[0].evidence == "订金说好七个工作日退，一个月了还没到账"
    assert task.customer_id == "C10086"
    assert task.created_at.isoformat() == "2026-11-20T09:30:03+00:00"


async def test_a_replay_makes_the_same_task(fire: Any) -> None:
    assert await fire(opinion={"severity": "safety"}) == await fire(opinion={"severity": "safety"})


async def test_an_ordinary_complaint_makes_none(fire: Any) -> None:
    assert await fire() == []


async def test_a_vip_in_pain_makes_one(fire: Any) -> None:
    (task,) = await fire(attributes={"dealer": "D0012", "vip": True})
    assert (task.rule, task.plan_template) == ("vip_pain", "care_call")


async def test_nobody_owns_it_so_triage_does(fire: Any) -> None:
    (task,) = await fire(opinion={"intent": "leaving", "owner": {}})
    assert task.owner_queue == "triage"


async def test_no_dealer_is_known_so_head_office_owns_it(fire: Any) -> None:
    (task,) = await fire(opinion={"intent": "leaving"}, attributes={})
    assert task.owner_queue == "sales_operations"


async def test_legal_goes_to_legal(fire: Any) -> None:
    (task,) = await fire(opinion={"severity": "legal"})
    assert (task.owner_queue, task.priority) == ("legal", 1)


async def test_public_opinion_makes_one_event_task_that_names_nobody(fire: Any) -> None:
    first = await fire(opinion={"severity": "safety"}, channel="public_opinion", customer_id=None, conversation_id="post-1")
    second = await fire(opinion={"severity": "safety"}, channel="public_opinion", customer_id=None, conversation_id="post-2")
    assert first[0].task_id == second[0].task_id
    assert first[0].level is TaskLevel.EVENT
    assert first[0].customer_id is None
    assert first[0].conversation_id is None


@pytest.mark.parametrize("change", [{"marks": ["machine_made"]}, {"marks": ["duplicate"]}, {"speaker": "agent"}])
async def test_what_is_no_customers_word_makes_none(fire: Any, change: dict[str, Any]) -> None:
    assert await fire(opinion={"severity": "safety"}, **change) == []


async def test_a_wrong_rule_is_named_with_file_line_and_field(tmp_path: Path) -> None:
    (tmp_path / "routing.yaml").write_text(
        'version: "1"\ntriage: triage\nhours: {timezone: Asia/Shanghai, days: [1], start: "09:00", end: "18:00"}\ndaily_cap: 9\n'
    )
    (tmp_path / "mine.yaml").write_text("rules:\n  - id: mine\n    kind: immediate\n    due: soon\n")
    with pytest.raises(ConfigurationError, match=r"mine\.yaml:\d+: rules\.0\."):
        async with trigger.open(Settings(rules=tmp_path, data=tmp_path)):
            pass


async def test_a_repeat_in_one_conversation_is_muted_and_points_to_its_task(fire: Any) -> None:
    (first,) = await fire(opinion={"intent": "leaving"})
    (repeat,) = await fire(opinion={"intent": "leaving", "opinion_id": str(uuid4())})
    assert (repeat.muted, repeat.muted_for) == (Muted.GROUPED, first.task_id)
    assert repeat.task_id != first.task_id
    assert await fire(opinion={"intent": "leaving"}) == [first], "a replay gets what it got"


async def test_a_recipient_gets_no_more_than_the_cap_a_day_but_for_urgent_tasks(fire: Any) -> None:
    made = []
    for number in range(35):
        made += await fire(opinion={"intent": "leaving", "opinion_id": str(uuid4())}, conversation_id=f"c{number}")
    assert [task.muted for task in made] == [None] * 30 + [Muted.DAILY_CAP] * 5
    (urgent,) = await fire(opinion={"severity": "safety"})
    assert urgent.muted is None
    (elsewhere,) = await fire(opinion={"intent": "leaving"}, conversation_id="other", attributes={"dealer": "D0099"})
    assert elsewhere.muted is None
    (tomorrow,) = await fire(opinion={"intent": "leaving"}, conversation_id="next", coded_at="2026-11-21T09:30:03Z")
    assert tomorrow.muted is None


async def leaving(fire: Any, numbers: range, **changes: Any) -> list[Muted | None]:
    """What becomes of complaints of as many customers."""
    return [
        task.muted
        for number in numbers
        for task in await fire(
            opinion={"intent": "leaving", "opinion_id": str(UUID(int=number))}, conversation_id=f"c{number}", coded_at=NOW, **changes
        )
    ]


async def test_the_cap_holds_over_restarts_and_workers(settings: Settings) -> None:
    async with worker(settings) as first:
        assert await leaving(first, range(20)) == [None] * 20
    async with worker(settings) as second, worker(settings) as third:
        assert await leaving(second, range(20, 28)) == [None] * 8
        assert await leaving(third, range(28, 33)) == [None] * 2 + [Muted.DAILY_CAP] * 3
        assert await leaving(second, range(33, 34)) == [Muted.DAILY_CAP]
        assert await leaving(second, range(25, 34)) == [None] * 5 + [Muted.DAILY_CAP] * 4, "a replay gets what it got"
    async with worker(settings) as fourth:
        assert await leaving(fourth, range(25, 34)) == [None] * 5 + [Muted.DAILY_CAP] * 4, "even after a restart"


async def test_a_repeat_is_muted_though_the_worker_is_another(settings: Settings) -> None:
    async with worker(settings) as first:
        (made,) = await first(opinion={"intent": "leaving"})
    async with worker(settings) as second:
        (repeat,) = await second(opinion={"intent": "leaving", "opinion_id": str(uuid4())})
    assert (repeat.muted, repeat.muted_for) == (Muted.GROUPED, made.task_id)
