"""`voc ingest` as it is called, into a real broker."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import orjson
import pytest

from schemas.raw_text import RawText
from streams.settings import Settings

READ = Callable[[], Awaitable[list[RawText]]]


@pytest.fixture
def voc(settings: Settings, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs `voc ingest` in a folder of its own, against the test's pipeline."""
    environment = {"VOC_KAFKA": settings.kafka, "VOC_TOPIC_PREFIX": settings.topic_prefix, "VOC_PARTITIONS": "2"}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "streams.cli", "ingest", *arguments]
        return subprocess.run(
            command, cwd=tmp_path, env=environment | {"PYTHONPATH": str(Path.cwd())}, capture_output=True, text=True, check=False
        )

    return run


def complaints(path: Path, count: int, broken: int = 0) -> None:
    with path.open("w", encoding="gb18030", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["投诉编号", "投诉品牌", "投诉车系", "投诉简述", "投诉日期"])
        for number in range(count):
            writer.writerow([f"T{number}", "领克", "领克05", f"变速箱顿挫，第{number}次", "不知道" if number < broken else "2024-04-29"])


async def test_twice_adds_nothing_twice_and_rejected_rows_are_named(
    voc: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path, raw_texts_of: READ
) -> None:
    complaints(tmp_path / "c.csv", 2_500, broken=3)
    first, second = (voc("c.csv", "--channel", "public_opinion") for _ in range(2))
    assert (first.returncode, second.returncode) == (1, 1)
    assert "2,500 rows, 2,497 accepted (2,497 events), 0 repeated, 3 rejected" in first.stdout
    rejected = [orjson.loads(line) for line in (tmp_path / "rejects.jsonl").read_bytes().splitlines()]
    assert [(entry["file"], entry["line"], entry["field"]) for entry in rejected] == [("c.csv", line, "occurred_at") for line in (2, 3, 4)]
    assert rejected[0]["row"]["投诉编号"] == "T0"
    events = await raw_texts_of()
    assert len(events) == 2 * 2_497
    assert len({event.event_id for event in events}) == 2_497
    assert {event.attributes.model for event in events} == {"领克05"}


async def test_rows_without_ids_keep_theirs_in_a_file_of_another_name_and_order(
    voc: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path, raw_texts_of: READ
) -> None:
    (tmp_path / "a.csv").write_text("评论,品牌\n好,领克\n好,领克\n差,领克\n", encoding="utf-8")
    (tmp_path / "b.tsv").write_text("品牌\t评论\n领克\t差\n领克\t好\n领克\t好\n", encoding="utf-8-sig")
    done = voc("a.csv", "b.tsv", "--channel", "public_opinion", "--source", "forum")
    assert done.returncode == 0, done.stderr
    events = await raw_texts_of()
    assert len(events) == 6
    assert len({event.event_id for event in events}) == 3


async def test_an_id_that_comes_again_is_repeated_or_rejected(
    voc: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path, raw_texts_of: READ
) -> None:
    (tmp_path / "a.csv").write_text("id,text,label\n1,好,a\n1,好,b\n1,差,c\n", encoding="utf-8")
    done = voc("a.csv", "--channel", "public_opinion", "--rejects", "bad.jsonl")
    assert "3 rows, 1 accepted (1 events), 1 repeated, 1 rejected" in done.stdout
    assert orjson.loads((tmp_path / "bad.jsonl").read_bytes())["field"] == "source_id"
    assert [event.text for event in await raw_texts_of()] == ["好"]


async def test_chats_in_json_lines_become_turns(
    voc: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path, raw_texts_of: READ
) -> None:
    chat = {
        "source_id": "k1",
        "occurred_at": "2026-03-01T09:00:00+08:00",
        "turns": [{"text": "在吗"}, {"speaker": "agent", "text": "在的"}],
    }
    (tmp_path / "a.jsonl").write_bytes(orjson.dumps(chat | {"attributes": {"dealer": "D1", "vip": True}}))
    done = voc("a.jsonl", "--channel", "private_domain")
    assert done.returncode == 0, done.stderr
    events = sorted(await raw_texts_of(), key=lambda event: event.source_id)
    assert [(event.source_id, event.speaker, event.attributes.vip) for event in events] == [
        ("k1#0", "customer", True),
        ("k1#1", "agent", True),
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nowhere.csv", "--channel", "store"), "nowhere.csv: No such file"),
        (("a.csv",), "--channel: give one of hotline"),
        (("a.csv", "--channel", "store"), "no column is known as text or turns (it has x, y): give --mapping"),
        (("a.csv", "--channel", "store", "--mapping", "m.yaml"), "m.yaml: line 2: fields.text: a.csv has no column 'z'; it has x, y"),
    ],
)
def test_an_unusable_file_or_mapping_is_exit_code_2(
    voc: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    (tmp_path / "a.csv").write_text("x,y\n1,2\n", encoding="utf-8")
    (tmp_path / "m.yaml").write_text("fields:\n  text: z\n", encoding="utf-8")
    done = voc(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
