"""Late evidence on a real broker: the correction is published, also after the worker that remembered is gone."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from agents.commands.announce import announcement
from codeframe.frame import BUNDLED
from schemas.coded import CodedUtterance
from schemas.context import ContextEvent, ContextKind
from schemas.ids import make_id
from streams.app import load_steps
from streams.local.broker import EmbeddedBroker
from streams.outbox import Outbox
from streams.settings import Settings
from streams.topics import CODED, CONTEXT
from tests.streams.running import drain, running, settings_for

EXAMPLES = Path(__file__).parents[1] / "examples"
STEPS = load_steps(("attribute",))


@pytest.fixture
def settings(broker: EmbeddedBroker, tmp_path: Path) -> Settings:
    return settings_for(broker.bootstrap, f"{uuid4().hex[:8]}.", tmp_path)


def spoken(**fields: object) -> CodedUtterance:
    event = CodedUtterance.model_validate_json((EXAMPLES / "voc.coded.v1" / "deposit.json").read_bytes())
    return event.model_copy(update={"coded_at": datetime.now(UTC), **fields})


def fact(**fields: object) -> ContextEvent:
    event = ContextEvent.model_validate_json((EXAMPLES / "voc.context.v1" / "loan_refused.json").read_bytes())
    return event.model_copy(update={"ingested_at": datetime.now(UTC), **fields})


async def latest(settings: Settings, expected: int) -> dict[str, CodedUtterance]:
    """The highest revision of each conversation."""
    events = [CodedUtterance.model_validate_json(record.value) for record in await drain(settings, CODED, expected)]
    return {one.conversation_id: one for one in sorted(events, key=lambda one: one.revision)}


def cause(event: CodedUtterance) -> str:
    return event.opinions[0].causes[0].cause


async def test_evidence_that_comes_late_corrects_also_after_a_restart(settings: Settings) -> None:
    first = spoken()
    second = spoken(conversation_id="later", utterance_id=make_id("test", "2"), occurred_at=first.occurred_at + timedelta(days=2))
    async with Outbox(settings) as outbox:
        async with running(STEPS, settings):
            await outbox.publish([first])
            assert cause((await latest(settings, 2))[first.conversation_id]) == "unknown"
            await outbox.publish([fact()])
            corrected = (await latest(settings, 3))[first.conversation_id]
            assert cause(corrected) == "finance.loan.refused"
            assert corrected.utterance_id == first.utterance_id
        async with running(STEPS, settings):  # nothing is remembered, and the fact was committed long ago
            await outbox.publish([second])
            found = await latest(settings, 5)
    assert cause(found["later"]) == "finance.loan.refused"
    assert found[first.conversation_id].revision == corrected.revision, "a restart corrects nothing twice"


def renamed(folder: Path, version: str) -> Path:
    """The car frame as another version, in which the refused loan is a cause of another name."""
    shutil.copytree(BUNDLED / "auto", folder)
    header = folder / "frame.yaml"
    header.write_text(header.read_text("utf-8").replace('version: "2026.1"', f'version: "{version}"'), "utf-8")
    causes = folder / "causes" / "finance.yaml"
    causes.write_text(causes.read_text("utf-8").replace("finance.loan.refused", "finance.loan.turned_down"), "utf-8")
    return folder


async def test_a_frame_that_is_announced_gives_the_causes_from_then_on(settings: Settings, tmp_path: Path) -> None:
    async with Outbox(settings) as outbox, running(STEPS, settings):
        await outbox.publish([fact(), spoken()])
        assert cause((await latest(settings, 2))[spoken().conversation_id]) == "finance.loan.refused"
        await outbox.publish([announcement(str(renamed(tmp_path / "frame", "2099.1")), datetime.now(UTC))])
        number = 0
        while (found := await latest(settings, 1)) and cause(list(found.values())[-1]) != "finance.loan.turned_down":
            number += 1
            assert number < 20, "the announced frame did not come into force"
            await outbox.publish([spoken(conversation_id=f"c{number}", utterance_id=make_id("test", number))])


async def test_all_accounts_of_a_person_get_the_facts_of_each(settings: Settings) -> None:
    """phone - wechat - app are linked in a chain; the fact is known of the phone, and the complaint came by the app."""
    other = spoken(customer_id="app")

    def link(one: str, two: str) -> ContextEvent:
        kind = ContextKind.IDENTITY_LINK
        return fact(kind=kind, status=None, customer_id=one, linked_customer_id=two, context_id=make_id("test", one, two))

    async with Outbox(settings) as outbox, running(STEPS, settings):
        await outbox.publish([link("wechat", "app"), other, link("phone", "wechat"), fact(customer_id="phone")])
        assert cause((await latest(settings, 3))[other.conversation_id]) == "finance.loan.refused"


async def test_another_account_of_the_person_gets_the_facts(settings: Settings) -> None:
    other = spoken(customer_id="WX-77")
    link = fact(kind=ContextKind.IDENTITY_LINK, status=None, linked_customer_id="WX-77", context_id=make_id("test", "link"))
    async with Outbox(settings) as outbox, running(STEPS, settings):
        await outbox.publish([other, fact(), link])
        events = [ContextEvent.model_validate_json(record.value) for record in await drain(settings, CONTEXT, 4)]
        facts = {one.context_id: one for one in events}.values()  # handed on at least once
        assert sorted((one.customer_id, one.kind.value) for one in facts) == [
            ("C10086", "identity_link"),
            ("C10086", "loan_decision"),
            ("WX-77", "identity_link"),
            ("WX-77", "loan_decision"),
        ]
        assert cause((await latest(settings, 3))[other.conversation_id]) == "finance.loan.refused"
