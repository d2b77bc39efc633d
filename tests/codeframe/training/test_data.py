"""Labelled files are read by their own columns, and a wrong one says where."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codeframe.training.data import FOLDS, NEGATIVE, NEUTRAL, POSITIVE, DataError, Mention, fold_of, read_absa, read_bdci, read_folder
from codeframe.training.labels import SURE, Taxonomy, targets, taxonomy_examples
from codeframe.training.pieces import pieces
from codeframe.training.smalltalk import smalltalk


def write(folder: Path, name: str, *lines: str) -> Path:
    path = folder / name
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def test_rows_of_one_review_are_one_example(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "bdci2018_auto.csv",
        "content_id,content,subject,sentiment_value",
        "1,油耗高动力好,油耗,-1",
        "1,油耗高动力好,动力,1",
        "2,还行,价格,0",
    )
    first, second = read_bdci(path)
    assert first.aspects == {"bdci2018/油耗": NEGATIVE, "bdci2018/动力": POSITIVE}
    assert second.aspects == {"bdci2018/价格": NEUTRAL}


def test_an_aspect_term_is_found_where_the_mask_stands(tmp_path: Path) -> None:
    path = write(tmp_path, "absa_terms.csv", "domain,text,text_masked,aspect,polarity", "car,油耗高油耗真高,油耗高$T$真高,油耗,Negative")
    assert read_absa(path)[0].mentions == (Mention(3, 5, NEGATIVE),)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("1,好,颜值,1", "bdci2018_auto.csv:2: subject"),
        ("1,好,动力,7", "bdci2018_auto.csv:2: sentiment_value"),
        ("1,好,动力,", "sentiment_value"),
    ],
)
def test_a_wrong_row_is_named_by_file_line_and_column(tmp_path: Path, row: str, said: str) -> None:
    path = write(tmp_path, "bdci2018_auto.csv", "content_id,content,subject,sentiment_value", row)
    with pytest.raises(DataError, match=said) as error:
        read_bdci(path)
    assert "好" not in str(error.value)


def test_a_missing_column_and_an_empty_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none of bdci2018_auto\.csv"):
        read_folder(tmp_path)
    write(tmp_path, "bdci2018_auto.csv", "content_id,content", "1,好")
    with pytest.raises(DataError, match="no column subject, sentiment_value"):
        read_folder(tmp_path)


@given(st.text(), st.integers(0, 9))
def test_copies_of_a_text_share_a_fold(text: str, seed: int) -> None:
    assert fold_of(text, seed) == fold_of(f" {text}。！", seed)
    assert 0 <= fold_of(text, seed) < FOLDS


def test_long_texts_are_cut_in_their_own_fold(tmp_path: Path) -> None:
    story = "这辆车的发动机在高速上突然熄火，四儿子店说查不出原因。" * 24
    write(
        tmp_path, "auto_complaints_2024.csv", "投诉简述,投诉问题,问题类型", f"{story},发动机,熄火", "短短的一句话,车身,异响", "x,不是一类,y"
    )
    examples = read_folder(tmp_path)
    assert len(examples) == 2
    parts = pieces(examples)
    assert len(parts) > 1
    assert {part.fold for part in parts} == {examples[0].fold}
    assert all(part.text in story for part in parts)


def test_targets_leave_out_what_a_set_does_not_label() -> None:
    taxonomy = Taxonomy.of({"A9": ("发动机/电动机", "异响"), "E1": ("制动系统", "刹车失灵")})
    named, *_, quiet = [*taxonomy_examples(taxonomy), *smalltalk()]
    made = targets([named, quiet], taxonomy)
    assert made.codes.tolist() == [[1, 0], [0, 0]]
    assert made.heads.tolist() == [[1, 0], [0, 0]]
    assert made.aspect_weight[0].sum() == 0
    assert (made.aspect_weight[1] == SURE).all()
