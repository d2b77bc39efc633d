"""Making many small values fast: without validation of what is valid, and without pauses for the collector."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, lru_cache
from typing import Any, TypeVar

from pydantic import BaseModel

from schemas.common import Span

M = TypeVar("M", bound=BaseModel)


_new, _fill = object.__new__, object.__setattr__


def trusted(model: type[M], values: dict[str, Any]) -> M:
    """An instance of `model` holding `values`: all its fields (see `defaults`), each of its field's type, unchecked.

    This is `model_construct` without its search for defaults and aliases.
    """
    made = _new(model)
    _fill(made, "__dict__", values)
    _fill(made, "__pydantic_fields_set__", _names(model))
    _fill(made, "__pydantic_extra__", None)
    _fill(made, "__pydantic_private__", None)
    return made


@cache
def defaults(model: type[BaseModel]) -> dict[str, Any]:
    """Every field of `model`, in order, with its default, or None where it has none."""
    return {name: None if field.is_required() else field.default for name, field in model.model_fields.items()}


@cache
def _names(model: type[BaseModel]) -> set[str]:
    return set(model.model_fields)


@lru_cache(65_536)
def span(start: int, end: int) -> Span:
    """The characters [start, end)."""
    return trusted(Span, {"start": start, "end": end})


@contextmanager
def collector_paused() -> Iterator[None]:
    """No cyclic garbage collection inside: for work that makes many objects, none of them in a cycle."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
