"""What owners confirm moves what it should: one dealer's ranking there, everybody's when many dealers agree."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from codeframe.causes.attribution import Attributor, Situation
from codeframe.causes.calibration import held_out, report
from codeframe.causes.graph import Graph
from codeframe.causes.learned import Learned
from codeframe.causes.learning import Case, learn
from codeframe.errors import FrameError
from schemas.coded import UNKNOWN_CAUSE

SAID = datetime(2026, 11, 20, tzinfo=UTC)
TAG = "order.deposit.refund_slow"
WORDS = "订金退了一个月还没到账"
TRUE = "finance.refund.cash_shortage"


@pytest.fixture(scope="module")
def graph() -> Graph:
    return Graph.load("auto")


def case(dealer: str, confirmed: str | None = TRUE, text: str = WORDS, refused: tuple[str, ...] = ()) -> Case:
    return Case(TAG, Situation(text, (TAG,), SAID, dealer, "X7"), confirmed, refused)


def ranking(attributor: Attributor, dealer: str, text: str = WORDS) -> list[tuple[str, float]]:
    situation = Situation(text, (TAG,), SAID, dealer, "X7")
    return [(one.cause, one.probability) for one in attributor.causes(TAG, attributor.clues([situation])[0], situation)]


def test_fifty_confirmations_at_a_dealer_change_its_ranking_and_no_other(graph: Graph) -> None:
    safe = Attributor(graph)
    learned = Attributor(graph, learn(graph, [case("D1")] * 50))
    assert ranking(safe, "D1")[0][0] == UNKNOWN_CAUSE
    assert ranking(learned, "D1")[0][0] == TRUE
    for text in (WORDS, WORDS + "，贷款没批"):
        assert ranking(learned, "D2", text) == ranking(safe, "D2", text)


def test_a_few_confirmations_move_little(graph: Graph) -> None:
    learned = Attributor(graph, learn(graph, [case("D1")] * 2))
    assert ranking(learned, "D1")[0][0] == UNKNOWN_CAUSE


def test_what_many_dealers_confirm_holds_at_a_new_one(graph: Graph) -> None:
    cases = [case(f"D{number % 10}", text=f"{WORDS}，听说店要关了") for number in range(60)]
    cases += [case(f"D{number % 10}", "finance.refund.approval_chain", f"{WORDS}，还在一级级签字") for number in range(60)]
    learned = Attributor(graph, learn(graph, cases))
    assert ranking(learned, "new", WORDS + "，听说店要关了")[0][0] == TRUE
    assert ranking(learned, "new", WORDS + "，还在一级级签字")[0][0] == "finance.refund.approval_chain"


def test_refused_causes_lose(graph: Graph) -> None:
    safe, words = Attributor(graph), WORDS + "，在走流程"
    [before] = [chance for cause, chance in ranking(safe, "D1", words) if cause == "finance.refund.approval_chain"]
    refusals = [case("D1", None, words, ("finance.refund.approval_chain",))] * 30
    after = dict(ranking(Attributor(graph, learn(graph, refusals)), "D1", words))
    assert after.get("finance.refund.approval_chain", 0.0) < before / 2


def test_calibration_is_reported_on_cases_held_out(graph: Graph) -> None:
    cases = [case(f"D{number % 10}", text=f"{WORDS}第{number}次，账上没钱") for number in range(60)]
    found = held_out(graph, cases, folds=3)
    assert found.cases == 60
    assert found.top1 > 0.9
    assert sum(one.answers for one in found.bins) == 60


def test_calibration_error_is_the_gap_between_promise_and_truth() -> None:
    assert report([(0.9, True, 0.9)] * 9 + [(0.9, False, 0.1)]).ece == pytest.approx(0.0)
    assert report([(0.9, False, 0.1)] * 10).ece == pytest.approx(0.9)


def test_learned_parameters_survive_their_file(graph: Graph, tmp_path: Path) -> None:
    learned = learn(graph, [case("D1")] * 20)
    learned.write(tmp_path / "causes.json")
    assert Learned.read(tmp_path / "causes.json") == learned
    (tmp_path / "causes.json").write_text('{"frame": "auto"}', "utf-8")
    with pytest.raises(FrameError, match="cases"):
        Learned.read(tmp_path / "causes.json")
