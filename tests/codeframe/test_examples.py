"""What customers say of each tag: read with the frame, refused with file and line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from codeframe.commands import frame as commands
from codeframe.errors import FrameError
from codeframe.examples import Said, read_examples
from codeframe.frame import Frame
from codeframe.lint import lint
from tests.codeframe.conftest import tag

HEADER = "tag\tzh\ten\n"
ROW = "shop.queue\t站了半天没人理\tStood there for ages\n"

Make = Callable[..., Path]


def frame_with(make_frame: Make, text: str, *more: str) -> Path:
    where = make_frame(tag(), *more)
    (where / "examples").mkdir()
    (where / "examples" / "shop.tsv").write_text(text, "utf-8")
    return where


def test_a_frame_may_say_what_customers_say(make_frame: Make) -> None:
    where = frame_with(make_frame, HEADER + ROW)
    assert read_examples(Frame.load(where)) == [Said("shop.queue", "站了半天没人理", "Stood there for ages")]
    shown = CliRunner().invoke(commands, ["show", "shop.queue", "--frame", str(where)])
    assert json.loads(shown.output)["examples"] == [{"zh": "站了半天没人理", "en": "Stood there for ages"}]


def test_a_frame_may_do_without(make_frame: Make) -> None:
    assert read_examples(Frame.load(make_frame(tag()))) == []


def test_another_sentence_is_another_frame(make_frame: Make) -> None:
    where = frame_with(make_frame, HEADER + ROW)
    before = Frame.load(where).digest
    (where / "examples" / "shop.tsv").write_text(HEADER + ROW.replace("半天", "一小时"), "utf-8")
    assert Frame.load(where).digest != before


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        (HEADER.replace("zh", "cn") + ROW, 1, "must name the columns tag, zh, en"),
        (HEADER + ROW.replace("\tStood", " Stood"), 2, "found 2"),
        (HEADER + ROW + "shop.queue\t \tWaited\n", 3, "zh: is empty"),
        (HEADER + ROW.replace("queue", "door"), 2, "shop.door is no tag of"),
    ],
)
def test_what_is_wrong_is_named_with_file_and_line(make_frame: Make, text: str, line: int, problem: str) -> None:
    where = frame_with(make_frame, text)
    with pytest.raises(FrameError, match=problem) as raised:
        read_examples(Frame.load(where))
    assert (Path(raised.value.file).name, raised.value.line) == ("shop.tsv", line)
    [finding] = lint(where)
    assert finding.line == line


def test_lint_names_a_sentence_of_two_tags_and_a_tag_that_nobody_speaks_of(make_frame: Make) -> None:
    where = frame_with(make_frame, HEADER + ROW + ROW.replace("queue", "slow"), tag("slow", "动作慢"), tag("shut", "关着门"))
    assert [finding.problem for finding in lint(where)] == [
        "站了半天没人理 stands under shop.queue too",
        "Stood there for ages stands under shop.queue too",
    ]
    unsaid = [finding.tag for finding in lint(where, examples=True) if "no sentence of a customer" in finding.problem]
    assert unsaid == ["shop.shut"]
