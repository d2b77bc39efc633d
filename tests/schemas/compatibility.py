"""Says whether a changed JSON Schema would break a reader that was written against an older one."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

_SHAPE = ("type", "format", "const", "pattern", "enum")


def breaks(old: Schema, new: Schema) -> list[str]:
    """What a reader of `old` would stumble over in values of `new`: fields gone, optional or of another shape.

    New fields are harmless: readers of a topic ignore what they do not know. A new value of an enumeration is not.
    """
    return _compare("", old, new, old.get("$defs", {}), new.get("$defs", {}))


def _compare(path: str, old: Schema, new: Schema, old_defs: Schema, new_defs: Schema) -> list[str]:
    old, new = _resolve(old, old_defs), _resolve(new, new_defs)
    problems = [f"{path or 'value'}: {key} was {old.get(key)!r}, is {new.get(key)!r}" for key in _SHAPE if old.get(key) != new.get(key)]
    for name in set(old.get("required", ())) - set(new.get("required", ())):
        problems.append(f"{path}.{name}: was always there, may now be missing")
    for name, part in old.get("properties", {}).items():
        if name not in new.get("properties", {}):
            problems.append(f"{path}.{name}: is gone")
        else:
            problems += _compare(f"{path}.{name}", part, new["properties"][name], old_defs, new_defs)
    for key in ("items", "additionalProperties"):
        if isinstance(old.get(key), dict):
            problems += _compare(f"{path}[]", old[key], new.get(key) or {}, old_defs, new_defs)
    for key in ("anyOf", "prefixItems"):
        olds, news = old.get(key, []), new.get(key, [])
        if len(olds) != len(news):
            problems.append(f"{path}: {len(olds)} alternatives of {key}, now {len(news)}")
        for before, after in zip(olds, news, strict=False):
            problems += _compare(path, before, after, old_defs, new_defs)
    return problems


def _resolve(schema: Schema, definitions: Schema) -> Schema:
    reference = schema.get("$ref")
    return {**definitions[reference.rsplit("/", 1)[1]], **{k: v for k, v in schema.items() if k != "$ref"}} if reference else schema
