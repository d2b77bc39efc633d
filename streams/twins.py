"""Decodes events several times faster than pydantic does, and takes nothing that pydantic would refuse.

For each schema a msgspec struct, its twin, is derived from the pydantic model: the same fields, types and limits. A
value that the twin takes becomes an instance of the model, filled without a second validation, and the model's own
validators are run on it. Whatever the twin does not take is pydantic's: to take in its more lenient way, or to refuse
with an error that names the field. A model that uses something without a counterpart here has no twin.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from enum import Enum
from functools import cache, lru_cache, partial
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from uuid import UUID

import msgspec
from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen
from pydantic import BaseModel, StringConstraints
from pydantic.fields import FieldInfo

from schemas.base import Instant

Convert = Callable[[Any], Any]

_LIMITS = {Ge: "ge", Gt: "gt", Le: "le", Lt: "lt", MinLen: "min_length", MaxLen: "max_length"}
_PLAIN = (str, int, float, bool, bytes, UUID)
_TO_UTC: Convert = next(one.func for one in get_args(Instant) if hasattr(one, "func"))
_FIRST, _AFTER = datetime(1971, 1, 2, tzinfo=UTC), datetime(2105, 12, 31, tzinfo=UTC)
_KEPT = 4_096
_new, _fill = object.__new__, object.__setattr__


class NoTwinError(Exception):
    """A model uses something that has no counterpart."""


@cache
def decoder(model: type[BaseModel]) -> Callable[[bytes], Any] | None:
    """A function from JSON to an instance of `model`, or None if it has no twin.

    The function raises msgspec.MsgspecError or ValueError for whatever should be left to pydantic.
    """
    try:
        struct, convert = _twin(model)
    except NoTwinError:
        return None
    decode = msgspec.json.Decoder(struct).decode
    return lambda value: convert(decode(value))


@cache
def _twin(model: type[BaseModel]) -> tuple[type[msgspec.Struct], Convert]:
    """The struct of a model, and what makes an instance of the model from one of the struct."""
    rules = model.__pydantic_decorators__
    if rules.field_validators or rules.root_validators or any(one.info.mode != "after" for one in rules.model_validators.values()):
        raise NoTwinError(model.__name__)
    fields: list[tuple[str, Any, Any]] = []
    values: dict[str, str] = {}
    converts: dict[str, Convert] = {}
    for name, field in model.model_fields.items():
        kind, convert = _field_type(field)
        values[name] = f"twin.{name}"
        if convert is not None:
            converts[name] = convert
            missing = f"twin.{name} and " if type(None) in get_args(kind) else ""
            values[name] = f"{missing}{name}(twin.{name})"
        fields.append((name, *_with_default(kind, field)) if not field.is_required() else (name, kind))  # type: ignore[arg-type]
    struct = msgspec.defstruct(model.__name__, fields, kw_only=True, frozen=True, forbid_unknown_fields=True, gc=False)
    display = ", ".join(f"{name!r}: {value}" for name, value in values.items())
    read = eval(f"lambda twin: {{{display}}}", converts)  # noqa: S307 - twice as fast as a loop over the fields, whose names are ours
    return struct, _builder(model, read, tuple(one.func for one in rules.model_validators.values()))


def _builder(model: type[BaseModel], read: Convert, validators: tuple[Convert, ...]) -> Convert:
    names = set(model.model_fields)

    def build(twin: Any) -> Any:
        made = _new(model)
        _fill(made, "__dict__", read(twin))
        _fill(made, "__pydantic_fields_set__", names)
        _fill(made, "__pydantic_extra__", None)
        _fill(made, "__pydantic_private__", None)
        for validate in validators:
            validate(made)
        return made

    return build


def _with_default(kind: Any, field: FieldInfo) -> tuple[Any, Any]:
    """Type and default; the twin's own where that is a model."""
    default = field.default
    if field.default_factory is not None:
        raise NoTwinError("default factory")
    if isinstance(default, dict):
        return kind, msgspec.field(default_factory=dict)
    if isinstance(default, BaseModel):
        default = msgspec.convert(default.model_dump(), kind)
    return kind, msgspec.field(default=default)


def _field_type(field: FieldInfo) -> tuple[Any, Convert | None]:
    if any(getattr(one, "func", None) is _TO_UTC for one in field.metadata):
        return Annotated[datetime, msgspec.Meta(tz=True)], _utc
    return _annotated(field.annotation, field.metadata)


def _annotated(kind: Any, metadata: Any) -> tuple[Any, Convert | None]:
    """The twin of a type under limits."""
    inner, convert = _type(kind)
    limits: dict[str, Any] = {}
    for one in metadata:
        limits |= _limits(one)
    if not limits:
        return inner, convert
    if get_origin(inner) in {Union, types.UnionType}:
        raise NoTwinError("limits on a union")
    return Annotated[inner, msgspec.Meta(**limits)], convert


def _limits(one: Any) -> dict[str, Any]:
    if type(one) in _LIMITS:
        return {_LIMITS[type(one)]: getattr(one, _LIMITS[type(one)])}
    if isinstance(one, FieldInfo):
        return {name: value for limit in one.metadata for name, value in _limits(limit).items()}
    if isinstance(one, StringConstraints) and not (one.strip_whitespace or one.to_lower or one.to_upper or one.strict):
        found = {"min_length": one.min_length, "max_length": one.max_length}
        pattern = {"pattern": str(one.pattern).replace("$", r"\Z")} if one.pattern else {}
        return {name: value for name, value in found.items() if value is not None} | pattern
    raise NoTwinError(repr(one))


def _type(kind: Any) -> tuple[Any, Convert | None]:
    """The twin of a type, and how to make the model's value of its value; None if it is one and the same."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        if any(getattr(one, "func", None) is _TO_UTC for one in arguments[1:]):
            return Annotated[datetime, msgspec.Meta(tz=True)], _utc
        return _annotated(arguments[0], arguments[1:])
    if kind in _PLAIN or origin is Literal or (isinstance(kind, type) and issubclass(kind, Enum)):
        return kind, None
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return _nested(kind)
    if origin in _CONTAINERS:
        return _CONTAINERS[origin](arguments)
    raise NoTwinError(repr(kind))


def _optional(arguments: tuple[Any, ...]) -> tuple[Any, Convert | None]:
    rest = [one for one in arguments if one is not type(None)]
    if len(rest) != 1 or len(arguments) == 1:
        raise NoTwinError("a union of several types")
    inner, convert = _type(rest[0])
    return inner | None, convert


def _dict(arguments: tuple[Any, ...]) -> tuple[Any, Convert | None]:
    (key, key_convert), (value, value_convert) = _type(arguments[0]), _type(arguments[1])
    if key_convert is not None or value_convert is not None:
        raise NoTwinError("models in a dict")
    return dict[key, value], None  # type: ignore[valid-type]


def _nested(model: type[BaseModel]) -> tuple[Any, Convert]:
    """The twin of a part."""
    struct, convert = _twin(model)
    return struct, _keeping(convert, model)


def _keeping(convert: Convert, kind: Any) -> Convert:
    """What has no ids and times, such as versions, owners and causes, comes again and again: it is made once."""
    return convert if {UUID, datetime, dict} & set(_leaves(kind)) else lru_cache(_KEPT)(convert)


def _leaves(kind: Any) -> Iterator[Any]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        for field in kind.model_fields.values():
            yield from _leaves(field.annotation)
        return
    yield get_origin(kind) or kind
    for one in get_args(kind):
        yield from _leaves(one)


def _tuple(arguments: tuple[Any, ...]) -> tuple[Any, Convert | None]:
    inner = [_type(one) for one in arguments if one is not Ellipsis]
    if Ellipsis in arguments:
        [(kind, convert)] = inner
        every = None if convert is None else _keeping(partial(_each, convert), arguments[0])
        return tuple[kind, ...], every  # type: ignore[valid-type]
    if any(convert is not None for _, convert in inner):
        raise NoTwinError("models in a tuple of fixed length")
    return tuple[tuple(kind for kind, _ in inner)], None  # type: ignore[misc]


def _each(convert: Convert, values: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple([convert(value) for value in values])


def _utc(value: datetime) -> datetime:
    return value if value.tzinfo is UTC and _FIRST <= value < _AFTER else _TO_UTC(value)


_CONTAINERS: dict[Any, Callable[[tuple[Any, ...]], tuple[Any, Convert | None]]] = {
    tuple: _tuple,
    dict: _dict,
    Union: _optional,
    types.UnionType: _optional,
}
