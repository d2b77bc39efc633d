"""A whole call: every format, roles, edges, words, and what the call itself tells."""

from __future__ import annotations

import io

import numpy as np
import pytest

from codeframe.heard.transcript import Writer
from schemas.common import Speaker
from streams.audio.call import CALL_ROLES, Turn, hear_call, measure
from streams.audio.decode import RATE
from streams.audio.engine import Engine, open_engine
from streams.audio.training.distance import distance
from streams.errors import AudioError
from tests.streams.audio.noises import KINDS, stereo
from tests.streams.audio.speech import FORMATS, TRUTH, Said, encoded, samples

EDGE_MS = 300
WORST_CER = {"wav": 0.1}
"""Of the bundled model on these ten sentences, none of which it was trained on."""
WORST = 0.14
"""In every other format, mp3 of 32 kbit/s for both sides at 16 kHz included."""


@pytest.fixture(scope="module")
def engine() -> Engine:
    return open_engine("small")


@pytest.fixture(scope="module")
def writer() -> Writer:
    return Writer.of("auto")


def heard(data: bytes, engine: Engine, writer: Writer, roles: tuple[Speaker, ...] = ()) -> list[Turn]:
    turns, _ = hear_call(io.BytesIO(data), engine, roles, 3_600, "zh", writer.words)
    return turns


def check(turns: list[Turn], truth: list[Said], mono: bool) -> float:
    """Every turn is there, on its side, with its edges; gives the share of wrong characters."""
    wrong = 0
    for said in truth:
        over = [one for one in turns if (mono or one.channel == said.channel) and one.start_ms < said.end_ms and one.end_ms > said.start_ms]
        assert over, said.text
        assert abs(over[0].start_ms - said.start_ms) <= EDGE_MS
        assert abs(over[-1].end_ms - said.end_ms) <= EDGE_MS
        assert {one.role for one in over} == {Speaker.CUSTOMER if mono else CALL_ROLES[said.channel]}
        wrong += distance("".join(one.text for one in over), said.text)
    return wrong / sum(len(said.text) for said in truth)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_of_a_call(name: str, engine: Engine, writer: Writer) -> None:
    mono = name == "amr"
    truth = [said for said in TRUTH if not mono or said.channel == 1]
    turns = heard(encoded(samples(), name), engine, writer, (Speaker.CUSTOMER,) if mono else ())
    assert check(turns, truth, mono) <= WORST_CER.get(name, WORST)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in FORMATS if name != "amr"])
def test_five_minutes_in_every_format(name: str, engine: Engine, writer: Writer) -> None:
    call = samples()
    times = -(-300 * RATE // call.shape[1])
    shift = call.shape[1] * 1_000 // RATE
    truth = [
        Said(said.channel, said.start_ms + number * shift, said.end_ms + number * shift, said.text)
        for number in range(times)
        for said in TRUTH
    ]
    turns = heard(encoded(np.tile(call, times), name), engine, writer)
    assert check(turns, truth, False) <= WORST_CER.get(name, WORST)
    assert len(turns) <= len(truth) * 1.05


@pytest.mark.parametrize("kind", KINDS)
def test_where_nobody_speaks_there_are_no_turns(kind: str, engine: Engine, writer: Writer) -> None:
    for level_db in (-45, -30, -15):
        noise = stereo(kind, level_db, 15)
        for name in ("wav", "opus"):  # the telephone's band, and a wider one
            assert heard(encoded(noise, name), engine, writer) == [], (level_db, name)


def test_roles_that_do_not_fit_are_refused(engine: Engine, writer: Writer) -> None:
    data = encoded(samples(), "wav")
    with pytest.raises(AudioError, match="3 are given, the recording has 2 channels"):
        heard(data, engine, writer, (*CALL_ROLES, Speaker.BOT))
    assert {one.role for one in heard(data, engine, writer, (Speaker.CUSTOMER,))} == {Speaker.CUSTOMER}


def turn(role: Speaker, start_ms: int, end_ms: int, text: str = "") -> Turn:
    return Turn(CALL_ROLES.index(role), role, start_ms, end_ms, text, None)


def test_what_a_call_tells() -> None:
    turns = [
        turn(Speaker.AGENT, 1_000, 3_000, "您好请问"),
        turn(Speaker.CUSTOMER, 2_500, 6_500, "刹车失灵了ABS warning"),
        turn(Speaker.AGENT, 8_000, 9_000, "好的"),
    ]
    call = measure(turns, 10)
    assert (call.duration_ms, call.talk_share, call.silence_share) == (10_000, 0.65, 0.35)
    assert (call.overtalk_share, call.longest_silence_ms) == (0.05, 1_500)
    assert (call.agent_share, call.customer_share, call.agent_customer_ratio) == (0.3, 0.4, 0.75)
    assert (call.agent_rate, call.customer_rate) == (120.0, 105.0)


def test_a_call_in_which_nobody_speaks() -> None:
    call = measure([], 10)
    assert (call.talk_share, call.longest_silence_ms, call.agent_customer_ratio, call.customer_rate) == (0.0, 10_000, None, None)
