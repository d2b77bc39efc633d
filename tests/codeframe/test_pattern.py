import pytest

from codeframe.pattern import GAP_HAN, GAP_LATIN, Part, PatternError, parse


def test_groups_gaps_and_bare_text() -> None:
    assert parse("(订金|定金)..(不退)") == (Part(("订金", "定金"), 0), Part(("不退",), GAP_HAN))
    assert parse("(plenty|lots) of..(power)") == (Part(("plenty", "lots"), 1), Part(("of",), 1), Part(("power",), GAP_LATIN))
    assert parse("(刹车)(软)") == (Part(("刹车",), 0), Part(("软",), 0))


@pytest.mark.parametrize("notation", ["..(不退)", "(订金)..", "(订金)....(不退)", "(订金|)..(不退)", "(订金..不退", ""])
def test_wrong_notation_is_refused(notation: str) -> None:
    with pytest.raises(PatternError):
        parse(notation)
