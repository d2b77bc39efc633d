"""The golden events, as a start for events of a test's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeVar

from schemas.base import Event

E = TypeVar("E", bound=Event)

_FOLDER = Path(__file__).parent / "examples"


def example(schema: type[E], path: str, **changes: Any) -> E:
    """The golden event at `topic/name`, with fields changed; `opinion={...}` changes fields of its first opinion."""
    value: dict[str, Any] = json.loads((_FOLDER / f"{path}.json").read_bytes())
    if "opinion" in changes:
        value["opinions"][0].update(changes.pop("opinion"))
    return schema.model_validate_json(json.dumps({**value, **changes}, default=str))
