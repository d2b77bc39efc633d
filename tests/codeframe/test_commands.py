from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from codeframe.commands import explain, frame
from tests.codeframe.conftest import tag
from tests.codeframe.test_scoring import FILES


def run(command: object, *args: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(command, list(args), input=stdin)  # type: ignore[arg-type]


def test_explain_tells_why(auto: object) -> None:
    output = run(explain, "动力不错，但是刹车没有软").output
    for told in ("term 动力", "opinion words: 不错", "no rule of the matrix", "quality.brakes.soft", "negated", "owner"):
        assert told in output
    assert "no tag" in run(explain, "今天星期三").output


def test_the_frame_commands(make_frame: Callable[..., Path], tmp_path: Path) -> None:
    where = str(make_frame(tag()))
    assert run(frame, "lint", where).exit_code == 0
    assert "queue" in run(frame, "tree", where).output
    assert json.loads(run(frame, "show", "shop.queue", "--frame", where).output)["terms"]["zh"]
    assert "near it are shop.queue" in run(frame, "show", "shop.que", "--frame", where).output
    assert run(frame, "diff", where, where).output == ""
    assert set(json.loads(run(frame, "schema").output)) == {
        "frame.yaml",
        "points.yaml",
        "tags/*.yaml",
        "spellings.yaml",
        "crosswalks/*.yaml",
        "causes/steps.yaml",
        "causes/*.yaml",
    }
    assert "is no code frame" in run(frame, "tree", str(tmp_path / "nowhere")).output


def test_the_published_schema_is_that_of_the_files_and_leaves_no_key_open() -> None:
    schemas = json.loads(run(frame, "schema").output)
    for name, schema in schemas.items():
        parts = [schema, *schema.get("$defs", {}).values()]
        assert all(part.get("additionalProperties") is False for part in parts if part.get("type") == "object" and "properties" in part), (
            name
        )
    tag_keys = schemas["tags/*.yaml"]["$defs"]["Tag"]["properties"]
    assert {"id", "names", "definition", "example_in", "example_out", "stage", "touchpoint", "owner", "need_layer", "severity"} <= set(
        tag_keys
    )


def test_score_prints_a_table_or_json(tmp_path: Path) -> None:
    file = tmp_path / "labelled.csv"
    file.write_text(FILES["complaints"], "utf-8-sig")
    scored = json.loads(run(frame, "score", str(file), "--crosswalk", "complaints", "--json").output)
    assert {"head_f1", "code_f1", "labels", "confusions"} <= set(scored)
    assert "precision" in run(frame, "score", str(file), "--crosswalk", "complaints").output


def test_score_names_a_missing_column(tmp_path: Path) -> None:
    file = tmp_path / "labelled.csv"
    file.write_text("desc\n漏油\n", "utf-8")
    result = run(frame, "score", str(file), "--crosswalk", "complaints")
    assert result.exit_code == 1
    assert "lacks the column problem" in result.output


def test_score_draws_a_picture(tmp_path: Path) -> None:
    file, svg, png = tmp_path / "labelled.csv", tmp_path / "score.svg", tmp_path / "score.png"
    file.write_text(FILES["complaints"] + '发动机烧机油,"A63,"\n', "utf-8")
    output = run(frame, "score", str(file), "--crosswalk", "complaints", "--picture", str(svg)).output
    assert "1 texts are labelled twice, kappa 1.00" in output
    drawn = ElementTree.fromstring(svg.read_text("utf-8"))  # noqa: S314 - made here
    told = [text.text for text in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert {"A63", "share that was right"} <= set(told)
    assert run(frame, "score", str(file), "--crosswalk", "complaints", "--picture", str(png)).exit_code == 0
    assert png.read_bytes().startswith(b"\x89PNG")
    assert "ends in .png or .svg" in run(frame, "score", str(file), "--crosswalk", "complaints", "--picture", "score.gif").output


@pytest.mark.parametrize(
    ("crosswalk", "content", "why"),
    [
        ("complaints", b"desc,problem\n", "has no rows"),
        ("complaints", b"desc,problem\n\xe6\xbc\x8f\xe6\xb2\xb9\n", "row 1: problem: is missing"),
        ("complaints", b'desc,problem\na,"A1,"\n\xff\xfe,"A1,"\n', "labelled.csv:3: is not UTF-8"),
        (
            "bdci2018",
            "content_id,content,subject,sentiment_value\n1,油耗高,油耗,bad\n".encode(),
            "row 1: sentiment_value: expected -1, 0 or 1",
        ),
        ("bdci2018", b"", "has no rows"),
        ("nowhere", b"a\n1\n", "no file layout is known"),
    ],
)
def test_a_file_that_cannot_be_scored_says_where(tmp_path: Path, crosswalk: str, content: bytes, why: str) -> None:
    file = tmp_path / "labelled.csv"
    file.write_bytes(content)
    result = run(frame, "score", str(file), "--crosswalk", crosswalk)
    assert result.exit_code == 1
    assert why in result.output


def test_coverage_and_suggest_look_at_what_has_no_tag(make_frame: Callable[..., Path], tmp_path: Path) -> None:
    where, file = str(make_frame(tag())), tmp_path / "texts.txt"
    strange = [f"毛巾架又掉下来了{number}号" for number in ("三", "五", "八")] + ["泳池的水太凉", "泳池水太凉了啊"]
    file.write_text("\n".join(["门口排长队", *strange]), "utf-8")
    counted = json.loads(run(frame, "coverage", str(file), "--frame", where, "--json").output)
    assert (counted["utterances"], counted["covered"], counted["tags"]) == (6, 1, {"shop.queue": 1})
    assert "1 of 6 utterances have a tag" in run(frame, "coverage", str(file), "--frame", where).output
    groups = run(frame, "suggest", str(file), "--frame", where).output
    assert "3 utterances: " in groups
    assert "2 utterances: " in groups
    assert "5 of 6 utterances have no tag by words" in groups
    assert "门口排长队" not in groups


def test_diff_tells_which_utterances_move(make_frame: Callable[..., Path], tmp_path: Path) -> None:
    old, new = str(make_frame(tag(), folder="old")), str(make_frame(tag(), tag("lamp", "灯坏"), folder="new"))
    file = tmp_path / "texts.txt"
    file.write_text("门口排长队\n灯坏了\n", "utf-8")
    output = run(frame, "diff", old, new, "--sample", str(file)).output
    assert "灯坏了\n    +shop.lamp" in output
    assert "门口排长队" not in output
