from collections.abc import Callable
from pathlib import Path

import pytest

from codeframe.diff import diff
from codeframe.errors import FrameError
from codeframe.frame import Frame
from codeframe.lint import lint
from tests.codeframe.conftest import tag


def test_a_clean_frame_has_nothing_to_mend(make_frame: Callable[..., Path]) -> None:
    assert lint(make_frame(tag())) == []


@pytest.mark.parametrize("name", ["auto", "hotel"])
def test_the_bundled_frames_have_nothing_to_mend(name: str) -> None:
    assert lint(name) == []


def test_what_lint_finds(make_frame: Callable[..., Path]) -> None:
    where = make_frame(
        tag("queue", "排长队"),
        tag("line", "排长队"),
        tag("short", "队"),
        tag("pattern", "门锁坏").replace("terms:", "patterns: [(门锁坏)..(了), (门)..(开), (门)..(开)]\n    terms:"),
        tag("example", "停电").replace("example_in: 停电", "example_in: 没灯").replace("example_out: 天气", "example_out: 停电了"),
        tag("nothing", "灯").replace("terms: {zh: [灯]}", "terms: {}"),
    )
    problems = {finding.problem.split(":")[0] for finding in lint(where, examples=True)}
    assert problems == {
        "term 排长队 is already one of shop.queue",
        "term 队 is a single character",
        "pattern (门锁坏)..(了) is unreachable",
        "pattern (门)..(开) is given twice",
        "example_in does not get the tag",
        "example_out gets the tag",
        "has no term and no pattern, so words alone never give it",
    }
    assert all(finding.line for finding in lint(where))


def test_what_keeps_a_frame_from_loading_comes_alone(make_frame: Callable[..., Path], tmp_path: Path) -> None:
    [finding] = lint(make_frame(tag().replace("must_be", "maybe")))
    assert (finding.line, finding.tag) == (12, "tags.0.need_layer")
    with pytest.raises(FrameError):
        lint(tmp_path / "nowhere")


def test_diff_tells_what_became_of_each_tag(make_frame: Callable[..., Path]) -> None:
    old = make_frame(tag("queue"), tag("gone"), tag("moved"), tag("same", "灯坏"), folder="old")
    new = make_frame(tag("queue", "排长队, 人太多"), tag("new"), tag("moved", layer="attractive"), tag("same", "灯坏"), folder="new")
    changes = [(change.kind, change.tag, change.detail) for change in diff(Frame.load(old), Frame.load(new))]
    assert changes == [
        ("retired", "shop.gone", ""),
        ("moved", "shop.moved", "need_layer must_be to attractive"),
        ("added", "shop.new", ""),
        ("widened", "shop.queue", "人太多"),
    ]
