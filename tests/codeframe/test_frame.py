from collections.abc import Callable
from pathlib import Path

import pytest

from codeframe.crosswalk import load_mapping
from codeframe.errors import FrameError
from codeframe.frame import BUNDLED, Frame
from tests.codeframe.conftest import tag


def refusal(where: Path) -> FrameError:
    with pytest.raises(FrameError) as caught:
        Frame.load(where)
    return caught.value


def test_bundled_frames_load_and_their_crosswalks_name_known_tags() -> None:
    sizes = {}
    for path in BUNDLED.glob("*/frame.yaml"):
        frame = Frame.load(path.parent.name)
        sizes[frame.id] = len(frame.tags)
        for crosswalk in (frame.folder / "crosswalks").glob("*.yaml"):
            mapping = load_mapping(frame, crosswalk.stem)
            assert all(mapping.tags.values())
            assert set(mapping.home) <= set(frame.by_id)
    assert sizes["auto"] >= 300
    assert sizes["hotel"] >= 30


def test_every_public_complaint_code_is_mapped() -> None:
    assert len(load_mapping(Frame.load("auto"), "complaints").tags) == 280


@pytest.mark.parametrize(
    ("old", "new", "line", "field"),
    [
        ("stage: booking", "stage: orbit", 9, "tags.0.stage"),
        ("touchpoint: room", "touchpoint: moon", 10, "tags.0.touchpoint"),
        ("dealer: hotel_manager", "dealer: nobody", 11, "tags.0.owner.dealer"),
        ("need_layer: must_be", "need_layer: nice", 12, "tags.0.need_layer"),
        ("polarity: negative", "polarity: negative\n    colour: red", 14, "tags.0.colour"),
        ("id: shop.queue", "id: inn.queue", 1, ""),
        ("polarity: negative", "polarity: negative\n    polarity: positive", 14, "tags.0.polarity"),
        ("terms:", "patterns: ['(a..b']\n    terms:", 14, "tags.0.patterns.0"),
    ],
)
def test_an_error_names_file_line_and_field(make_frame: Callable[..., Path], old: str, new: str, line: int, field: str) -> None:
    where = make_frame(tag())
    path = where / "tags" / "shop.yaml"
    path.write_text(path.read_text("utf-8").replace(old, new, 1), "utf-8")
    error = refusal(where)
    assert (Path(error.file).name, error.line, error.field) == ("shop.yaml", line, field)


def test_an_id_given_twice_is_refused(make_frame: Callable[..., Path]) -> None:
    error = refusal(make_frame(tag(), tag()))
    assert "already in shop.yaml" in str(error)
    assert error.line == 15


def test_what_is_no_yaml_or_no_frame_is_told(make_frame: Callable[..., Path]) -> None:
    where = make_frame(tag())
    (where / "tags" / "shop.yaml").write_text("branch: [shop\n", "utf-8")
    assert "not YAML" in str(refusal(where))
    assert "name a bundled one (auto, hotel)" in str(refusal(where / "nowhere"))


def test_words_that_yaml_takes_for_values_stay_words(make_frame: Callable[..., Path]) -> None:
    frame = Frame.load(make_frame(tag(term="no, 12315, 1.5")))
    assert [term.text for term in frame.tags[0].terms.zh] == ["no", "12315", "1.5"]


def test_a_crosswalk_with_an_unknown_tag_is_refused(make_frame: Callable[..., Path]) -> None:
    where = make_frame(tag())
    (where / "crosswalks").mkdir()
    (where / "crosswalks" / "other.yaml").write_text("crosswalk: other\ncodes:\n  A: [shop.*]\n  B: [shop.gone]\n", "utf-8")
    frame = Frame.load(where)
    with pytest.raises(FrameError, match=r"other\.yaml:4: codes\.B\.0: shop\.gone is no tag"):
        load_mapping(frame, "other")
    with pytest.raises(FrameError, match="this frame has other"):
        load_mapping(frame, "another")
