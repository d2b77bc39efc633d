"""Parameters that attribution learned from confirmed and refused causes, as a JSON file beside a frame."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import ValidationError

from codeframe.causes.clues import Key
from codeframe.definition import Data
from codeframe.errors import FrameError


class Weight(Data):
    """A learned log ratio and its parameter. `prior` is per symptom: `of` is the tag."""

    kind: str
    cause: str
    of: str
    value: float


class Learned(Data):
    """Learned log ratios, which replace the graph's. Made from `cases` confirmed or refused causes."""

    frame: str
    cases: int
    weights: tuple[Weight, ...] = ()

    def by_key(self) -> dict[Key, float]:
        return {Key(one.kind, one.cause, one.of): one.value for one in self.weights}

    def phrases(self) -> list[tuple[str, str]]:
        """The learned phrases: (cause, phrase)."""
        return [(one.cause, one.of) for one in self.weights if one.kind == "said"]

    @classmethod
    def read(cls, path: Path) -> Self:
        """Raises FrameError where the file is missing or wrong."""
        try:
            return cls.model_validate_json(path.read_bytes())
        except OSError as error:
            raise FrameError(path, None, "", f"cannot be read: {error.strerror}") from None
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            raise FrameError(path, None, ".".join(map(str, first["loc"])), first["msg"]) from None

    def write(self, path: Path) -> None:
        path.write_text(self.model_dump_json(indent=1), "utf-8")
