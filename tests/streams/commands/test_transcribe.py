"""`voc transcribe`: recordings without Kafka, and what it says of files that are none."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner, Result

from streams.cli import voc
from tests.streams.audio.speech import CALL, TRUTH, encoded, samples

FIELDS = {"file", "role", "channel", "start_ms", "end_ms", "text", "confidence", "engine"}


def run(*arguments: str) -> Result:
    return CliRunner().invoke(voc, ["transcribe", *arguments])


def test_a_call_is_an_object_a_stretch() -> None:
    result = run(str(CALL), "--json")
    assert result.exit_code == 0, result.output
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(lines) == len(TRUTH)
    assert all(line.keys() - {"heard"} == FIELDS for line in lines)
    assert [line["role"] for line in lines] == [("agent", "customer")[said.channel] for said in TRUTH]


def test_a_file_that_cannot_be_used_is_named_with_what_is_wrong_and_the_others_go_on(tmp_path: Path) -> None:
    cut, text, named = tmp_path / "cut.wav", tmp_path / "text.mp3", tmp_path / "named.mp3"
    cut.write_bytes(encoded(samples(), "wav")[:100_000])
    text.write_text("这不是录音", "utf-8")
    named.write_bytes(encoded(samples()[:, :80_000], "amr"))  # the type is in the content, not in the name
    result = run(str(cut), str(text), str(named))
    assert result.exit_code == 1
    assert f"{cut}: audio: is truncated" in result.stderr
    assert f"{text}: audio: is no recording of a known type" in result.stderr
    assert str(named) not in result.stderr


def test_roles_that_are_none_or_too_many_are_refused() -> None:
    assert "expected names of" in run(str(CALL), "--roles", "boss").stderr
    result = run(str(CALL), "--roles", "agent,customer,bot")
    assert (result.exit_code, "3 are given, the recording has 2 channels" in result.stderr) == (1, True)
