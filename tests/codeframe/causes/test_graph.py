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

STEPS = """
steps:
  - {id: reservation, names: {zh: 预订, en: Reservation}}
  - {id: stay, names: {zh: 入住, en: Stay}, after: [reservation]}
context:
  repair_order: [opened, closed]
"""

CAUSES = """
area: stay
causes:
  - id: stay.overbooking
    names: {zh: 超售, en: Overbooking}
    step: reservation
    owner: {dealer: hotel_manager, office: revenue}
    fix: medium
    symptoms: {before_stay.*: 1, arrival.*: 1, room.*: 1, services.*: 1, services.staff.*: 2}
    cues: {2.0: [满房, overbooked]}
  - id: stay.maintenance
    names: {zh: 维护不足, en: Maintenance}
    step: stay
    owner: {dealer: chief_engineer}
    fix: hard
    symptoms: {before_stay.*: 1, arrival.*: 1, room.*: 1, services.*: 1, services.staff.attitude: 3}
    context: [{kind: repair_order, status: [opened], days: [-3, 3], weight: 2}]
"""


@pytest.fixture(scope="module")
def graph() -> Graph:
    return Graph.load("auto")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The small hotel frame with a sound graph of two causes."""
    frame = Path(shutil.copytree(BUNDLED / "hotel", tmp_path / "frame"))
    (frame / "causes").mkdir(exist_ok=True)
    (frame / "causes" / "steps.yaml").write_text(STEPS, "utf-8")
    (frame / "causes" / "stay.yaml").write_text(CAUSES, "utf-8")
    return frame


def spoil(path: Path, old: str, new: str) -> int:
    """Replace the first `old`; the line on which it stood."""
    text = path.read_text("utf-8")
    path.write_text(text.replace(old, new, 1), "utf-8")
    return text[: text.index(old)].count("\n") + 1


def test_graph_covers_every_symptom_with_several_causes(graph: Graph) -> None:
    assert len(graph.causes) >= 150
    assert {area.area for area in graph.areas} >= AREAS
    assert all(len(graph.candidates[tag.id]) >= 2 for tag in graph.frame.tags)
    assert lint(graph) == []


def test_the_longest_pattern_gives_the_weight(folder: Path) -> None:
    graph = Graph.load(folder)
    assert lint(graph) == []
    assert [(one.cause, one.weight, one.pattern) for one in graph.candidates["services.staff.attitude"]] == [
        (1, 3.0, "services.staff.attitude"),
        (0, 2.0, "services.staff.*"),
    ]


def test_frame_without_causes_has_an_empty_graph() -> None:
    graph = Graph.load("hotel")
    assert graph.causes == ()
    assert lint(graph) == []


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("office: revenue", "office: nobody", "nobody is unknown"),
        ("step: reservation", "step: nowhere", "no step is called nowhere"),
        ("status: [opened]", "status: [lost]", "repair_order has no status lost"),
        ("days: [-3, 3]", "days: [3, -3]", "ends before it starts"),
        ("- id: stay.maintenance", "- id: stay.overbooking", "already in"),
        ("fix: hard", "fix: never", "fix"),
    ],
)
def test_wrong_file_is_refused_with_its_line(folder: Path, old: str, new: str, problem: str) -> None:
    path = folder / "causes" / "stay.yaml"
    line = spoil(path, old, new)
    with pytest.raises(FrameError, match=problem) as caught:
        Graph.load(folder)
    assert (caught.value.file, caught.value.line) == (str(path), line)


@pytest.mark.parametrize(
    ("file", "old", "new", "problem"),
    [
        ("steps.yaml", "en: Reservation}", "en: Reservation}, after: [stay]", "cycle"),
        ("steps.yaml", "context:", "  - {id: unused, names: {zh: 闲, en: Idle}}\ncontext:", "orphan"),
        ("steps.yaml", "after: [reservation]", "after: [nowhere]", "no step is called nowhere"),
        ("stay.yaml", "owner: {dealer: chief_engineer}", "owner: {}", "nobody owns it"),
        ("stay.yaml", "before_stay.*: 1,", "before_stay.nothing.*: 1,", "the frame has no tag before_stay.nothing"),
        ("stay.yaml", "[满房, overbooked]", "[满房, 满房]", "is there twice"),
        ("stay.yaml", "overbooked", "Overbooked", "must be in lower case"),
        ("stay.yaml", "    cues: {2.0: [满房, overbooked]}\n", "", "no evidence can speak for it"),
        ("stay.yaml", "room.*: 1,", "room.comfort.*: 1,", "room.noise.quiet: 1 candidate causes"),
    ],
)
def test_lint_finds(folder: Path, file: str, old: str, new: str, problem: str) -> None:
    spoil(folder / "causes" / file, old, new)
    assert any(problem in str(one) and one.line for one in lint(Graph.load(folder)))
