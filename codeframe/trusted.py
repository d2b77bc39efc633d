"""Making many small values fast: without validation of what is valid, and without pauses for the collector."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel

M = TypeVar("M", bound=BaseModel)


@cache
def _defaults(model: type[BaseModel]) -> dict[str, Any]:
    return {name: field.default for name, field in model.model_fields.items() if not field.is_required()}


_new, _fill = object.__new__, object.__setattr__


def trusted(model: type[M], values: dict[str, Any]) -> M:
    """An instance of `model` holding `values`, each of its field's type, unchecked; other fields have their defaults.

    This is `model_construct` without its search for aliases.
    """
    values = {**_defaults(model), **values}
    made = _new(model)
    _fill(made, "__dict__", values)
    _fill(made, "__pydantic_fields_set__", set(values))
    _fill(made, "__pydantic_extra__", None)
    _fill(made, "__pydantic_private__", None)
    return made


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
