"""The golden events of each topic: they validate, they come back byte for byte, and what is not in a schema is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas import ids
from schemas.base import Event
from streams.codec import decode, encode
from streams.topics import TOPICS, Topic

EXAMPLES = Path(__file__).parent.parent / "examples"
CASES = [
    pytest.param(topic, path, id=f"{topic.name}/{path.stem}") for topic in TOPICS for path in sorted((EXAMPLES / topic.name).glob("*.json"))
]


def test_every_topic_has_examples() -> None:
    assert {topic.name for topic in TOPICS} == {path.name for path in EXAMPLES.iterdir()}
    assert all(list((EXAMPLES / topic.name).glob("*.json")) for topic in TOPICS)


@pytest.mark.parametrize(("topic", "path"), CASES)
def test_an_example_survives_the_codec(topic: Topic[Event], path: Path) -> None:
    event = decode(topic.schema, path.read_bytes())
    assert isinstance(event, Event), event
    assert decode(topic.schema, encode(event)) == event
    assert json.loads(encode(event)) == json.loads(path.read_bytes())


@pytest.mark.parametrize(("topic", "path"), CASES)
def test_events_are_frozen_and_closed(topic: Topic[Event], path: Path) -> None:
    value: dict[str, Any] = json.loads(path.read_bytes())
    with pytest.raises(ValidationError, match="surprise"):
        topic.schema.model_validate_json(json.dumps({**value, "surprise": 1}))
    event = topic.schema.model_validate_json(json.dumps(value))
    with pytest.raises(ValidationError, match="frozen"):
        setattr(event, "schema_version", 1)  # noqa: B010 - a plain assignment does not pass the type checker


@pytest.mark.parametrize(("topic", "path"), CASES)
def test_naive_times_are_refused(topic: Topic[Event], path: Path) -> None:
    value: dict[str, Any] = json.loads(path.read_bytes())
    for name in [name for name in value if name.endswith("_at")]:
        with pytest.raises(ValidationError, match="timezone"):
            topic.schema.model_validate_json(json.dumps({**value, name: "2026-11-21T10:00:00"}))


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"])))
def test_ids_are_version_5_uuids_of_their_parts(source: str, source_id: str) -> None:
    made = ids.raw_event_id(source, source_id)
    assert made == uuid5(ids.NAMESPACE, f"raw\x1f{source}\x1f{source_id}")
    assert made.version == UUID(str(uuid5(NAMESPACE_URL, "x"))).version


def test_ids_of_different_parts_differ() -> None:
    assert ids.raw_event_id("a", "bc") != ids.raw_event_id("ab", "c")
