"""`voc train asr` from nothing to a model that can be loaded, in small. Needs the extra `train`, jieba and espeak-ng."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from streams.audio.engine import open_engine
from streams.cli import voc
from tests.streams.audio.speech import samples

NEEDS = ("torch", "onnx", "jieba", "soxr")
FRAME = Path(__file__).parents[4] / "codeframe" / "frames" / "auto"


@pytest.mark.slow
@pytest.mark.skipif(
    not all(map(find_spec, NEEDS)) or shutil.which("espeak-ng") is None, reason=f"needs espeak-ng and the packages {', '.join(NEEDS)}"
)
def test_a_model_is_made_from_nothing_and_what_is_done_is_not_done_again(tmp_path: Path) -> None:
    arguments = ["train", "asr", "--frame", str(FRAME), "--out", str(tmp_path), "--voice", "espeak"]
    arguments += ["--sentences", "40", "--copies", "1", "--epochs", "1"]  # two minutes of speech
    made = CliRunner().invoke(voc, arguments)
    assert made.exit_code == 0, made.output
    assert [line.removesuffix(" ...") for line in made.output.splitlines() if line.endswith(" ...")] == [
        *("corpus", "speak", "speak", "features", "features", "train", "export", "words"),
    ]
    engine = open_engine(f"small:{tmp_path}")
    assert engine.model_hash != open_engine("small").model_hash
    assert engine.hear(np.ascontiguousarray(samples()[1, :48_000]), "zh").text == ""  # it gives syllables, if any
    assert (tmp_path / "acoustic.onnx").stat().st_size < 6 << 20
    again = CliRunner().invoke(voc, arguments)
    assert (again.exit_code, again.output) == (0, "")
