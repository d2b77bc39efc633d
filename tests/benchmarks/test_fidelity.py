"""How much of what was said survives recognition, in tags, on the bundled transcripts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.fidelity import BUNDLED, f1, main, measure, rate, rows, transcripts


def test_opinions_survive_hearing_by_at_least_85_of_100_and_what_is_written_stays() -> None:
    figures = measure()
    assert figures["sentences"] == 300
    assert figures["f1"] >= 0.85
    assert min(figures["f1_even"], figures["f1_odd"]) > 0.8
    assert figures["f1"] > figures["f1_raw"] + 0.05
    assert figures["cer"] < figures["cer_raw"]
    assert figures["written_kept"] >= 0.99
    assert any(f"{figures['f1']:.3f}" in figure for _, figure in rows(figures))


def test_what_is_heard_as_it_was_said_keeps_every_opinion(tmp_path: Path) -> None:
    file = tmp_path / "heard.json"
    file.write_text(json.dumps({"whisper:base": {"wav": {"刹车失灵": "刹车失灵", "空调很好": "空调很好"}}}))
    figures = measure(file)
    assert (figures["sentences"], figures["f1"], figures["cer"], figures["written_kept"]) == (2, 1.0, 0.0, 1.0)


def test_f1_counts_tags_with_their_sentiment() -> None:
    one = frozenset({("a", 1), ("b", -1)})
    assert f1([one], [frozenset({("a", 1), ("b", 0)})]) == 0.5
    assert f1([one], [frozenset()]) == 0.0


@pytest.mark.parametrize(("heard", "wrong"), [("刹车", 0.0), ("杀车", 0.5), ("刹", 0.5), ("刹车了", 0.5)])
def test_a_rate_counts_edits_a_unit_of_what_was_said(heard: str, wrong: float) -> None:
    assert rate(["刹车"], [heard]) == wrong


def test_the_sentences_are_printed_as_a_corpus_to_be_spoken() -> None:
    lines = CliRunner().invoke(main, ["--sentences"]).output.splitlines()
    assert [line.split("\t")[2] for line in lines] == list(transcripts(BUNDLED))
    assert {tuple(line.split("\t")[:2]) for line in lines} == {("test", "customer")}
