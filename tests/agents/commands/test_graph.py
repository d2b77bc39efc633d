"""`voc graph`: what it shows of a symptom, and what it learns from tasks in a real ClickHouse."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import CliRunner

from codeframe.causes.learned import Learned
from streams.cli import voc
from streams.local.clickhouse import EmbeddedClickHouse
from streams.migrate import migrate
from streams.settings import Settings
from streams.sinks.clickhouse import connect

TAG, CAUSE = "order.deposit.refund_slow", "finance.refund.cash_shortage"

FILL = (
    """INSERT INTO tasks (task_id, revision, tag, utterance_ids, dealer, model, customer_id, created_at, due_at)
    SELECT toUUID(concat('00000000-0000-0000-0000-', leftPad(toString(number), 12, '0'))), 1, 'order.deposit.refund_slow',
           [toUUID(concat('10000000-0000-0000-0000-', leftPad(toString(number), 12, '0')))], concat('D', toString(number % 8)), 'X7',
           concat('C', toString(number)), now64(), now64() FROM numbers(80)""",
    """INSERT INTO utterances (utterance_id, revision, text, occurred_at)
    SELECT toUUID(concat('10000000-0000-0000-0000-', leftPad(toString(number), 12, '0'))), 1,
           concat('订金一直没到账，店里账上没钱了', toString(number)), now64() FROM numbers(80)""",
    """INSERT INTO task_events (task_event_id, task_id, action, legal, confirmed_cause, refused_causes, occurred_at, recorded_at)
    SELECT generateUUIDv4(number), toUUID(concat('00000000-0000-0000-0000-', leftPad(toString(number), 12, '0'))), 'done', 1,
           if(number < 60, 'finance.refund.cash_shortage', ''), if(number < 60, [], ['finance.loan.refused']), now64(), now64()
    FROM numbers(80)""",
    """INSERT INTO context_events (context_id, source_id, customer_id, kind, status, source, occurred_at, ingested_at)
    SELECT generateUUIDv4(number), toString(number), concat('C', toString(number)), 'order', 'placed', 'dms', now64(), now64()
    FROM numbers(80)""",
)


def run(*arguments: str) -> str:
    result = CliRunner().invoke(voc, ["graph", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_show_says_why_and_who(tmp_path: Path) -> None:
    picture = tmp_path / "tag.svg"
    output = run("show", "order.deposit.not_refunded", "--svg", str(picture))
    for words in ("finance.loan.refused", "Finance and insurance manager", "loan_decision refused", "unknown"):
        assert words in output
    assert picture.read_text("utf-8").count("<rect") > 10
    assert CliRunner().invoke(voc, ["graph", "show", "no.such.tag"]).exit_code == 1


def test_lint_counts() -> None:
    assert "0 to mend" in run("lint")


def test_learn_from_tasks(clickhouse: EmbeddedClickHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = clickhouse.url.rsplit("/", 1)[0] + f"/learn_{uuid4().hex[:8]}"
    monkeypatch.setenv("VOC_CLICKHOUSE", url)
    migrate(Settings())
    out = tmp_path / "causes.json"
    empty = CliRunner().invoke(voc, ["graph", "learn", "--out", str(out)])
    assert "no task has a confirmed or refused cause" in empty.output
    client = connect(url)
    for statement in FILL:
        client.command(statement)
    client.close()
    assert "80 cases" in run("learn", "--out", str(out))
    learned = Learned.read(out)
    assert any(one.kind == "said" and one.cause == CAUSE and "账上没钱" in one.of for one in learned.weights)
    assert run("show", TAG, "--learned", str(out)).index(CAUSE) > 0
