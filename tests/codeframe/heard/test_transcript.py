"""From a turn of a call to an utterance: corrected, redacted, and both traceable."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest

from codeframe.frame import Frame
from codeframe.heard.correct import Corrector
from codeframe.heard.transcript import Writer
from schemas.common import Channel, Speaker
from schemas.ids import raw_event_id, utterance_id
from schemas.raw_voice import AudioReference, RawVoice
from schemas.utterance import AudioSpan, Language, Mark

NOW = datetime(2026, 3, 1, tzinfo=UTC)


class Turn(NamedTuple):
    text: str
    role: Speaker = Speaker.CUSTOMER
    seq: int = 8_001
    start_ms: int = 1_000


class Heard(NamedTuple):
    text: str = ""
    syllables: tuple[tuple[tuple[str, float], ...], ...] = ()
    alternatives: tuple[tuple[str, float], ...] = ()


RAW = RawVoice(
    event_id=raw_event_id("pbx", "1"),
    source="pbx",
    source_id="1",
    channel=Channel.HOTLINE,
    audio=AudioReference(uri="file:///calls/1"),
    roles=(Speaker.AGENT, Speaker.CUSTOMER),
    conversation_id="k1",
    customer_id="C1",
    occurred_at=NOW,
    ingested_at=NOW,
)
SPAN = AudioSpan(uri="file:///calls/1", channel=1, start_ms=1_000, end_ms=4_000, engine="small")


@pytest.fixture(scope="module")
def writer() -> Writer:
    return Writer.of("auto")


def test_the_original_stays_beside_the_corrected_text(writer: Writer) -> None:
    utterance = writer.utterance(RAW, Turn("低速的时候剥香有异响"), None, SPAN, NOW)
    assert utterance.text == "低速的时候波箱有异响"
    assert utterance.heard_text == "低速的时候剥香有异响"
    [correction] = utterance.corrections
    assert (correction.heard, utterance.text[correction.start : correction.end]) == ("剥香", "波箱")
    assert utterance.utterance_id == utterance_id(RAW.event_id, 8_001)
    assert utterance.occurred_at == NOW + timedelta(seconds=1)
    assert (utterance.audio, utterance.language, utterance.speaker) == (SPAN, Language.ZH, Speaker.CUSTOMER)


def test_a_number_that_is_spoken_is_redacted_in_both_texts(writer: Writer) -> None:
    for text in ("我的电话是13800138000，杀车失灵", "我的电话是幺三八零零幺三八零零零，杀车失灵"):
        utterance = writer.utterance(RAW, Turn(text), None, SPAN, NOW)
        assert utterance.text == "我的电话是[PHONE]，刹车失灵"
        assert utterance.heard_text == "我的电话是[PHONE]，杀车失灵"
        assert [redaction.kind for redaction in utterance.redactions] == ["phone"]


def test_what_a_machine_says_is_marked(writer: Writer) -> None:
    assert writer.utterance(RAW, Turn("您好", Speaker.BOT), None, SPAN, NOW).marks == (Mark.MACHINE_MADE,)


def test_words_come_from_the_text_or_from_syllables(writer: Writer) -> None:
    assert writer.words(Heard(" 刹车失灵 ")) == "刹车失灵"
    assert writer.words(Heard(syllables=((("kong1", 0.0),), (("tiao2", 0.0),)))) == "空调"
    assert writer.words(Heard()) == ""


def test_of_several_texts_the_one_that_makes_most_sense_is_taken(writer: Writer) -> None:
    heard = Heard("发动机烧机有", alternatives=(("发动机烧机有", -2.0), ("发动机烧机油", -2.5)))
    assert writer.words(heard) == "发动机烧机油"
    unlikely = Heard("发动机烧机有", alternatives=(("发动机烧机有", -2.0), ("发动机烧机油", -40.0)))
    assert writer.words(unlikely) == "发动机烧机有"


def test_a_text_in_two_scripts_is_one(writer: Writer) -> None:
    sense = Corrector.load(Frame.load("auto")).sense
    better = ("空调不热", -1.0 + sense("空调不冷") - sense("空调不热") + 0.3)
    assert writer.words(Heard(alternatives=(better, ("空調不冷", -1.0)))) == "空调不热"
    assert writer.words(Heard(alternatives=(better, ("空調不冷", -1.0), ("空调不冷", -1.0)))) == "空調不冷"
