"""`voc report` on a real ClickHouse: what is planted in the answers comes out."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from click.testing import CliRunner

from codeframe.coder import Coder
from codeframe.layers import Layers
from schemas.coded import NeedLayer, Point
from schemas.task import TaskLevel, TaskTrigger
from schemas.utterance import Utterance
from streams.admin import create_topics
from streams.cli import voc
from streams.local.broker import EmbeddedBroker
from streams.local.clickhouse import EmbeddedClickHouse
from streams.migrate import migrate
from streams.settings import Settings
from streams.sinks.clickhouse import connect
from streams.topics import TASKS
from tests.golden import example
from tests.streams.running import drain

SLOW, GOOD = "order.deposit.refund_slow", "delivery.ceremony.experience"

ANSWERS = """
INSERT INTO answers_hourly (hour, answer_id, channel, dealer, city, score, concrete, comment, negative, positive, occurred_at, generation)
SELECT toStartOfHour(at), generateUUIDv4(number), 'survey', dealer, 'Hangzhou',
       multiIf(dealer = 'D9', 10, complains, number % 4, praises, 10, 7 + number % 3),
       dealer != 'D9', if(dealer = 'D9', '非常满意', concat('说明', toString(number))),
       if(complains, ['order.deposit.refund_slow'], []), if(praises, ['delivery.ceremony.experience'], []), at, toDateTime64(0, 6)
FROM
(
    SELECT number, toDateTime64('2026-01-03 10:00:00', 3, 'UTC') + toIntervalHour(number * 3) + toIntervalSecond(number % 7) AS at,
           concat('D', toString(number % 10)) AS dealer, number % 10 != 9 AND number % 11 < if(number > 1000, 3, 1) AS complains,
           number % 10 != 9 AND NOT complains AND number % 7 = 0 AS praises
    FROM numbers(2000)
)
"""


@pytest.fixture(scope="module")
def url(clickhouse: EmbeddedClickHouse) -> Iterator[str]:
    database = f"report_{uuid4().hex[:8]}"
    settings = Settings(clickhouse=clickhouse.url.rsplit("/", 1)[0] + f"/{database}")
    migrate(settings)
    client = connect(settings.clickhouse)
    client.command(ANSWERS)
    client.command("INSERT INTO hourly_generations SELECT DISTINCT hour, generation FROM answers_hourly")
    yield settings.clickhouse
    client.command(f"DROP DATABASE {database}")
    client.close()


@pytest.fixture(autouse=True)
def environment(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOC_CLICKHOUSE", url)


def report(*arguments: str) -> list[dict[str, Any]]:
    result = CliRunner().invoke(voc, ["report", *arguments, "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    rows: list[dict[str, Any]] = json.loads(result.output)["rows"]
    return rows


def test_nps_sets_answers_without_feedback_apart() -> None:
    rows = {row["dealer"]: row for row in report("nps", "--by", "dealer")}
    assert rows["D9"]["nps"] == 100
    assert rows["D9"]["concrete answers"] == 0
    assert rows["D1"]["concrete nps"] == rows["D1"]["nps"] < 50
    assert rows["D1"]["low"] < rows["D1"]["nps"] < rows["D1"]["high"]


@pytest.mark.parametrize("by", ["tag", "dealer", "channel"])
def test_parts_of_a_change_add_up_to_it(by: str) -> None:
    rows = report("change", "--split", "2026-06-01", "--by", by)
    before, after = (report("nps", "--by", "channel", option, "2026-06-01")[0]["nps"] for option in ("--until", "--since"))
    assert sum(row["points"] for row in rows) == pytest.approx(after - before, abs=1e-9)
    assert after < before
    if by == "tag":
        assert min(rows, key=lambda row: row["points"])["tag"] == SLOW


def test_layers_and_priority_name_what_costs_most() -> None:
    rows = {row["tag"]: row for row in report("layers")}
    assert rows[SLOW]["penalty"] > 4
    assert rows[GOOD]["reward"] > 1
    first = report("priority")[0]
    assert first["tag"] == SLOW
    assert first["priority"] == pytest.approx(first["opportunity"] * first["trend"] * first["promise"] * first["fixability"])


def test_saved_layers_are_in_clickhouse_and_in_a_file_that_the_coder_reads(url: str, tmp_path: Path) -> None:
    file = tmp_path / "layers.yaml"
    report("layers", "--save", "--write", str(file))
    found = Layers.load(file).at(SLOW, datetime(2026, 7, 1, tzinfo=UTC), None, NeedLayer.ATTRACTIVE)
    assert found in {NeedLayer.MUST_BE, NeedLayer.PERFORMANCE}
    client = connect(url)
    saved = {row[0]: row[1] for row in client.query("SELECT tag, layer FROM current_need_layers").result_rows}
    client.close()
    assert saved[SLOW] in {"must_be", "performance"}


def test_comparison_shows_nothing_below_the_minimum() -> None:
    assert len(report("compare", "--by", "dealer")) == 10
    assert report("compare", "--by", "dealer", "--min-n", "500") == []
    assert [row["period"] for row in report("compare", "--by", "period", "--split", "2026-06-01")] == ["before", "after"]


def test_product_and_service_stand_beside_each_other(url: str) -> None:
    """All tags of the answers are of service; the rest names neither."""
    rows = {row["product-service"]: row for row in report("compare", "--by", "product-service")}
    assert rows.keys() == {"service", "neither"}
    assert rows["service"]["low"] < rows["service"]["nps"] < rows["service"]["high"]
    assert rows["neither"]["answers"] == 2000 - rows["service"]["answers"]


def test_before_and_after_a_day_that_begins_no_month() -> None:
    whole = report("compare", "--by", "period", "--split", "2026-06-01")
    later = report("compare", "--by", "period", "--split", "2026-06-16")
    moved = {row["period"]: row["answers"] for row in later}["before"] - {row["period"]: row["answers"] for row in whole}["before"]
    assert moved == 15 * 24 / 3, "an answer every three hours"


def test_layers_of_a_cut_that_is_no_segment_are_not_kept(tmp_path: Path) -> None:
    result = CliRunner().invoke(voc, ["report", "layers", "--dealer", "D1", "--write", str(tmp_path / "layers.yaml")])
    assert result.exit_code == 2
    assert "--save and --write do not go with --dealer" in result.output


def test_dealer_whose_scores_look_asked_for_is_flagged() -> None:
    assert [row["dealer"] for row in report("solicited") if row["flagged"]] == ["D9"]


def test_csv_png_and_table(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    chart = tmp_path / "nps.png"
    result = CliRunner().invoke(voc, ["report", "nps", "--csv", "--png", str(chart)], catch_exceptions=False)
    assert next(csv.reader(io.StringIO(result.output)))[:3] == ["month", "answers", "nps"]
    assert chart.read_bytes().startswith(b"\x89PNG")
    assert "NPS by month" in CliRunner().invoke(voc, ["report", "nps"], catch_exceptions=False).output


def test_empty_cut_says_so() -> None:
    result = CliRunner().invoke(voc, ["report", "nps", "--dealer", "nowhere"])
    assert result.exit_code == 1
    assert "no survey answer is in this cut" in result.output


DRIFTING = """
INSERT INTO answers_hourly (hour, answer_id, channel, segment, score, concrete, comment, negative, positive, occurred_at, generation)
SELECT toStartOfHour(at), generateUUIDv4(number), 'hotline', 'young',
       toUInt8(7 + (cityHash64(number) % 3) - if(complains, if(late, 4, 0), 0) + if(praises, if(late, 0, 1), 0)), 1, 'x',
       if(complains, ['test_drive.route.variety'], []), if(praises, ['test_drive.route.variety'], []), at, toDateTime64(0, 6)
FROM
(
    SELECT number, toDateTime64('2025-01-01 00:00:00', 3, 'UTC') + toIntervalHour(intDiv(number, 2)) AS at, number >= 8760 AS late,
           cityHash64(number, 1) % 5 = 0 AS complains, cityHash64(number, 1) % 5 = 1 AS praises
    FROM numbers(17520)
)
"""


async def test_a_layer_that_changed_is_found_in_its_month_and_published(
    broker: EmbeddedBroker, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    prefix = f"{uuid4().hex[:8]}."
    monkeypatch.setenv("VOC_KAFKA", broker.bootstrap)
    monkeypatch.setenv("VOC_TOPIC_PREFIX", prefix)
    await create_topics(Settings())
    tag, client = "test_drive.route.variety", connect(url)
    client.command(DRIFTING)
    client.command("INSERT INTO hourly_generations SELECT DISTINCT hour, generation FROM answers_hourly")
    client.command(
        "INSERT INTO opinions (opinion_id, utterance_id, revision, tag, channel, evidence, occurred_at) "
        f"SELECT generateUUIDv4(), generateUUIDv4(), 1, '{tag}', 'hotline', '路线太短', now64()"
    )
    client.close()
    [row] = await asyncio.to_thread(report, "layers", "--segment", "young", "--publish")
    assert row["changed from"] == "2025-07-01"
    assert row["layer"] == "must_be"
    [task] = [TaskTrigger.model_validate_json(record.value) for record in await drain(Settings(), TASKS, 1)]
    assert (task.rule, task.tag, task.need_layer, task.level) == ("layer_migration", tag, NeedLayer.MUST_BE, TaskLevel.EVENT)
    assert (task.attributes.segment, "young" in task.summary) == ("young", True)


def coded_as(coder: Coder, when: datetime, segment: str | None) -> tuple[NeedLayer, Point]:
    """How a complaint about the route of the test drive counts."""
    said = example(
        Utterance, "voc.utterances.v1/spoken", text="试驾路线太差了", occurred_at=when.isoformat(), attributes={"segment": segment}
    )
    [opinion] = coder.code([said])[0].opinions
    return opinion.need_layer, opinion.point


def test_the_coder_uses_the_layer_of_the_day_and_segment(url: str, tmp_path: Path) -> None:
    """From planted answers through the report and its file into coded opinions; the tables keep the same dates."""
    client = connect(url)
    client.command(DRIFTING)
    client.command("INSERT INTO hourly_generations SELECT DISTINCT hour, generation FROM answers_hourly")
    file = tmp_path / "layers.yaml"
    report("layers", "--segment", "young", "--save", "--write", str(file))
    saved = client.query(
        "SELECT segment, valid_from, previous, layer FROM layer_migrations WHERE startsWith(tag, 'test_drive')"
    ).result_rows
    client.close()
    assert [(row[0], row[1].isoformat(), *row[2:]) for row in saved] == [("young", "2025-07-01", "attractive", "must_be")]
    coder, default = Coder.load("auto", layers=file), Coder.load("auto")
    before, after = datetime(2025, 6, 30, tzinfo=UTC), datetime(2025, 7, 2, tzinfo=UTC)
    assert coded_as(coder, before, "young") == (NeedLayer.ATTRACTIVE, Point.ITCH)
    assert coded_as(coder, after, "young") == (NeedLayer.MUST_BE, Point.PAIN)
    assert coded_as(coder, after, "fleet") == coded_as(default, after, "fleet"), "another segment keeps the frame's layer"
    report("layers", "--write", str(file))
    assert coded_as(Coder.load("auto", layers=file), after, "young")[0] is NeedLayer.MUST_BE, "the file keeps other segments"
