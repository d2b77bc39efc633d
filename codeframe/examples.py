"""What customers say of each tag, in both languages: the optional `examples/*.tsv` of a frame.

Only what compares meanings reads them (the deep tier, training, `voc frame show`): they give no tag by themselves, and
coding by words does without them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from codeframe.errors import FrameError
from codeframe.frame import Frame

COLUMNS = ("tag", "zh", "en")
_HELD = 8


class Said(NamedTuple):
    """A sentence of a customer in Chinese, and as an English-speaking one would say it."""

    tag: str
    zh: str
    en: str


def read_examples(frame: Frame) -> list[Said]:
    """Every example of a frame, in order of file and line; none where it has no such folder.

    Raises:
        FrameError: a header or a row has other columns, a cell is empty, or a tag is unknown; names file and line.
    """
    return [said for path in example_files(frame.folder) for _, said in read_example_file(path, frame)]


def told(examples: Sequence[Said]) -> list[Said]:
    """What models may learn: all but every eighth example of a tag."""
    return [one for one, held in _held(examples) if not held]


def held_out(examples: Sequence[Said]) -> list[Said]:
    """Every eighth example of a tag, which no model is told: what the figures of talk are taken on."""
    return [one for one, held in _held(examples) if held]


def _held(examples: Sequence[Said]) -> Iterator[tuple[Said, bool]]:
    seen: Counter[str] = Counter()
    for one in examples:
        seen[one.tag] += 1
        yield one, seen[one.tag] % _HELD == 0


def example_files(folder: Path) -> list[Path]:
    return sorted((folder / "examples").glob("*.tsv"))


def read_example_file(path: Path, frame: Frame) -> Iterator[tuple[int, Said]]:
    """The examples of one file, each with its line."""
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise FrameError(path, None, "", "is not UTF-8; save the file as UTF-8") from None
    for line, row in enumerate(text.splitlines(), 1):
        cells = [cell.strip() for cell in row.split("\t")]
        if len(cells) != len(COLUMNS):
            raise FrameError(path, line, "", f"expected {len(COLUMNS)} columns parted by tabs, {', '.join(COLUMNS)}; found {len(cells)}")
        if line == 1:
            if tuple(cells) != COLUMNS:
                raise FrameError(path, line, "", f"the first line must name the columns {', '.join(COLUMNS)}")
            continue
        for column, cell in zip(COLUMNS, cells, strict=True):
            if not cell:
                raise FrameError(path, line, column, "is empty")
        said = Said(*cells)
        if said.tag not in frame.by_id:
            raise FrameError(path, line, "tag", f"{said.tag} is no tag of {frame.version}")
        yield line, said
