"""The same words with different evidence get different causes, and without evidence none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from codeframe.causes.attribution import Attributor, Situation
from codeframe.causes.learned import Learned, Weight
from schemas.coded import UNKNOWN_CAUSE, Cause
from schemas.context import ContextEvent, ContextKind
from schemas.ids import make_id

SAID = datetime(2026, 11, 20, 10, tzinfo=UTC)
DEPOSIT = "order.deposit.not_refunded"
LOST = "lead.outcome.lost_sale"


@pytest.fixture(scope="module")
def attributor() -> Attributor:
    return Attributor.load("auto")


def fact(kind: ContextKind, status: str, days: float = -5) -> ContextEvent:
    moment = SAID + timedelta(days=days)
    return ContextEvent(
        context_id=make_id("test", kind, status, str(days)), source="dms", source_id=f"{kind}-{status}-{days}", customer_id="C1",
        kind=kind, status=status, occurred_at=moment, ingested_at=moment,
    )  # fmt: skip


def ranked(attributor: Attributor, tag: str, text: str, *events: ContextEvent, tags: Sequence[str] = ()) -> tuple[Cause, ...]:
    situation = Situation(text, (tag, *tags), SAID, "D1", "X7", events)
    return attributor.causes(tag, attributor.clues([situation])[0], situation)


CONVERSATION = "我的定金一个月了还不退，打了好几次电话，门店说再等等"


@pytest.mark.parametrize(
    ("event", "cause"),
    [
        (fact(ContextKind.FOLLOW_UP, "competitor"), "sales.deposit.switch_obstructed"),
        (fact(ContextKind.LOAN_DECISION, "refused"), "finance.loan.refused"),
        (fact(ContextKind.DELIVERY_EXCEPTION, "defect"), "delivery.handover.defect"),
    ],
)
def test_deposit_case_splits_by_business_facts(attributor: Attributor, event: ContextEvent, cause: str) -> None:
    first, *rest = ranked(attributor, DEPOSIT, CONVERSATION, event)
    assert first.cause == cause
    assert first.probability > 0.5
    assert any(one.kind == "context" and one.log_odds > 0 for one in first.evidence)
    assert UNKNOWN_CAUSE in {one.cause for one in rest}


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        ("，我想买别的牌子", "sales.deposit.switch_obstructed"),
        ("，我的贷款没批下来", "finance.loan.refused"),
        ("，验车发现有划痕", "delivery.handover.defect"),
        (", the loan was refused", "finance.loan.refused"),
        (", I want a car of another brand", "sales.deposit.switch_obstructed"),
    ],
)
def test_deposit_case_splits_by_cues(attributor: Attributor, words: str, cause: str) -> None:
    first = ranked(attributor, DEPOSIT, CONVERSATION + words)[0]
    assert first.cause == cause
    assert any(one.kind == "cue" for one in first.evidence)


def test_deposit_case_splits_by_other_tags(attributor: Attributor) -> None:
    assert ranked(attributor, DEPOSIT, CONVERSATION, tags=["finance.loan.rejected"])[0].cause == "finance.loan.refused"
    assert ranked(attributor, DEPOSIT, CONVERSATION, tags=["delivery.inspection.cosmetic_damage"])[0].cause == "delivery.handover.defect"


def test_deposit_case_without_evidence_is_unknown(attributor: Attributor) -> None:
    first, *rest = ranked(attributor, DEPOSIT, CONVERSATION)
    assert first.cause == UNKNOWN_CAUSE
    assert rest, "the candidates follow"


def test_lost_sale_case(attributor: Attributor) -> None:
    words = "我已经在别家订车了，不用再打给我"
    assert ranked(attributor, LOST, words)[0].cause == UNKNOWN_CAUSE
    assert ranked(attributor, LOST, words, fact(ContextKind.FOLLOW_UP, "late"))[0].cause == "sales.follow_up.late"
    assert ranked(attributor, LOST, words + "，你们过了一周才联系我")[0].cause == "sales.follow_up.late"
    assert ranked(attributor, LOST, words + "，你们太贵了", fact(ContextKind.FOLLOW_UP, "on_time"))[0].cause == "sales.lost.price_gap"


def test_fact_outside_its_window_says_nothing(attributor: Attributor) -> None:
    refused = fact(ContextKind.LOAN_DECISION, "refused", days=-200)
    assert ranked(attributor, DEPOSIT, CONVERSATION, refused)[0].cause == UNKNOWN_CAUSE


def test_evidence_against_lowers_a_cause(attributor: Attributor) -> None:
    def loan(*events: ContextEvent) -> float:
        causes = ranked(attributor, DEPOSIT, CONVERSATION + "，贷款没批", *events)
        return next(one.probability for one in causes if one.cause == "finance.loan.refused")

    assert loan(fact(ContextKind.LOAN_DECISION, "approved")) < 0.6 * loan()


def test_latin_phrase_is_not_found_inside_a_word(attributor: Attributor) -> None:
    clues = [clue.detail for clue in attributor.finder.said(["It was total nonsense, notable delay"])[0]]
    assert "ota" not in clues
    assert "ota" in [clue.detail for clue in attributor.finder.said(["the OTA failed"])[0]]


def test_posterior_is_a_distribution_and_says_why(attributor: Attributor) -> None:
    event = fact(ContextKind.LOAN_DECISION, "refused")
    causes = ranked(attributor, DEPOSIT, CONVERSATION, event)
    assert 0.9 < sum(one.probability for one in causes) <= 1.001
    assert [one.probability for one in causes] == sorted((one.probability for one in causes), reverse=True)
    for one in causes:
        if one.cause != UNKNOWN_CAUSE:
            assert one.evidence[0].kind == "prior"
    assert causes == ranked(attributor, DEPOSIT, CONVERSATION, event)


def test_no_cause_is_named_by_its_prior_alone(attributor: Attributor) -> None:
    for tag in attributor.graph.frame.tags:
        assert ranked(attributor, tag.id, "")[0].cause == UNKNOWN_CAUSE


def test_learned_rate_holds_at_its_dealer_only(attributor: Attributor) -> None:
    weight = Weight(kind="dealer", cause="finance.refund.approval_chain", of="D1", value=3.0)
    learned = Attributor(attributor.graph, Learned(frame="auto", cases=50, weights=(weight,)))
    here = Situation(CONVERSATION, (DEPOSIT,), SAID, "D1", "X7")
    there = here._replace(dealer="D2")
    first = learned.causes(DEPOSIT, learned.clues([here])[0], here)[0]
    assert first.cause == "finance.refund.approval_chain"
    assert any(one.kind == "rate" for one in first.evidence)
    assert learned.causes(DEPOSIT, learned.clues([there])[0], there) == attributor.causes(DEPOSIT, attributor.clues([there])[0], there)
