from collections.abc import Callable
from pathlib import Path

import pytest

from codeframe.coder import Coder
from codeframe.definition import Spellings
from codeframe.errors import FrameError
from codeframe.folding import fold, fold_points
from codeframe.frame import Frame
from codeframe.spelling import Spelling, unrepeated
from tests.codeframe.conftest import tag


def test_variants_become_the_word_and_nothing_else_moves() -> None:
    spelling = Spelling(Spellings(written={"挂挡": ("挂档",)}, heard={"刹车": ("杀车", "沙车")}))
    text = "挂档时杀车，上档次的沙车"
    points = fold_points(text)
    assert spelling.correct(fold(text), points) == fold("挂挡时刹车，上档次的刹车")
    assert "".join(map(chr, points)) == fold("挂挡时刹车，上档次的刹车")


def test_what_is_said_three_times_is_said_once() -> None:
    stays = unrepeated(fold_points("太太太太差，常常12000!!!"))
    assert stays is not None
    assert [int(at) for at in stays[:4]] == [0, 4, 5, 6]
    assert unrepeated(fold_points("常常好好的 111 !!!")) is None


@pytest.mark.parametrize(
    ("plain", "slip"),
    [
        ("刹车失灵", "杀车失灵"),
        ("变速箱顿挫严重", "变数箱蹲错严重"),
        ("挂挡困难", "挂檔困难"),
        ("车门生锈", "车门生绣"),
        ("油耗高", "油耗高高高高"),
        ("空调不制冷", "#空调不制冷#"),
        ("油耗太高", "油耗太高😡😡😡"),
        ("变速箱异响", "变速相异响"),
        ("发动机异响", "發動機異響"),
        ("A柱异响", "Ａ柱异响"),
        ("订金不退", "订今不退"),
        ("充电慢", "冲电慢"),
        ("续航虚标", "续行虚标"),
        ("刹车失灵", "刹~车~失~灵"),
        ("油耗太高", "油 耗 太 高"),
        ("油耗高", "#油耗# 高！！！"),
        ("油耗高", "百公里12个油"),
        ("油耗高", "百公里十五个油"),
        ("油耗高", "100公里要14升"),
        ("油耗高", "油耗12.8L/100km"),
        ("电耗高", "百公里25度电"),
    ],
)
def test_slips_of_industry_words_get_the_tags_of_the_word(words: Coder, plain: str, slip: str) -> None:
    expected, found = ([words.frame.tags[one.tag].id for one in words.find([text])[0]] for text in (plain, slip))
    assert expected
    assert set(expected) <= set(found)


def test_evidence_of_a_corrected_word_stands_where_it_was_written(words: Coder) -> None:
    text = "上周杀车失灵"
    [found] = words.find([text])[0]
    assert text[found.start : found.end] == "杀车失灵"


@pytest.mark.parametrize("text", ["百公里12个油", "百公里12.5升油", "跑高速22个电"])
def test_consumption_told_in_numbers(words: Coder, text: str) -> None:
    assert {words.frame.tags[one.tag].id.rpartition(".")[0] for one in words.find([text])[0]} == {"product.energy"}


def test_a_variant_is_as_long_as_its_word(make_frame: Callable[..., Path]) -> None:
    where = make_frame(tag())
    (where / "spellings.yaml").write_text("heard:\n  刹车: [杀了车]\n", "utf-8")
    with pytest.raises(FrameError, match=r"spellings\.yaml:1: .*杀了车 is not as long as 刹车"):
        Frame.load(where)
