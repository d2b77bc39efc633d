"""The bundled graph is sound, and a wrong one is refused with its file and line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from codeframe.causes.graph import Graph
from codeframe.causes.lint import lint
from codeframe.errors import FrameError
from codeframe.frame import BUNDLED

AREAS = {"sales", "delivery", "product", "finance", "service"}


@pytest.fixture(scope="module")
def graph() -> Graph:
    return Graph.load("auto")


def test_graph_covers_every_symptom_with_several_causes(graph: Graph) -> None:
    assert len(graph.causes) >= 150
    assert {area.area for area in graph.areas} >= AREAS
    assert all(len(graph.candidates[tag.id]) >= 2 for tag in graph.frame.tags)
    assert lint(graph) == []


def test_the_longest_pattern_gives_the_weight(graph: Graph) -> None:
    design = graph.by_id["quality.design.weakness"]
    weights = {graph.causes[one.cause].id: one for one in graph.candidates["quality.general.design_defect"]}
    assert weights[design.id].weight == design.symptoms["quality.general.design_defect"]
    assert weights[design.id].pattern == "quality.general.design_defect"


def test_frame_without_causes_has_an_empty_graph() -> None:
    graph = Graph.load("hotel")
    assert graph.causes == ()
    assert lint(graph) == []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the car frame whose files a test may spoil."""
    return Path(shutil.copytree(BUNDLED / "auto", tmp_path / "frame"))


def _replace(path: Path, old: str, new: str) -> int:
    """Replace the first `old`; the line on which it stood."""
    text = path.read_text("utf-8")
    path.write_text(text.replace(old, new, 1), "utf-8")
    return text[: text.index(old)].count("\n") + 1


@pytest.mark.parametrize(
    ("file", "old", "new", "problem"),
    [
        ("finance.yaml", "office: financial_services}", "office: nobody}", "nobody is unknown"),
        ("finance.yaml", "step: credit_check", "step: nowhere", "no step is called nowhere"),
        (
            "finance.yaml",
            "kind: loan_decision, status: [refused]",
            "kind: loan_decision, status: [lost]",
            "loan_decision has no status lost",
        ),
        ("finance.yaml", "days: [-60, 7]", "days: [60, 7]", "ends before it starts"),
        ("finance.yaml", "- id: finance.loan.precheck_missing", "- id: finance.loan.refused", "already in"),
        ("finance.yaml", "fix: medium", "fixx: medium", "fix"),
    ],
)
def test_wrong_file_is_refused_with_its_line(folder: Path, file: str, old: str, new: str, problem: str) -> None:
    path = folder / "causes" / file
    line = _replace(path, old, new)
    with pytest.raises(FrameError, match=problem) as caught:
        Graph.load(folder)
    assert caught.value.file == str(path)
    assert caught.value.line is not None
    assert abs(caught.value.line - line) <= 3


@pytest.mark.parametrize(
    ("file", "old", "new", "problem"),
    [
        ("steps.yaml", "{zh: 宣传投放, en: Campaign}}", "{zh: a, en: b}, after: [follow_up]}", "cycle"),
        ("steps.yaml", "  - {id: trade_in,", "  - {id: unused, names: {zh: a, en: b}}\n  - {id: trade_in,", "orphan"),
        ("steps.yaml", "after: [handover, loan_payout]", "after: [handover, nowhere]", "no step is called nowhere"),
        ("finance.yaml", "owner: {dealer: finance_manager, office: financial_services}", "owner: {}", "nobody owns it"),
        ("finance.yaml", "order.deposit.not_refunded: 2", "order.deposit.not_there: 2", "the frame has no tag order.deposit.not_there"),
        ("finance.yaml", "[贷款没批,", "[贷款没批, 贷款没批,", "is there twice"),
        ("sales.yaml", "presentation.patience.lacking: 3", "presentation.patience.gone: 3", "no tag presentation.patience.gone"),
    ],
)
def test_lint_finds(folder: Path, file: str, old: str, new: str, problem: str) -> None:
    _replace(folder / "causes" / file, old, new)
    problems = lint(Graph.load(folder))
    assert any(problem in str(one) and one.line for one in problems)


def test_lint_finds_a_symptom_with_one_cause(folder: Path) -> None:
    for path in (folder / "causes").glob("*.yaml"):
        path.write_text(path.read_text("utf-8").replace("finance.loan.gps: 1,", "").replace(", finance.loan.gps: 1", ""), "utf-8")
    [problem] = lint(Graph.load(folder))
    assert "finance.loan.gps: 1 candidate causes" in str(problem)
    assert problem.file.endswith("finance.yaml")
