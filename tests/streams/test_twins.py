"""The fast decoder: the same events as pydantic's, and nothing that pydantic refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from schemas.base import Event
from schemas.raw_text import RawText
from schemas.raw_voice import RawVoice
from streams.codec import encode
from streams.topics import TOPICS
from streams.twins import decoder

_EXAMPLES = Path(__file__).parents[1] / "examples"
EVENTS: list[Event] = [
    topic.schema.model_validate_json(file.read_bytes()) for topic in TOPICS for file in sorted((_EXAMPLES / topic.name).glob("*.json"))
]
# What JSON can hold, with what is close to being right.
ODD: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 12),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=5),
    st.sampled_from(["", "x" * 201, "2026-01-01T00:00:00", "2026-01-01T00:00:00+08:00", "1969-12-31T00:00:00Z", "2200-01-01T00:00:00Z"]),
    st.sampled_from(["customer", "zh", "public_opinion", "6e2084ff-4570-500f-ad9e-979dc946b9c7", "6e2084ff4570500fad9e979dc946b9c7"]),
    st.lists(st.integers(0, 3), max_size=3),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)


def taken(model: type[BaseModel], value: bytes) -> BaseModel | None:
    """What the fast decoder makes of a value; None where it leaves it to pydantic."""
    decode = decoder(model)
    assert decode is not None, f"{model.__name__} has no twin"
    try:
        made: BaseModel = decode(value)
    except ValueError:
        return None
    return made


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_every_topic_has_a_fast_decoder(topic: Any) -> None:
    assert decoder(topic.schema) is not None


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_golden_events_are_taken_and_the_same(event: Event) -> None:
    made = taken(type(event), encode(event))
    assert made == event
    assert made is not None
    assert made.model_dump_json() == event.model_dump_json()
    assert made.model_copy(update={"schema_version": 1}) == event


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for name, one in inside for place in places(one, (*path, name)))]


@settings(max_examples=500, deadline=None)
@given(st.sampled_from(EVENTS), st.data())
def test_what_is_taken_is_what_pydantic_takes(event: Event, data: st.DataObject) -> None:
    content = orjson.loads(encode(event))
    for _ in range(data.draw(st.integers(1, 2))):
        *way, last = data.draw(st.sampled_from(places(content)[1:]))
        target = content
        for name in way:
            target = target[name]
        change = data.draw(st.sampled_from(("replace", "remove", "add")))
        if change == "replace":
            target[last] = data.draw(ODD)
        elif change == "remove":
            del target[last]
        elif isinstance(target, dict):
            target[data.draw(st.text(max_size=3))] = data.draw(ODD)
        if not places(content)[1:]:
            break
    try:
        value = orjson.dumps(content)
    except TypeError:  # an integer beyond 64 bits
        return
    made = taken(type(event), value)
    if made is not None:
        assert made == type(event).model_validate_json(value)


@pytest.mark.parametrize("model", [RawText, RawVoice])
def test_rules_between_fields_hold(model: type[Event]) -> None:
    event = next(event for event in EVENTS if type(event) is model)
    wrong: dict[str, Any] = {"channel": "public_opinion", "customer_id": "C1"} if model is RawText else {"audio": {}}
    value = orjson.dumps({**orjson.loads(encode(event)), **wrong})
    assert taken(model, value) is None
    with pytest.raises(ValidationError):
        model.model_validate_json(value)
