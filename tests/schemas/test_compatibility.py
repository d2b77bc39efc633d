"""A change that would break a reader of v1 fails here; then the topic needs a v2."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from streams.commands.schema import json_schemas
from tests.schemas.compatibility import breaks

FROZEN = Path(__file__).parent / "v1"


def frozen(topic: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((FROZEN / f"{topic}.json").read_text("utf-8"))
    return loaded


@pytest.mark.parametrize("topic", json_schemas())
def test_a_reader_of_v1_can_read_what_is_written_now(topic: str) -> None:
    assert breaks(frozen(topic), json_schemas()[topic]) == []


def test_every_break_is_found() -> None:
    old = frozen("voc.coded.v1")
    removed = copy.deepcopy(old)
    del removed["properties"]["customer_id"]
    assert breaks(old, removed) == [".customer_id: is gone"]
    optional = copy.deepcopy(old)
    optional["required"].remove("utterance_id")
    assert breaks(old, optional) == [".utterance_id: was always there, may now be missing"]
    widened = copy.deepcopy(old)
    widened["$defs"]["Point"]["enum"].append("new")
    assert any("opinions[].point" in problem for problem in breaks(old, widened))
    retyped = copy.deepcopy(old)
    retyped["properties"]["revision"]["type"] = "string"
    assert breaks(old, retyped) == [".revision: type was 'integer', is 'string'"]
    added = copy.deepcopy(old)
    added["properties"]["extra"] = {"type": "string"}
    assert breaks(old, added) == []
