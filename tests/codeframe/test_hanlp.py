"""The HanLP engine, with models trained there: `make test-hanlp`."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from agents.clean import clean
from agents.commands.code import code
from agents.recode import recode
from codeframe.commands_train import train
from codeframe.hanlp import ASPECT, OPINION, HanLP, Stretch, worded
from schemas.coded import CodedUtterance
from schemas.raw_text import RawText
from streams.errors import ConfigurationError
from streams.settings import Settings
from tests.codeframe.conftest import NOW
from tests.codeframe.hanlp_models import SUBJECTS, WORDS, train_pipeline
from tests.golden import example

pytestmark = pytest.mark.hanlp

SAID = "我觉得油耗真的不错"


@pytest.fixture(scope="session")
def tagger(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A tagger that has learned what may be said of five subjects."""
    data, out = tmp_path_factory.mktemp("data"), tmp_path_factory.mktemp("model") / "tagger"
    with (data / "bdci2018_auto.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("content_id", "content", "subject", "sentiment_value", "sentiment_word"))
        said = [
            (f"我觉得{subject}真的{word}{end}", word)
            for subject in SUBJECTS
            for word in WORDS
            for end in ("", "啊", "了", "，你们呢", "。")
        ]
        rows.writerows((number, text, "动力", 0, word) for number, (text, word) in enumerate(said))
    result = CliRunner().invoke(train, ["--engine", "hanlp", "--data", str(data), "--out", str(out), "--epochs", "12"])
    assert result.exit_code == 0, result.output
    assert "F1 1.000" in result.output or "F1 0.9" in result.output, result.output
    return f"hanlp:{out}"


@pytest.fixture(scope="session")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"hanlp:{train_pipeline(tmp_path_factory.mktemp('pipeline'))}"


def told(text: str, stretches: Sequence[Stretch]) -> set[tuple[str, str]]:
    return {(text[one.start : one.end], one.label) for one in stretches}


def wordless(text: str = SAID, **changes: object) -> CodedUtterance:
    """An event whose opinion the coder gave neither words nor aspect."""
    opinion: dict[str, object] = {"opinion_words": [], "aspect": None, "evidence": {"start": 3, "end": 5}}
    return example(CodedUtterance, "voc.coded.v1/deposit", text=text, opinion=opinion, **changes)


def test_a_tagger_that_was_trained_finds_aspects_and_opinion_words(tagger: str) -> None:
    first, empty, last = HanLP(tagger).stretches([SAID, "", "我觉得动力真的太小"])
    assert told(SAID, first) == {("油耗", ASPECT), ("不错", OPINION)}
    assert empty == []
    assert told("我觉得动力真的太小", last) == {("动力", ASPECT), ("太小", OPINION)}


def test_an_opinion_without_words_is_given_those_of_the_engine_and_says_so(tagger: str) -> None:
    event = wordless()
    [opinion] = worded(HanLP(tagger), [event])[0].opinions
    assert opinion.opinion_words == ("不错",)
    assert opinion.aspect is not None
    assert SAID[opinion.aspect.start : opinion.aspect.end] == "油耗"
    assert opinion.versions.model == f"{event.versions.model}+hanlp:tagger"
    [same] = worded(HanLP(tagger), [event.model_copy(update={"opinions": (opinion,)})])[0].opinions
    assert same == opinion


def test_a_pipeline_tells_aspects_by_the_grammar_and_names_by_its_entities(pipeline: str) -> None:
    text = "小王觉得油耗真的不错"
    engine = HanLP(pipeline)
    assert {("油耗", ASPECT), ("不错", OPINION), ("小王", "PER")} <= told(text, engine.stretches([text])[0])
    assert ("小王", "PER") in engine.names()(text)
    assert "".join(word for word, _ in engine.names()(text)) == text


def test_its_tokenizer_keeps_the_frames_words_whole(pipeline: str) -> None:
    text = "小王觉得油耗真的不错"
    assert ("不错", OPINION) in told(text, HanLP(pipeline).stretches([text])[0])
    assert all(word != "不错" for word, _ in told(text, HanLP(pipeline, {"真的不错"}).stretches([text])[0]))


def test_words_of_a_frame_that_takes_over_are_kept_whole_and_those_of_the_old_one_no_more(pipeline: str) -> None:
    text = "小王觉得油耗真的不错"
    engine = HanLP(pipeline, {"真的不错"})
    engine.keep_whole({"小王觉得"})
    assert ("不错", OPINION) in told(text, engine.stretches([text])[0])
    engine.keep_whole({"真的不错"})
    assert all(word != "不错" for word, _ in told(text, engine.stretches([text])[0]))


def test_voc_code_takes_it(tagger: str) -> None:
    result = CliRunner().invoke(code, ["--tier", "deep", "--engine", tagger, "油耗真的不错"])
    assert result.exit_code == 0, result.output
    assert CodedUtterance.model_validate_json(result.stdout).opinions
    refused = CliRunner().invoke(code, ["--engine", tagger, "油耗真的不错"])
    assert (refused.exit_code, "--tier deep" in refused.output) == (2, True)


async def test_the_recode_step_takes_it(tagger: str, tmp_path: Path) -> None:
    text = "空间真的太小，坐着憋屈"
    event = wordless(text, unsure=True, channel="public_opinion")
    async with recode.open(Settings(data=tmp_path, deep_engine=tagger)) as handle:
        [again] = await handle([event])
    assert isinstance(again, CodedUtterance)
    assert again.revision == event.revision + 1
    assert any(one.opinion_words for one in again.opinions)


async def test_the_clean_step_finds_names_by_it(pipeline: str, tmp_path: Path) -> None:
    raw = example(RawText, "voc.raw-text.v1/public_post", text="张经理觉得油耗真的不错")
    async with clean.open(Settings(data=tmp_path, names=pipeline)) as handle:
        [utterances] = await handle([raw.model_copy(update={"occurred_at": NOW})])
    assert isinstance(utterances, list)
    assert all("张" not in utterance.text for utterance in utterances)


async def test_what_is_no_model_is_refused_by_name(tmp_path: Path) -> None:
    for wrong in (f"hanlp:{tmp_path}", "spacy:zh", "hanlp:"):
        with pytest.raises(ValueError, match=r"is no folder or identifier|expected hanlp:MODEL"):
            HanLP(wrong)
    with pytest.raises(ConfigurationError, match="VOC_NAMES: "):
        async with clean.open(Settings(data=tmp_path, names=f"hanlp:{tmp_path}")):
            pass
