"""Nothing personal that is planted survives, and what only looks personal stays."""

from __future__ import annotations

import re
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codeframe.folding import fold
from codeframe.text.kinds import Kind
from codeframe.text.normalise import normalise
from codeframe.text.redact import Redactor, redactions_in
from tests.codeframe.text import planted

COUNT = 200
RECALL = 0.95
KEEP = ["宝马", "奥迪A4L", "朗逸", "马自达", "小鹏", "上海", "唐", "Model 3", "大众", "夏利"]


@pytest.fixture(scope="module")
def redactor() -> Redactor:
    return Redactor.load(KEEP)


def _redacted(redactor: Redactor, text: str) -> str:
    return redactor.redact([normalise(text)])[0].text


def _core(text: str) -> str:
    """The letters and digits, however they were written."""
    return re.sub(r"[\W_]", "", fold(normalise(text).text))


@pytest.mark.parametrize("kind", planted.PLANTERS)
def test_no_planted_number_survives(redactor: Redactor, kind: Kind) -> None:
    random = Random(kind.value)
    for _ in range(COUNT):
        value = planted.PLANTERS[kind](random)
        cue = random.choice(planted.CUES.get(kind, ("",)))
        left = _redacted(redactor, random.choice(planted.SENTENCES).format(cue + value))
        assert _core(value) not in _core(left)
        assert kind.placeholder in left


def test_names_and_addresses_behind_cues_are_found(redactor: Redactor) -> None:
    random = Random(11)
    names = addresses = 0
    for _ in range(COUNT):
        name, _, title = planted.name(random).partition("|")
        sentence = random.choice(planted.NAME_SENTENCES)
        left = _redacted(redactor, sentence.format(name + title))
        names += "[NAME]" in left and name + title not in left
        address = planted.address(random)
        left = _redacted(redactor, random.choice(planted.ADDRESS_SENTENCES).format(address))
        addresses += "[ADDRESS]" in left and not re.search(r"\d", left.replace("4S", ""))
    assert names >= RECALL * COUNT
    assert addresses >= RECALL * COUNT


@pytest.mark.parametrize(("sentence", "value"), planted.ENGLISH)
def test_english(redactor: Redactor, sentence: str, value: str) -> None:
    assert value not in _redacted(redactor, sentence)


@pytest.mark.parametrize("sentence", planted.INNOCENT)
def test_what_only_looks_personal_stays(redactor: Redactor, sentence: str) -> None:
    assert _redacted(redactor, sentence) == normalise(sentence).text


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("身份证号110105194912310021", "身份证号[ID_CARD]"),  # the check digit is wrong
        ("卡号6222021234567890123", "卡号[BANK_CARD]"),
        ("车架号LSVAA49J132047371", "车架号[VIN]"),
        ("身分證：A123456789", "身分證：[ID_CARD]"),
        ("座机58886666", "座机[LANDLINE]"),
        ("電話：０９１２－３４５－６７８", "電話：[PHONE]"),
        ("1️⃣3️⃣8️⃣0️⃣0️⃣1️⃣3️⃣8️⃣0️⃣0️⃣0️⃣", "[PHONE]"),
        ("&#49;3800138000", "[PHONE]"),
        ("微信同手机13800138000", "微信同手机[PHONE]"),
        ("我是陳先生，住在上海市浦東新區張江路123號", "我是[NAME]先生，住在上海市[ADDRESS]"),
        ("唐经理和马自达经理", "[NAME]经理和马自达经理"),
        ("我是小白，老夏利车主", "我是小白，老夏利车主"),
        ("老王说小鹏不错", "[NAME]说小鹏不错"),
        ("新A12345，车牌新B123EL", "[PLATE]，车牌[PLATE]"),
    ],
)
def test_examples(redactor: Redactor, text: str, redacted: str) -> None:
    assert _redacted(redactor, text) == redacted


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([*planted.SENTENCES[1:], *planted.INNOCENT, *planted.NAME_SENTENCES]), max_size=3), st.integers(0, 10_000))
def test_redaction_is_idempotent(redactor: Redactor, sentences: list[str], seed: int) -> None:
    random = Random(seed)
    values = [planter(random) for planter in planted.PLANTERS.values()]
    [once] = redactor.redact([normalise("".join(sentence.replace("{}", random.choice(values)) for sentence in sentences))])
    assert redactor.redact([once]) == [once]


def test_redactions_name_kind_and_span() -> None:
    text = "我叫[NAME]，电话[PHONE]"
    assert [(r.kind, text[r.start : r.end]) for r in redactions_in(text)] == [("name", "[NAME]"), ("phone", "[PHONE]")]


def test_a_tagger_can_be_replaced() -> None:
    assert _redacted(Redactor.load((), lambda text: [(text, "n")]), "服务顾问王甲乙很好") == "服务顾问王甲乙很好"
    assert _redacted(Redactor.load((), lambda text: [(text[:4], "n"), (text[4:], "PER")]), "服务顾问王甲乙") == "服务顾问[NAME]"
