from hypothesis import given
from hypothesis import strategies as st

from codeframe.folding import fold, joined


@given(st.text())
def test_every_character_folds_to_one(text: str) -> None:
    assert len(fold(text)) == len(text)
    assert fold(fold(text)) == fold(text)


def test_width_case_and_script_fold_away() -> None:
    assert fold("ＡＢＳ故障燈") == "abs故障灯"
    assert fold("訂金還沒到賬") == "订金还没到账"


@given(st.lists(st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"])), min_size=1))
def test_joined_texts_lie_where_their_starts_say(texts: list[str]) -> None:
    points, starts = joined(texts)
    assert points.size == sum(len(text) + 1 for text in texts)
    for text, start in zip(texts, starts, strict=True):
        assert "".join(map(chr, points[start : start + len(text)])) == fold(text)
