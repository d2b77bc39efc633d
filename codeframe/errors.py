"""What is wrong with a code frame, lexicon or crosswalk, and where."""

from __future__ import annotations

from pathlib import Path


class FrameError(ValueError):
    """A data file is wrong. The message is `file:line: field: what to mend`."""

    def __init__(self, file: Path | str, line: int | None, field: str, problem: str) -> None:
        place = f"{file}:{line}" if line else str(file)
        super().__init__(f"{place}: {field}: {problem}" if field else f"{place}: {problem}")
        self.file, self.line, self.field, self.problem = str(file), line, field, problem
