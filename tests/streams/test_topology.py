"""The map follows from the steps."""

from __future__ import annotations

from pathlib import Path

from streams.app import load_steps
from streams.topology import as_svg, as_text, columns

PICTURE = Path(__file__).parents[2] / "docs" / "topology.svg"


def test_the_picture_in_the_docs_is_current() -> None:
    assert PICTURE.read_text("utf-8") == as_svg(load_steps()), "run: voc topology --svg docs/topology.svg"


def test_every_step_and_its_topics_are_in_the_text() -> None:
    text = as_text(load_steps())
    for step in load_steps():
        assert all(topic.name in text for topic in (*step.reads, *step.writes))
        assert f"->  {step.name}  ->" in text


def test_the_stream_runs_from_left_to_right() -> None:
    column = columns(load_steps())
    assert column["connectors"] < column["clean"] < column["code"] < column["trigger"] < column["bridge"]
    assert column["code"] < column["store"] < column["ClickHouse"]
