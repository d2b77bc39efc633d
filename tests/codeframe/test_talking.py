"""What is said to somebody, coded by what the frame and its customers say of each tag."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from codeframe.coder import Coder
from codeframe.examples import held_out, read_examples
from codeframe.frame import Frame
from codeframe.joining import Heard
from codeframe.scoring import TAGS, Scorer
from codeframe.text.cleaner import Cleaner
from schemas.coded import Tier
from schemas.common import Channel
from tests.codeframe.conftest import NOW, utterance

pytest.importorskip("onnxruntime")
pytest.importorskip("tokenizers")

PAIRS = Path(__file__).parent / "data" / "pairs.tsv"


@pytest.fixture(scope="module")
def deep() -> Coder:
    return Coder.load("auto", Tier.DEEP)


def told(coder: Coder, text: str) -> set[str]:
    return {opinion.tag for opinion in coder.code([utterance(text)])[0].opinions}


def test_the_deep_tier_hears_every_channel_and_the_fast_one_posts(deep: Coder, auto: Coder) -> None:
    assert all(deep.judges(channel) for channel in Channel)
    assert [channel for channel in Channel if auto.judges(channel)] == [Channel.PUBLIC_OPINION]


@pytest.mark.parametrize("text", ["你好", "好的，谢谢", "我明天上午过来", "请问几点关门", "hello", "what time do you close"])
def test_small_talk_says_nothing(deep: Coder, text: str) -> None:
    assert told(deep, text) == set()


def test_what_no_word_tells_is_found_by_meaning(deep: Coder, words: Coder) -> None:
    said = [one for one in held_out(read_examples(deep.frame)) if not told(words, one.zh)][:80]
    right = sum(one.tag in told(deep, one.zh) for one in said)
    assert right >= 0.15 * len(said)


def test_what_meaning_is_nearly_sure_of_stands_beside_the_codes_of_a_post(deep: Coder, words: Coder) -> None:
    text = "说实话我对这个牌子已经没有一点信任了"
    tags = {deep.frame.tags[one.tag].id: one.confidence for one in deep.find([text])[0]}
    assert tags.get("awareness.brand.trust_lost", 0) >= 0.9
    assert "awareness.brand.trust_lost" not in {words.frame.tags[one.tag].id for one in words.find([text])[0]}


def test_what_words_tell_in_talk_is_not_silenced(deep: Coder, words: Coder) -> None:
    texts = ["订金一直不退，客服电话打不通", "刹车失灵了，差点追尾"]
    for text in texts:
        assert told(words, text) <= told(deep, text)


def test_in_talk_the_fast_tier_keeps_to_words(auto: Coder, words: Coder) -> None:
    texts = ["变速箱顿挫发动机抖动", "朋友推荐来看看，一脚油门下去就窜出去了，推背感十足。"]
    assert auto.find(texts, [Heard(spoken=True)] * 2) == words.find(texts)


@pytest.mark.slow
@pytest.mark.parametrize(("tier", "zh", "en"), [("words", 0.14, 0.09), ("deep", 0.42, 0.51)])
def test_how_much_of_held_out_talk_gets_the_right_leaf(tier: str, zh: float, en: float, deep: Coder, words: Coder) -> None:
    coder = {"words": words, "deep": deep}[tier]
    lines = [one._asdict() for one in held_out(read_examples(coder.frame))]
    metrics = Scorer(coder, Cleaner.load(coder.frame.entity_names), NOW).score(TAGS, lines).metrics
    print(tier, metrics)
    assert metrics["zh"] >= zh
    assert metrics["en"] >= en


def test_meanings_that_are_shipped_are_those_of_the_frame(deep: Coder) -> None:
    from codeframe.learned.deep import BUNDLED  # noqa: PLC0415
    from codeframe.learned.meaning import Meanings  # noqa: PLC0415

    def refuse(texts: object) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        raise AssertionError("stale: run voc train meanings --out codeframe/models/deep")

    Meanings.of(Frame.load("auto"), refuse, BUNDLED)


def test_a_post_of_which_codes_tell_nothing_is_coded_as_talk(deep: Coder) -> None:
    assert told(deep, "车没买成，交的定金一分不还") == {"order.deposit.not_refunded"}
