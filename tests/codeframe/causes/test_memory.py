"""Late evidence corrects what was coded, once; a person's accounts share their facts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from codeframe.causes.attribution import Attributor
from codeframe.causes.memory import LINKED_FROM, MOST_EACH, MOST_LINKED, Memory
from schemas.coded import UNKNOWN_CAUSE, CodedUtterance, Tier
from schemas.context import ContextEvent, ContextKind
from schemas.ids import make_id

EXAMPLES = Path(__file__).parents[2] / "examples"
NOW = datetime(2026, 11, 25, tzinfo=UTC)


@pytest.fixture(scope="module")
def attributor() -> Attributor:
    return Attributor.load("auto")


@pytest.fixture
def memory(attributor: Attributor) -> Memory:
    return Memory(attributor, timedelta(days=90), timedelta(days=30))


@pytest.fixture
def coded(attributor: Attributor) -> CodedUtterance:
    """The golden deposit case as the coder leaves it: no business fact known."""
    event = CodedUtterance.model_validate_json((EXAMPLES / "voc.coded.v1" / "deposit.json").read_bytes())
    fresh = Memory(attributor, timedelta(days=90), timedelta(days=30))
    fresh.hear(event)
    corrected = fresh.correct(event, NOW)
    assert corrected is not None
    return corrected.model_copy(update={"revision": 1})


def fact(**fields: Any) -> ContextEvent:
    event = ContextEvent.model_validate_json((EXAMPLES / "voc.context.v1" / "loan_refused.json").read_bytes())
    return event.model_copy(update=fields)


def first_cause(event: CodedUtterance) -> str:
    return event.opinions[0].causes[0].cause


@pytest.mark.parametrize("fact_first", [True, False])
def test_evidence_corrects_in_either_order(memory: Memory, coded: CodedUtterance, fact_first: bool) -> None:
    assert first_cause(coded) == UNKNOWN_CAUSE
    if fact_first:
        memory.learn(fact())
        memory.hear(coded)
        [corrected] = memory.correct_conversation(coded, NOW)
    else:
        memory.hear(coded)
        assert memory.correct_conversation(coded, NOW) == []
        memory.learn(fact())
        [corrected] = memory.correct_customer("C10086", NOW)
    assert first_cause(corrected) == "finance.loan.refused"
    assert corrected.revision == 2
    assert corrected.utterance_id == coded.utterance_id
    assert [one.opinion_id for one in corrected.opinions] == [one.opinion_id for one in coded.opinions]


def test_a_correction_that_comes_back_is_not_corrected_again(memory: Memory, coded: CodedUtterance) -> None:
    memory.learn(fact())
    memory.hear(coded)
    [corrected] = memory.correct_conversation(coded, NOW)
    again = CodedUtterance.model_validate_json(corrected.model_dump_json())
    memory.hear(again)
    assert memory.correct_all(NOW) == []
    memory.hear(coded)  # a replay of the first revision
    assert memory.correct_all(NOW) == []


def test_a_persons_decision_stands(memory: Memory, coded: CodedUtterance) -> None:
    versions = coded.versions.model_copy(update={"tier": Tier.HUMAN})
    memory.hear(coded.model_copy(update={"versions": versions}))
    memory.learn(fact())
    assert memory.correct_all(NOW) == []


def test_words_beside_in_the_conversation_count(memory: Memory, coded: CodedUtterance) -> None:
    other = coded.model_copy(update={"utterance_id": make_id("test", "beside"), "text": "银行说贷款没批下来", "revision": 1})
    memory.hear(coded)
    memory.hear(other)
    assert {first_cause(one) for one in memory.correct_conversation(other, NOW)} == {"finance.loan.refused"}
    elsewhere = other.model_copy(update={"conversation_id": "another", "utterance_id": make_id("test", "elsewhere"), "text": "没事"})
    memory.hear(elsewhere)
    assert all(first_cause(one) == UNKNOWN_CAUSE for one in memory.correct_conversation(elsewhere, NOW))


def link(one: str, other: str) -> ContextEvent:
    return fact(
        customer_id=one, linked_customer_id=other, kind=ContextKind.IDENTITY_LINK, status=None, context_id=make_id("test", one, other)
    )


def gossip(attributor: Attributor, told: list[ContextEvent]) -> tuple[Memory, dict[UUID, ContextEvent]]:
    """Hand events on until nothing is left to tell; the memory, and every event by id. Raises if there is no end to it."""
    memory, seen, left = Memory(attributor, timedelta(days=90), timedelta(days=30)), dict[UUID, ContextEvent](), list(told)
    for _ in range(2_000):
        if not left:
            return memory, seen
        event = left.pop(0)
        seen[event.context_id] = event
        memory.learn(event)
        left += memory.handed_on(event)
    raise AssertionError("accounts tell each other for ever")


def test_linked_accounts_hand_on_their_facts_and_no_further(memory: Memory) -> None:
    loan, joined = fact(), link("C10086", "WX-1")
    assert memory.learn(loan)
    assert list(memory.handed_on(loan)) == []
    assert memory.learn(joined)
    mirror, copy = memory.handed_on(joined)
    assert (mirror.kind, mirror.customer_id, mirror.linked_customer_id) == (ContextKind.IDENTITY_LINK, "WX-1", "C10086")
    assert (copy.kind, copy.customer_id, copy.details[LINKED_FROM]) == (ContextKind.LOAN_DECISION, "WX-1", "C10086")
    assert copy.context_id == next(memory.handed_on(loan)).context_id, "a replay makes the same id"
    memory.learn(copy)
    assert list(memory.handed_on(copy)) == []
    assert list(memory.handed_on(joined)) == [], "told once"


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_links_are_closed_transitively_in_any_order(attributor: Attributor, order: tuple[int, ...]) -> None:
    events = [link("phone", "wechat"), link("wechat", "app"), link("app", "mail"), fact(customer_id="phone")]
    memory, seen = gossip(attributor, [events[at] for at in order])
    accounts = {"phone", "wechat", "app", "mail"}
    for account in accounts:
        known = memory._customers[account]
        assert known.links.keys() == accounts - {account}
        assert [one.kind for one in known.facts.values()] == [ContextKind.LOAN_DECISION]
    assert len(seen) <= 12 + 3 + 4, "an event an ordered pair, a copy an account, and what was told"


def test_an_account_of_too_many_people_joins_no_more(attributor: Attributor) -> None:
    memory, _ = gossip(attributor, [link("shop", f"C{number}") for number in range(4 * MOST_LINKED)])
    assert all(len(known.links) <= MOST_LINKED for known in memory._customers.values())


def test_who_was_not_heard_of_for_long_is_forgotten(memory: Memory, coded: CodedUtterance) -> None:
    memory.learn(fact(customer_id="old", ingested_at=NOW - timedelta(days=91)))
    memory.hear(coded.model_copy(update={"coded_at": NOW}))
    memory.forget(NOW - timedelta(days=90))
    assert list(memory._customers) == [coded.customer_id]


def test_a_tag_that_the_frame_has_no_more_keeps_its_causes(memory: Memory, coded: CodedUtterance) -> None:
    [opinion, *_] = coded.opinions
    retired = coded.model_copy(update={"opinions": (opinion.model_copy(update={"tag": "order.deposit.retired"}),)})
    memory.hear(retired)
    memory.learn(fact())
    assert memory.correct_all(NOW) == []


def test_memory_is_bounded_in_time_and_number(memory: Memory, coded: CodedUtterance) -> None:
    memory.learn(fact(context_id=make_id("test", "old"), occurred_at=NOW - timedelta(days=400)))
    memory.learn(fact())
    assert [one.context_id for one in memory._customers["C10086"].facts.values()] == [fact().context_id]
    for number in range(MOST_EACH + 20):
        when = coded.occurred_at + timedelta(minutes=number)
        said = coded.model_copy(update={"utterance_id": make_id("test", number), "occurred_at": when})
        memory.hear(said)
    assert len(memory.correct_customer("C10086", NOW)) == MOST_EACH
