"""Voices of a mono recording told apart by sherpa-onnx, with toy models that know a dull voice from a bright one (toy_models.py)."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import numpy as np
import pytest

from schemas.common import Speaker
from streams.audio.call import CALL_ROLES, hear_call
from streams.audio.decode import Samples
from streams.audio.diarise import Spoken, by_voice, open_diariser
from streams.audio.engine import Heard, open_engine
from streams.audio.segments import Segment
from streams.audio.small.engine import bundled
from streams.errors import AudioError, ConfigurationError
from tests.streams.audio.speech import DATA, TRUTH, encoded, samples

MODELS = f"{DATA / 'segmentation.onnx'},{DATA / 'embedding.onnx'}"


def mono() -> Samples:
    """The test's call on one channel; the customer's voice is made dull."""
    agent, customer = samples().astype(np.float64)
    dull = np.convolve(customer, np.ones(24) / 24, "same") * 2.5
    both: Samples = np.clip(agent + dull, -32_768, 32_767).astype(np.int16)[None]
    return both


def spell(heard: Heard) -> str:
    """The syllables."""
    return "".join(position[0][0] for position in heard.syllables)


def test_each_turn_of_a_mono_call_gets_its_voice_and_role() -> None:
    engine = open_engine("small")
    turns, _ = hear_call(io.BytesIO(encoded(mono(), "wav")), engine, CALL_ROLES, 600, "zh", spell, open_diariser(MODELS, 1))
    assert {(turn.role, turn.voice) for turn in turns} == {(Speaker.AGENT, 0), (Speaker.CUSTOMER, 1)}
    assert len({turn.seq for turn in turns}) == len(turns)
    right = whole = 0
    for said in TRUTH:
        for turn in turns:
            both = max(0, min(turn.end_ms, said.end_ms) - max(turn.start_ms, said.start_ms))
            right, whole = right + both * (turn.voice == said.channel), whole + both
    assert right / whole > 0.9


def test_one_role_is_one_voice_and_without_models_two_are_refused() -> None:
    engine, data = open_engine("small"), encoded(mono(), "wav")
    turns, _ = hear_call(io.BytesIO(data), engine, (Speaker.CUSTOMER,), 600, "zh", spell, open_diariser(MODELS, 1))
    assert {(turn.role, turn.voice) for turn in turns} == {(Speaker.CUSTOMER, None)}
    with pytest.raises(AudioError, match="2 are given, the recording has 1 channel; VOC_DIARISER"):
        hear_call(io.BytesIO(data), engine, CALL_ROLES, 600, "zh", spell)


def test_nobody_speaks() -> None:
    assert open_diariser(MODELS, 1).voices(np.zeros(48_000, np.int16), 2) == []


@pytest.mark.parametrize(
    ("spoken", "parts"),
    [
        ([], [(1_000, 3_000, None)]),
        ([(900, 3_200, 1)], [(1_000, 3_000, 1)]),
        ([(900, 1_990, 0), (1_990, 3_200, 1)], [(1_000, 1_990, 0), (1_990, 3_000, 1)]),
        ([(900, 3_000, 0), (1_900, 2_500, 1)], [(1_000, 1_900, 0), (1_900, 2_500, 1), (2_500, 3_000, 0)]),
        ([(900, 1_100, 0), (1_100, 3_000, 1)], [(1_000, 3_000, 1)]),
        ([(1_500, 2_000, 0), (2_100, 2_200, 1), (2_200, 3_000, 0)], [(1_000, 3_000, 0)]),
    ],
)
def test_a_stretch_is_cut_where_its_voice_changes(spoken: list[tuple[int, int, int]], parts: list[tuple[int, int, int | None]]) -> None:
    sound = np.arange(2_400 * 16).astype(np.int16)
    cut = list(by_voice(Segment(0, 1_000, 3_000, sound), [Spoken(*one) for one in spoken]))
    assert [voice for _, voice in cut] == [voice for *_, voice in parts]
    for (part, _), (start_ms, end_ms, _) in zip(cut, parts, strict=True):
        assert (part.start_ms, part.end_ms) == pytest.approx((start_ms, end_ms), abs=30)
    assert np.array_equal(np.concatenate([part.samples for part, _ in cut]), sound)


def test_models_that_would_end_the_process_are_refused(tmp_path: Path) -> None:
    (tmp_path / "text.onnx").write_text("no model")
    shutil.copy(bundled() / "acoustic.onnx", tmp_path)
    good = DATA / "segmentation.onnx"
    for models, words in (
        (str(good), "expected two models"),
        (f"{good},/nowhere.onnx", "no embedding model"),
        (f"{tmp_path / 'text.onnx'},{good}", "is no ONNX model"),
        (f"{good},{tmp_path / 'acoustic.onnx'}", "metadata lack"),
        (f"{DATA / 'embedding.onnx'},{good}", "metadata lack num_speakers"),
    ):
        with pytest.raises(ConfigurationError, match=words):
            open_diariser(models, 1)
