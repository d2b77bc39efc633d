"""YAML files read into pydantic models, with the line of every value kept for error messages."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from codeframe.errors import FrameError

M = TypeVar("M", bound=BaseModel)
Key = tuple[str | int, ...]

_WORTH: dict[str, dict[str, Any]] = {
    "tag:yaml.org,2002:bool": {"true": True, "false": False},
    "tag:yaml.org,2002:null": {"null": None, "~": None, "": None},
}
"""Scalars that are no strings. All else stays as written, so that the words `no` and `12315` are words."""

_Loader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Source:
    """A parsed file: its plain data, and the line (from 1) where each value stands."""

    path: Path
    data: Any
    lines: dict[Key, int]

    def line(self, key: Key) -> int | None:
        """The line of the value at `key`, or of the nearest value around it."""
        for end in range(len(key), -1, -1):
            if key[:end] in self.lines:
                return self.lines[key[:end]]
        return None

    def error(self, key: Key, problem: str) -> FrameError:
        return FrameError(self.path, self.line(key), ".".join(map(str, key)), problem)

    def parse(self, model: type[M]) -> M:
        """The data as `model`. The first thing wrong is raised with its file, line and field."""
        try:
            return model.model_validate(self.data)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            key = tuple(part for part in first["loc"] if self._is_key(part))
            raise self.error(key, first["msg"]) from None

    def _is_key(self, part: str | int) -> bool:
        """Drop what pydantic puts into a location to name the branch of a union."""
        return isinstance(part, int) or (not part[:1].isupper() and part not in {"str", "list[str]"})


def read(path: Path) -> Source:
    """Parse one YAML file; a key given twice is refused.

    Raises:
        FrameError: the file is missing, is not UTF-8, or is not YAML.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FrameError(path, None, "", f"cannot be read: {error}") from None
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        lines: dict[Key, int] = {}
        data = _plain(node, (), lines, path) if node else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise FrameError(path, mark.line + 1 if mark else None, "", f"not YAML: {error.problem}") from None
    finally:
        loader.dispose()
    return Source(path, data, lines)


def _plain(node: yaml.Node, key: Key, lines: dict[Key, int], path: Path) -> Any:
    lines[key] = node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, (*key, at), lines, path) for at, item in enumerate(node.value)]
    if not isinstance(node, yaml.MappingNode):
        return _WORTH.get(node.tag, {}).get(node.value, node.value)
    plain: dict[Any, Any] = {}
    for name_node, value_node in node.value:
        name = name_node.value
        if name in plain:
            raise FrameError(path, name_node.start_mark.line + 1, ".".join(map(str, (*key, name))), "is given twice")
        plain[name] = _plain(value_node, (*key, name), lines, path)
    return plain
