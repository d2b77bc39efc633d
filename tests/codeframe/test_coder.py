from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codeframe.coder import Coder, coded
from schemas.coded import CodedUtterance, Expectation, Intent, Opinion, Point
from schemas.common import Speaker
from schemas.ids import opinion_id
from schemas.utterance import Mark
from tests.codeframe.conftest import NOW, utterance


def opinions(coder: Coder, text: str) -> dict[str, Opinion]:
    return {opinion.tag: opinion for opinion in coder.code([utterance(text)])[0].opinions}


@pytest.mark.parametrize(
    ("text", "tag", "sentiment"),
    [
        ("动力不错就是油耗高", "product.power.overall", 1),
        ("动力不错就是油耗高", "product.energy.fuel", -1),
        ("油耗一点都不高", "product.energy.fuel", 1),
        ("虽然油耗高，但是动力真不错", "product.power.overall", 1),
        ("动力不是很好", "product.power.overall", -1),
        ("动力没的说", "product.power.overall", 1),
        ("这车空间很大", "product.space.overall", 1),
        ("空间太小了", "product.space.overall", -1),
        ("雅阁比它省油", "product.energy.fuel", -1),
        ("这动力也叫好？难道你们没开过车", "product.power.overall", -1),
        ("动力真好啊，呵呵", "product.power.overall", -1),
        ("动力怎么样？", "product.power.overall", 0),
        ("希望动力再强一点", "product.power.overall", 0),
        ("刹车没有异响", "quality.brakes.noise", 1),
        ("刹车一踩就有异响", "quality.brakes.noise", -1),
        ("訂金一直不退", "order.deposit.not_refunded", -1),
        ("ＯＩＬ 内饰做工很差", "product.interior.workmanship", -1),
        ("Fuel consumption is too high", "product.energy.fuel", -1),
        ("动力和操控都不错", "product.handling.overall", 1),
        ("都是之前没说的隐形收费", "negotiation.fee.hidden", -1),
        ("刹车软，还老异响", "quality.brakes.noise", -1),
        ("变速箱拖档很明显", "quality.transmission.drag_gear", -1),
        ("喇叭因无防水罩导致损坏", "quality.electrics.horn", -1),
        ("腿部空间比我原来那台大", "product.space.rear", 1),
        ("太太太太省油了", "product.energy.fuel", 1),
        ("这不是烧机油是什么", "quality.engine.oil_burning", -1),
    ],
)
def test_feeling_of_a_clause(words: Coder, text: str, tag: str, sentiment: int) -> None:
    assert opinions(words, text)[tag].sentiment == sentiment


def test_a_gap_does_not_reach_over_the_next_subject(words: Coder) -> None:
    assert set(opinions(words, "变速箱顿挫发动机抖动")) == {"quality.transmission.jerk", "quality.engine.vibration"}
    assert {"quality.steering.noise", "quality.engine.abnormal_noise"} <= set(opinions(words, "转向及发动机异响"))


@pytest.mark.parametrize("text", ["贷款要收手续费", "一天打八个电话", "M9停在车库"])
def test_a_term_inside_another_word_is_none(words: Coder, text: str) -> None:
    assert not {"app.connect.fee", "product.energy.electricity_use"} & set(opinions(words, text))


def test_degree_orders_scores(words: Coder) -> None:
    texts = ("动力还不错", "动力不错", "动力非常不错")
    mild, plain, strong = (opinions(words, text)["product.power.overall"].sentiment_score for text in texts)
    assert 0 < mild < plain < strong


def test_words_inside_other_words_say_nothing(words: Coder) -> None:
    assert opinions(words, "油耗在高速上八个")["product.energy.fuel"].sentiment == 0
    assert "product.power.overall" not in opinions(words, "the empowered people")


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("油耗太高了", Intent.COMPLAINT),
        ("油耗很低，很满意", Intent.PRAISE),
        ("希望油耗低一点", Intent.WISH),
        ("油耗多少？", Intent.QUESTION),
        ("油耗太高，再也不买这个牌子了", Intent.LEAVING),
        ("看了下油耗", Intent.STATEMENT),
    ],
)
def test_intent(words: Coder, text: str, intent: Intent) -> None:
    assert opinions(words, text)["product.energy.fuel"].intent is intent


def test_expectation_and_points(words: Coder) -> None:
    better = opinions(words, "动力超出预期，非常好")["product.power.overall"]
    assert (better.expectation, better.point) == (Expectation.BETTER, Point.DELIGHT)
    assert opinions(words, "油耗太高了")["product.energy.fuel"].point is Point.PAIN
    assert opinions(words, "希望油耗低一点")["product.energy.fuel"].point is Point.ITCH
    safety = opinions(words, "刹车有点软")["quality.brakes.soft"]
    assert safety.point is Point.PAIN


def test_more_evidence_is_surer(words: Coder) -> None:
    once, twice = (opinions(words, text)["product.energy.fuel"].confidence for text in ("油耗", "油耗，这个油耗真高"))
    assert 0 < once < twice < 1


def test_only_customers_are_coded(auto: Coder) -> None:
    text = "油耗太高了"
    batch = [
        utterance(text, Speaker.AGENT),
        utterance(text),
        utterance(text, Speaker.BOT),
        utterance(text, marks=(Mark.MACHINE_MADE,)),
        utterance(text, Speaker.UNKNOWN, (Mark.DUPLICATE,)),
    ]
    assert [bool(coding.opinions) for coding in auto.code(batch)] == [False, True, False, False, True]
    assert auto.code([]) == []


def test_what_the_words_do_not_cover_is_unsure(words: Coder) -> None:
    sure, unsure, empty = words.code([utterance("油耗太高了"), utterance("隔壁老王昨天去了趟银行"), utterance("嗯")])
    assert (sure.unsure, unsure.unsure, empty.unsure) == (False, True, False)


PIECES = ["油耗", "太高", "不", "动力", "很好", "，", "。", "但是", "吗？", "brake noise ", "is bad", "𝄞", "\n", "訂金不退", "希望"]


@settings(max_examples=60, deadline=None)
@given(text=st.lists(st.sampled_from(PIECES)).map("".join))
def test_events_are_valid_and_offsets_lie_in_the_text(auto: Coder, text: str) -> None:
    said = utterance(text)
    event = coded(said, auto.code([said])[0], NOW)
    assert CodedUtterance.model_validate_json(event.model_dump_json()) == event
    for opinion in event.opinions:
        assert opinion.opinion_id == opinion_id(said.utterance_id, opinion.tag)
        assert 0 <= opinion.evidence.start < opinion.evidence.end <= len(text)
        if opinion.aspect is not None:
            assert opinion.evidence.start <= opinion.aspect.start < opinion.aspect.end <= opinion.evidence.end
        assert all(word in text for word in opinion.opinion_words)
        assert (opinion.sentiment_score > 0) - (opinion.sentiment_score < 0) in {opinion.sentiment, 1, -1}
    assert len({opinion.tag for opinion in event.opinions}) == len(event.opinions)


def test_a_text_is_coded_alike_alone_and_in_a_batch(words: Coder) -> None:
    texts = [text for tag in words.frame.tags[:150] for text in (tag.example_in, tag.example_out)]
    together = words.find(texts)
    assert together == [words.find([text])[0] for text in texts]


def test_another_industry_needs_no_code(hotel: Coder) -> None:
    given_tags = hotel.find([tag.example_in for tag in hotel.frame.tags])
    right = sum(any(one.tag == at for one in found) for at, found in enumerate(given_tags))
    assert right >= 0.7 * len(given_tags)
