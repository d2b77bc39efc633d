"""A raw text becomes utterances: complete, safe to show, aligned, and the same at every replay."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codeframe.text.align import source_offset
from codeframe.text.cleaner import Cleaner
from schemas.common import Attributes, Channel, Speaker
from schemas.ids import raw_event_id, utterance_id
from schemas.raw_text import RawText
from schemas.utterance import Language, Mark, Utterance
from tests.codeframe.text import planted

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CLEANED = datetime(2026, 1, 1, 0, 0, 1, tzinfo=UTC)


def raw(text: str, source_id: str = "1", speaker: Speaker = Speaker.CUSTOMER) -> RawText:
    return RawText(
        event_id=raw_event_id("survey", source_id),
        source="survey",
        source_id=source_id,
        channel=Channel.SURVEY,
        text=text,
        conversation_id="k1",
        customer_id="c1",
        speaker=speaker,
        score=3,
        survey_id="s1",
        attributes=Attributes(dealer="杭州元通"),
        occurred_at=NOW,
        ingested_at=NOW,
    )


@pytest.fixture
def cleaner() -> Cleaner:
    return Cleaner.load(["朗逸"])


def test_one_utterance(cleaner: Cleaner) -> None:
    event = raw("<p>朗逸刹车异响！！！！！</p>電話１３８００１３８０００")
    [[utterance]] = cleaner.clean([event], CLEANED)
    assert utterance.text == "朗逸刹车异响！！！\n電話[PHONE]"
    assert utterance.utterance_id == utterance_id(event.event_id, 0)
    assert (utterance.language, utterance.marks, utterance.score, utterance.survey_id) == (Language.ZH, (), 3, "s1")
    assert (utterance.attributes, utterance.occurred_at, utterance.cleaned_at) == (event.attributes, NOW, CLEANED)
    assert [(r.kind, utterance.text[r.start : r.end]) for r in utterance.redactions] == [("phone", "[PHONE]")]
    start = source_offset(utterance.alignment, utterance.text.index("[PHONE]"))
    assert event.text[start:] == "１３８００１３８０００"


def test_a_long_text_gives_several_in_order(cleaner: Cleaner) -> None:
    event = raw("今天去店里提车，等了三个小时，没有人接待。" * 30)
    [utterances] = cleaner.clean([event], CLEANED)
    assert [utterance.seq for utterance in utterances] == list(range(len(utterances)))
    assert len({utterance.utterance_id for utterance in utterances}) == len(utterances) > 1
    for utterance in utterances:
        assert event.text[utterance.source_span.start : utterance.source_span.end] == utterance.text


@pytest.mark.parametrize("text", ["", "  \n", "？？！", "<br>", "\u200b"])
def test_an_empty_text_is_marked(cleaner: Cleaner, text: str) -> None:
    [[utterance]] = cleaner.clean([raw(text)], CLEANED)
    assert utterance.marks == (Mark.EMPTY,)


def test_a_bot_is_marked(cleaner: Cleaner) -> None:
    [[utterance]] = cleaner.clean([raw("请问有什么可以帮您", speaker=Speaker.BOT)], CLEANED)
    assert utterance.marks == (Mark.MACHINE_MADE,)


def test_duplicates_are_marked_and_replays_are_not(cleaner: Cleaner) -> None:
    first, second = raw("订金不退", "1"), raw("訂金不退！", "2")
    marks = [cleaner.clean([event], CLEANED)[0][0].marks for event in (first, second, first, second)]
    assert marks == [(), (Mark.DUPLICATE,), (), (Mark.DUPLICATE,)]


def test_a_fingerprint_tells_nothing_personal(cleaner: Cleaner) -> None:
    prints = {cleaner.clean([raw(f"电话{number}")], CLEANED)[0][0].fingerprint for number in ("13800138000", "13900139000")}
    assert len(prints) == 1


def _check(event: RawText, utterances: list[Utterance]) -> None:
    assert utterances
    for utterance in utterances:
        places = [source_offset(utterance.alignment, offset) for offset in range(len(utterance.text) + 1)]
        assert places == sorted(places)
        assert (places[0], places[-1]) == (utterance.source_span.start, utterance.source_span.end)
        assert places[-1] <= len(event.text)
        assert Utterance.model_validate_json(utterance.model_dump_json()) == utterance


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text(text: str) -> None:
    event = raw(text)
    _check(event, Cleaner.load().clean([event], CLEANED)[0])


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 1_000_000))
def test_planted_texts_of_any_length(seed: int) -> None:
    random = Random(seed)
    values = [planter(random) for planter in planted.PLANTERS.values()]
    sentences = random.choices(planted.SENTENCES, k=random.randrange(1, 20))
    event = raw("。".join(sentence.format(random.choice(values)) for sentence in sentences))
    _check(event, Cleaner.load().clean([event], CLEANED)[0])
