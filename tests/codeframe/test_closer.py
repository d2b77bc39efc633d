"""Texts that say nothing at first are read by their sound, within limits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from codeframe.closer import CloserLook, save_pairs, usual_pairs
from codeframe.coder import Coder
from codeframe.commands_train import train

LOOK = CloserLook(["变速箱", "没有人管", "全景天窗", "刹车", "烧机油"])


def meant(text: str) -> str | None:
    return next((closer.text for _, closer in LOOK.look([text])), None)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("这变速相不行", "这变速箱不行"),
        ("变塑箱坏了", "变速箱坏了"),
        ("一直没有任管", "一直没有人管"),
        ("拳景天窗打不开", "全景天窗打不开"),
        ("变~速~箱 坏了", "变速箱 坏了"),
        ("油 耗 太 高 了", "油耗太高了"),
    ],
)
def test_slips_and_letters_set_apart_are_read_as_meant(text: str, read: str) -> None:
    assert meant(text) == read


@pytest.mark.parametrize("text", ["变速箱不行", "杀车不行", "辨塑箱", "稍鸡有", "我 们 走", "hello there", "", "a b c"])
def test_what_is_right_or_short_or_mostly_wrong_stays(text: str) -> None:
    assert meant(text) is None or meant(text) == text.replace(" ", "")


def test_a_usual_pair_is_no_slip() -> None:
    look = CloserLook(["没有人何"])
    assert list(look.look(["没有任何问题", "没有任何联系"])) == []


def test_the_number_of_a_text_goes_with_it() -> None:
    assert [number for number, _ in LOOK.look(["", "好", "变速相", "变速箱", "变速相", ""])] == [2, 4]


def test_what_was_found_stands_where_it_was_written(words: Coder) -> None:
    text = "请问 刹~车~失~灵 怎么办"
    [found] = words.find([text])[0]
    assert words.frame.tags[found.tag].id == "quality.brakes.failure"
    assert text[found.start : found.end] == "刹~车~失~灵"
    [plain] = words.find(["请问 刹车失灵 怎么办"])[0]
    assert found.confidence < plain.confidence


@pytest.mark.parametrize("text", ["你好，请问今天几点关门", "没有任何问题", "我想问一下周末还营业吗", "好的谢谢你", "麻烦帮我转一下张经理"])
def test_small_talk_stays_small_talk(words: Coder, text: str) -> None:
    assert words.find([text])[0] == []


def test_pairs_are_learned_from_texts_and_kept(tmp_path: Path) -> None:
    pairs = usual_pairs(["刹车好", "刹车坏", "ab刹", "坏"])
    assert pairs.size == 1
    save_pairs(pairs, tmp_path / "pairs.npz")
    with np.load(tmp_path / "pairs.npz") as kept:
        assert np.cumsum(kept["steps"]).tolist() == pairs.tolist()


def test_the_command_names_a_folder_without_the_files(tmp_path: Path) -> None:
    result = CliRunner().invoke(train, ["pairs", "--data", str(tmp_path), "--out", str(tmp_path / "pairs.npz")])
    assert result.exit_code == 1
    assert str(tmp_path) in result.output
