"""Late evidence corrects what was coded, once; a person's accounts share their facts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from codeframe.causes.attribution import Attributor
from codeframe.causes.memory import LINKED_FROM, MOST_EACH, Memory
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


def test_linked_accounts_hand_on_their_facts_and_no_further(memory: Memory) -> None:
    link = fact(kind=ContextKind.IDENTITY_LINK, status=None, linked_customer_id="WX-1", context_id=make_id("test", "link"))
    loan = fact()
    assert memory.learn(loan)
    assert list(memory.handed_on(loan)) == []
    assert memory.learn(link)
    mirror, copy = memory.handed_on(link)
    assert (mirror.kind, mirror.customer_id, mirror.linked_customer_id) == (ContextKind.IDENTITY_LINK, "WX-1", "C10086")
    assert (copy.kind, copy.customer_id, copy.details[LINKED_FROM]) == (ContextKind.LOAN_DECISION, "WX-1", "C10086")
    assert copy.context_id == next(memory.handed_on(loan)).context_id, "a replay makes the same id"
    memory.learn(mirror)
    memory.learn(copy)
    assert list(memory.handed_on(mirror)) == []
    assert list(memory.handed_on(copy)) == []


def test_memory_is_bounded_in_time_and_number(memory: Memory, coded: CodedUtterance) -> None:
    memory.learn(fact(context_id=make_id("test", "old"), occurred_at=NOW - timedelta(days=400)))
    memory.learn(fact())
    assert [one.context_id for one in memory._customers["C10086"].facts.values()] == [fact().context_id]
    for number in range(MOST_EACH + 20):
        when = coded.occurred_at + timedelta(minutes=number)
        said = coded.model_copy(update={"utterance_id": make_id("test", number), "occurred_at": when})
        memory.hear(said)
    assert len(memory.correct_customer("C10086", NOW)) == MOST_EACH
