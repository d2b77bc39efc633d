"""Frozen pydantic models made of values that are valid already, several times faster than by validation."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel

M = TypeVar("M", bound=BaseModel)


def trusted(model: type[M], values: dict[str, Any]) -> M:
    """An instance of `model` holding `values`: every field of it, each of its declared type, unchecked.

    This is `model_construct` without its search for defaults and aliases.
    """
    made = model.__new__(model)
    fill = object.__setattr__
    fill(made, "__dict__", values)
    fill(made, "__pydantic_fields_set__", set(values))
    fill(made, "__pydantic_extra__", None)
    fill(made, "__pydantic_private__", None)
    return made
