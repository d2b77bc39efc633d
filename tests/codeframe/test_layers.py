"""The layer that was valid when something was said."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from codeframe.coder import Coder
from codeframe.errors import FrameError
from codeframe.frame import Frame
from codeframe.layers import Layers
from schemas.coded import NeedLayer, Point
from schemas.utterance import Utterance

EXAMPLES = Path(__file__).parents[1] / "examples" / "voc.utterances.v1"
CEREMONY = "delivery.ceremony.experience"
FILE = """
layers:
  - {tag: delivery.ceremony.experience, layer: performance, since: 2020-01-01}
  - {tag: delivery.ceremony.experience, layer: must_be, since: 2024-06-01}
  - {tag: delivery.ceremony.experience, layer: attractive, since: 2020-01-01, segment: fleet}
"""


@pytest.mark.parametrize(
    ("year", "segment", "layer"),
    [
        (2016, None, NeedLayer.ATTRACTIVE),
        (2021, None, NeedLayer.PERFORMANCE),
        (2025, "family", NeedLayer.MUST_BE),
        (2025, "fleet", NeedLayer.ATTRACTIVE),
    ],
)
def test_layer_of_the_time_and_the_segment(tmp_path: Path, year: int, segment: str | None, layer: NeedLayer) -> None:
    file = tmp_path / "layers.yaml"
    file.write_text(FILE, "utf-8")
    assert Layers.load(file).at(CEREMONY, datetime(year, 7, 1, tzinfo=UTC), segment, NeedLayer.ATTRACTIVE) is layer


def test_without_a_file_the_frame_decides() -> None:
    assert Layers.load(None).at(CEREMONY, datetime(2026, 1, 1, tzinfo=UTC), None, NeedLayer.ATTRACTIVE) is NeedLayer.ATTRACTIVE


def test_wrong_file_is_refused_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "layers.yaml"
    file.write_text(FILE.replace("layer: must_be", "layer: musty"), "utf-8")
    with pytest.raises(FrameError, match=r"layers.yaml:4: layers.1.layer"):
        Layers.load(file)


def test_the_coder_uses_the_layer_of_the_time(tmp_path: Path) -> None:
    file = tmp_path / "layers.yaml"
    file.write_text(FILE, "utf-8")
    coder = Coder(Frame.load("auto"), layers=Layers.load(file))
    said = Utterance.model_validate_json((EXAMPLES / "survey_answer.json").read_bytes()).model_copy(update={"text": "交车仪式太简陋了"})
    old, new = coder.code([said.model_copy(update={"occurred_at": datetime(year, 7, 1, tzinfo=UTC)}) for year in (2016, 2025)])
    assert [(one.tag, one.need_layer, one.point) for one in old.opinions] == [(CEREMONY, NeedLayer.ATTRACTIVE, Point.ITCH)]
    assert [(one.tag, one.need_layer, one.point) for one in new.opinions] == [(CEREMONY, NeedLayer.MUST_BE, Point.PAIN)]
