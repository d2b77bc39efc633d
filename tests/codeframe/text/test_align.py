"""Edits on edits still map to the original."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from codeframe.text.align import Aligned, Edit, source_offset


def test_replacement_and_what_follows() -> None:
    text = Aligned("电话13800138000谢谢").replace([(2, 13, "[PHONE]")])
    assert text.text == "电话[PHONE]谢谢"
    assert [source_offset(text.pairs, offset) for offset in (0, 2, 3, 9, 11)] == [0, 2, 3, 13, 15]


def test_an_offset_in_a_longer_replacement_stays_in_what_it_replaced() -> None:
    text = Aligned("a王b").replace([(1, 2, "[NAME]")])
    assert [source_offset(text.pairs, offset) for offset in range(9)] == [0, 1, 2, 2, 2, 2, 2, 2, 3]


def test_a_part_keeps_its_place() -> None:
    text = Aligned("<b>一二</b>三四").replace([(0, 3, ""), (5, 9, "")])
    part = text.part(1, 3)
    assert part.text == "二三"
    assert [source_offset(part.pairs, offset) for offset in range(3)] == [4, 9, 10]


@given(st.data())
def test_kept_characters_map_to_themselves(data: st.DataObject) -> None:
    original = "".join(chr(0x4E00 + at) for at in range(data.draw(st.integers(0, 30))))
    text = Aligned(original)
    for _ in range(data.draw(st.integers(0, 3))):
        bounds = sorted(data.draw(st.lists(st.integers(0, len(text.text)), max_size=6)))
        edits: list[Edit] = [
            (start, end, data.draw(st.sampled_from(["", "-", "[=]"]))) for start, end in zip(bounds[::2], bounds[1::2], strict=False)
        ]
        text = text.replace(edits)
    for offset, char in enumerate(text.text):
        if char not in "-[=]":
            assert original[source_offset(text.pairs, offset)] == char
