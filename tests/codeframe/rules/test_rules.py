"""Loading, linting, routing and trying rules."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import CliRunner

from codeframe.errors import FrameError
from codeframe.frame import Frame
from codeframe.rules.commands import rules as command
from codeframe.rules.lint import lint
from codeframe.rules.load import BUNDLED, load_rules
from codeframe.rules.model import WorkingHours
from codeframe.rules.route import add_working_time
from schemas.coded import CodedUtterance
from schemas.ids import make_id
from tests.golden import example


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the bundled rules."""
    return Path(shutil.copytree(BUNDLED, tmp_path / "rules"))


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_the_bundled_rules_have_nothing_to_mend() -> None:
    assert lint(load_rules(None), Frame.load("auto")) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("immediate.yaml", "due: 4h", "due: soon", r"immediate\.yaml:\d+: rules\.0\.\S*due: .*expected a length of time"),
        ("immediate.yaml", "severity: [safety]", "severity: [deadly]", r"immediate\.yaml:\d+: rules\.0\.\S*severity"),
        ("immediate.yaml", "id: legal\n", "id: safety\n", r"immediate\.yaml:\d+: rules\.1\.id: safety is given twice"),
        ("aggregate.yaml", "when: {sentiment: [-1]}", "when: {vip: true}", r"aggregate\.yaml:\d+: .*immediate rules only"),
        ("routing.yaml", "Asia/Shanghai", "Shanghai", r"routing\.yaml:\d+: hours\.timezone: .*no time zone"),
        (
            "routing.yaml",
            "rules: [legal_words]",
            "rules: [legal_wrods]",
            r"routing\.yaml:\d+: routes\.1\.rules: no rule is called legal_wrods",
        ),
    ],
)
def test_a_fault_is_named_with_file_line_and_field(folder: Path, file: str, old: str, new: str, message: str) -> None:
    change(folder / file, old, new)
    with pytest.raises(FrameError, match=message):
        load_rules(folder)


def test_lint_finds_names_that_the_frame_does_not_know(folder: Path) -> None:
    change(folder / "routing.yaml", "to: legal}", "to: lawyers, tags: [no.such.*]}")
    change(folder / "routing.yaml", "after: 0h", "after: 9d")
    change(folder / "immediate.yaml", "when: {intent: [leaving]}", "when: {}")
    assert lint(load_rules(folder), Frame.load("auto")) == [
        "route 1: tags: no.such.* is no tag of " + Frame.load("auto").version + " and matches none",
        "route 1: to: lawyers is no role of " + Frame.load("auto").version,
        "escalation: after: steps must come in the order of time",
        "rule leaving: when: is empty; every opinion would make a task",
    ]


@pytest.mark.parametrize(
    ("begin", "hours", "end"),
    [
        ("2026-11-20T01:00:00", 2, "2026-11-20T03:00:00"),  # Friday 09:00 in Shanghai
        ("2026-11-20T09:00:00", 4, "2026-11-23T04:00:00"),  # Friday 17:00: an hour, then Monday
        ("2026-11-21T05:00:00", 1, "2026-11-23T02:00:00"),  # Saturday
        ("2026-11-20T20:00:00", 9, "2026-11-23T10:00:00"),  # a whole day
    ],
)
def test_working_time_skips_nights_and_weekends(begin: str, hours: int, end: str) -> None:
    week = WorkingHours.model_validate({"timezone": "Asia/Shanghai", "days": [1, 2, 3, 4, 5], "start": "09:00", "end": "18:00"})
    start = datetime.fromisoformat(begin).replace(tzinfo=UTC)
    assert add_working_time(week, start, timedelta(hours=hours)) == datetime.fromisoformat(end).replace(tzinfo=UTC)


def said(at: datetime) -> CodedUtterance:
    number = uuid4()
    opinion = {"opinion_id": str(make_id("opinion", number, "x")), "intent": "complaint"}
    return example(
        CodedUtterance,
        "voc.coded.v1/deposit",
        utterance_id=number,
        conversation_id=str(number),
        occurred_at=at,
        coded_at=at,
        opinion=opinion,
    )


def test_rules_are_tried_on_a_file_of_history(tmp_path: Path) -> None:
    begin = datetime(2026, 3, 2, 12, tzinfo=UTC)
    events = [said(begin + timedelta(days=day)) for day in range(40)]
    events += [said(begin + timedelta(days=33, minutes=minute)) for minute in range(30)]
    leaving = [example(CodedUtterance, "voc.coded.v1/deposit", occurred_at=begin, opinion={"intent": "leaving"})] * 2
    file = tmp_path / "coded.jsonl"
    file.write_text("\n".join(event.model_dump_json() for event in (*events, *leaving)))
    result = CliRunner().invoke(command, ["try", str(file), "--json"])
    assert result.exit_code == 0, result.output
    found = json.loads(result.output)
    assert found["rules"]["surge"] == {"delivered": 1, "muted": 0}
    assert found["rules"]["leaving"] == {"delivered": 1, "muted": 0}, "an utterance that comes twice counts once"
    (alarm,) = [alarm for alarm in found["alarms"] if alarm["rule"] == "surge"]
    assert (alarm["at"], alarm["opinions"]) == ("2026-04-05T00:00:00+00:00", 31)
    table = CliRunner().invoke(command, ["try", str(file)])
    assert "surge" in table.output


def test_a_line_that_is_no_coded_utterance_is_named(tmp_path: Path) -> None:
    file = tmp_path / "coded.jsonl"
    file.write_text('{"text": "订金"}\n')
    result = CliRunner().invoke(command, ["try", str(file)])
    assert result.exit_code == 1
    assert "coded.jsonl:1: utterance_id: Field required" in result.output
    assert "订金" not in result.output


def test_lint_says_what_is_wrong_and_exits_with_1(folder: Path) -> None:
    assert CliRunner().invoke(command, ["lint"]).exit_code == 0
    change(folder / "routing.yaml", "to: legal}", "to: lawyers}")
    result = CliRunner().invoke(command, ["lint", "--rules", str(folder)])
    assert (result.exit_code, "lawyers is no role" in result.output) == (1, True)
