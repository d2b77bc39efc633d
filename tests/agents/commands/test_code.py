"""`voc code`: texts in, coded utterances out."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from agents.commands.code import code
from schemas.coded import CodedUtterance, Tier
from tests.streams.chatting import chatting, space


def run(command: object, *args: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(command, list(args), input=stdin)  # type: ignore[arg-type]


def events(result: Result) -> list[CodedUtterance]:
    assert result.exit_code == 0, result.output
    return [CodedUtterance.model_validate_json(line) for line in result.stdout.splitlines()]


def test_code_takes_text_file_and_standard_input(tmp_path: Path) -> None:
    file = tmp_path / "texts.txt"
    file.write_text("油耗太高了\n\n动力很棒\n", "utf-8")
    [one] = events(run(code, "油耗太高了"))
    assert [opinion.tag for opinion in one.opinions] == ["product.energy.fuel"]
    assert [event.text for event in events(run(code, "--file", str(file)))] == ["油耗太高了", "动力很棒"]
    assert [event.text for event in events(run(code, "-", stdin="油耗太高了\n动力很棒\n"))] == ["油耗太高了", "动力很棒"]
    assert run(code).exit_code == 2


def test_code_redacts_before_it_codes() -> None:
    result = run(code, "油耗太高了，打我电话13912345678")
    assert "13912345678" not in result.output
    assert events(result)[0].opinions


async def test_the_endpoint_codes_redacted_text_and_the_fast_tier_stands_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "texts.txt"
    file.write_text("空间太小了，打我电话13912345678\n油耗太高了\n", "utf-8")
    async with chatting(lambda body: space(body).replace("油耗太高", "油耗极高")) as (url, asked):
        monkeypatch.setenv("VOC_CODER_ENDPOINT", url)
        result = await asyncio.to_thread(run, code, "--tier", "endpoint", "--file", str(file))
    first, second = events(result)
    assert (first.revision, first.versions.tier, [one.tag for one in first.opinions]) == (2, Tier.ENDPOINT, ["product.space.overall"])
    assert (second.revision, second.versions.tier, [one.tag for one in second.opinions]) == (1, Tier.FAST, ["product.energy.fuel"])
    assert "13912345678" not in str(asked)
    assert result.stderr.splitlines() == ["the fast tier's word stands: an evidence does not stand in the text"]


def test_the_endpoint_must_be_named() -> None:
    assert "VOC_CODER_ENDPOINT is not set" in run(code, "--tier", "endpoint", "空间太小了").output
