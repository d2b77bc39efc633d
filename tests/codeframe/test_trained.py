"""The shipped models: small, quick to load, and right on sentences that leave no doubt."""

from __future__ import annotations

from pathlib import Path

import pytest

from codeframe.coder import Coder
from codeframe.learned import deep, fast
from codeframe.learned.fast import FastModel
from schemas.coded import Tier
from tests.codeframe.conftest import utterance

MEGABYTE = 1_000_000


def size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def test_what_is_shipped_stays_small() -> None:
    assert size(fast.BUNDLED) <= 10 * MEGABYTE
    assert size(fast.BUNDLED.parent) <= 40 * MEGABYTE


@pytest.mark.parametrize("folder", [fast.BUNDLED, deep.BUNDLED])
def test_each_model_has_a_card_with_data_and_figures(folder: Path) -> None:
    card = (folder / "model-card.md").read_text("utf-8")
    for part in ("## Data", "SHA-256", "## Figures", "## Calibration", "Licence"):
        assert part in card


@pytest.mark.parametrize(
    ("text", "tag", "sentiment"),
    [
        ("动力不错就是油耗高", "product.energy.fuel", -1),
        ("空间太小了", "product.space.overall", -1),
        ("发动机异响", "quality.engine.abnormal_noise", -1),
        ("訂金一直不退", "order.deposit.not_refunded", -1),
        ("Fuel consumption is too high", "product.energy.fuel", -1),
    ],
)
def test_clear_sentences_are_coded_right(auto: Coder, text: str, tag: str, sentiment: int) -> None:
    opinions = {opinion.tag: opinion for opinion in auto.code([utterance(text)])[0].opinions}
    assert opinions[tag].sentiment == sentiment


@pytest.mark.parametrize("text", ["你好", "好的，谢谢", "请问几点关门", "hello", ""])
def test_small_talk_has_no_opinions(auto: Coder, text: str) -> None:
    assert auto.code([utterance(text)])[0].opinions == ()


def test_an_opinion_that_only_the_model_sees_stands_in_its_clause(auto: Coder, words: Coder) -> None:
    text = "朋友推荐来看看，一脚油门下去就窜出去了，推背感十足。"
    by_words = {opinion.tag for opinion in words.code([utterance(text)])[0].opinions}
    for opinion in auto.code([utterance(text)])[0].opinions:
        assert 0 <= opinion.evidence.start < opinion.evidence.end <= len(text)
        if opinion.tag not in by_words:
            assert opinion.evidence.end - opinion.evidence.start < len(text)


def test_a_text_is_coded_alike_alone_and_in_a_batch(auto: Coder) -> None:
    texts = ["动力不错就是油耗高", "", "Fuel consumption is too high", "发动机烧机油", "你好", "空间太小了，内饰塑料感强"] * 50
    batch = auto.code([utterance(text) for text in texts])
    for text, coding in zip(texts[:6], batch, strict=False):
        assert [opinion.tag for opinion in coding.opinions] == [opinion.tag for opinion in auto.code([utterance(text)])[0].opinions]


def test_a_frame_without_the_crosswalks_is_coded_by_words_alone(hotel: Coder) -> None:
    assert hotel.versions.model == Coder(hotel.frame).versions.model


def test_events_say_which_model_made_them(auto: Coder) -> None:
    assert auto.versions.model == FastModel.load().version
    assert auto.versions.tier is Tier.FAST


def test_the_deep_tier_codes_with_the_same_contract() -> None:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("tokenizers")
    coder = Coder.load("auto", Tier.DEEP)
    coding = coder.code([utterance("发动机烧机油，4S店不给解决"), utterance("")])[0]
    assert "quality.engine.oil_burning" in {opinion.tag for opinion in coding.opinions}
    assert {opinion.versions.tier for opinion in coding.opinions} == {Tier.DEEP}
