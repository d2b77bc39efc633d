"""What a language model's answer must be to be believed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from codeframe.asking import AnswerError, Questionnaire
from codeframe.coder import Coder
from schemas.coded import Tier
from tests.codeframe.conftest import utterance

TEXT = "空间太小了，后排坐着憋屈"


@pytest.fixture(scope="module")
def questions(words: Coder) -> Questionnaire:
    return Questionnaire(words.frame)


def told(**changes: Any) -> dict[str, Any]:
    base = {"tag": "product.space.overall", "evidence": "空间太小了", "feeling": -0.7, "intent": "complaint"}
    return {**base, "expectation": "unsaid", "confidence": 0.9, **changes}


def answer(*opinions: dict[str, Any], number: int = 1) -> str:
    return json.dumps({"texts": [{"number": number, "opinions": opinions}]})


def test_every_tag_is_offered_and_nothing_but_the_texts_is_sent(questions: Questionnaire, words: Coder) -> None:
    task, asked = questions.messages([TEXT, "油耗高"])
    assert all(f"\n{tag.id} " in task["content"] for tag in words.frame.tags)
    assert json.loads(asked["content"]) == [{"number": 1, "text": TEXT}, {"number": 2, "text": "油耗高"}]
    assert questions.messages(["别的"])[0] == task, "a cache keeps it"


def test_a_good_answer_becomes_opinions_that_say_who_made_them(questions: Questionnaire, words: Coder) -> None:
    [found] = questions.read(answer(told(), told(tag="product.energy.fuel", evidence="后排")), [TEXT])
    assert isinstance(found, list)
    opinion = words.signed("some-model", Tier.ENDPOINT).coding(utterance(TEXT), found).opinions[0]
    assert (opinion.tag, opinion.sentiment, opinion.confidence) == ("product.space.overall", -1, 0.9)
    assert TEXT[opinion.evidence.start : opinion.evidence.end] == "空间太小了"
    assert (opinion.versions.tier, opinion.versions.model) == (Tier.ENDPOINT, "some-model")
    assert words.versions.tier is Tier.FAST


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"tag": "product.space.enormous"}, "none of the frame's"),
        ({"evidence": "空间有点小"}, "does not stand in the text"),
        ({"evidence": ""}, "opinions.0.evidence"),
        ({"feeling": -3}, "opinions.0.feeling"),
        ({"intent": "rage"}, "opinions.0.intent"),
        ({"confidence": None}, "opinions.0.confidence"),
        ({"secret": "x"}, "opinions.0.secret"),
    ],
)
def test_one_wrong_opinion_refuses_the_answer_and_its_words_are_not_quoted(
    questions: Questionnaire, wrong: dict[str, Any], why: str
) -> None:
    [refused] = questions.read(answer(told(**wrong), told(tag="product.energy.fuel")), [TEXT])
    assert isinstance(refused, AnswerError)
    assert why in str(refused)
    assert not any(word in str(refused) for word in ("空间", "rage", "enormous"))


@pytest.mark.parametrize("content", ["", "no", "[]", "{}", '{"texts": 5}', '{"texts": [1]}', '{"texts": [{}]}', "null"])
def test_what_is_no_answer_refuses_every_text(questions: Questionnaire, content: str) -> None:
    assert all(isinstance(one, AnswerError) for one in questions.read(content, [TEXT, "油耗高"]))


def test_a_text_that_is_left_out_does_not_spoil_the_others(questions: Questionnaire) -> None:
    first, second = questions.read(answer(told(evidence="太小"), number=2), ["油耗高", TEXT])
    assert isinstance(first, AnswerError)
    assert isinstance(second, list)


def test_a_tag_that_is_given_twice_counts_once(questions: Questionnaire) -> None:
    [found] = questions.read(answer(told(confidence=0.3), told(evidence="憋屈", confidence=0.8)), [TEXT])
    assert isinstance(found, list)
    assert [one.confidence for one in found] == [0.8]


def test_the_schema_leaves_nothing_open() -> None:
    def closed(part: Any, visit: Callable[[Any], bool]) -> bool:
        inside = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
        return visit(part) and all(closed(one, visit) for one in inside)

    def strict(part: Any) -> bool:
        if not isinstance(part, dict) or "properties" not in part:
            return True
        return part.get("additionalProperties") is False and set(part["required"]) == set(part["properties"])

    assert closed(Questionnaire.schema(), strict)
