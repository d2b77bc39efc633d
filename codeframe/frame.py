"""A code frame: the versioned tree of experience tags, loaded from a folder of YAML files.

frame.yaml          stages, touchpoints, roles, names, scales
points.yaml         the matrix of pain, itch and delight
tags/*.yaml         the tags, a branch or a part of one a file
spellings.yaml      other ways to write the industry's words, if there are any
examples/*.tsv      what customers say of each tag, if it was written down (codeframe.examples)
crosswalks/*.yaml   outside taxonomies
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from codeframe.definition import Branch, Crosswalk, Header, PointMatrix, Spellings, Tag
from codeframe.errors import FrameError
from codeframe.pattern import PatternError, parse
from codeframe.source import Source, read

BUNDLED = Path(__file__).parent / "frames"


@dataclass(frozen=True)
class Frame:
    """A loaded frame. Ids are unique; owners, stages and touchpoints are known."""

    folder: Path
    header: Header
    points: PointMatrix
    branches: tuple[Branch, ...]
    spellings: Spellings

    @classmethod
    def load(cls, where: str | Path) -> Frame:
        """Read a bundled frame by name ("auto"), or the frame in a folder.

        Raises:
            FrameError: something is missing or wrong; names file, line and field.
        """
        folder = frame_folder(where)
        header = read(folder / "frame.yaml").parse(Header)
        points = read(folder / "points.yaml").parse(PointMatrix)
        files = sorted((folder / "tags").glob("*.yaml"))
        if not files:
            raise FrameError(folder / "tags", None, "", "holds no *.yaml file of tags")
        sources = [read(file) for file in files]
        spelt = folder / "spellings.yaml"
        spellings = read(spelt).parse(Spellings) if spelt.exists() else Spellings()
        frame = cls(folder, header, points, tuple(source.parse(Branch) for source in sources), spellings)
        _check(header, sources, frame.branches)
        return frame

    @property
    def id(self) -> str:
        return self.header.frame

    @property
    def version(self) -> str:
        """`name-version`, as events carry it."""
        return f"{self.header.frame}-{self.header.version}"

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of the frame's files, in hex."""
        found = sha256()
        for path in sorted([*self.folder.rglob("*.yaml"), *self.folder.glob("examples/*.tsv")]):
            found.update(f"{path.relative_to(self.folder).as_posix()}\0".encode() + path.read_bytes() + b"\0")
        return found.hexdigest()

    @cached_property
    def tags(self) -> tuple[Tag, ...]:
        return tuple(tag for branch in self.branches for tag in branch.tags)

    @cached_property
    def by_id(self) -> dict[str, Tag]:
        return {tag.id: tag for tag in self.tags}

    @cached_property
    def entity_names(self) -> frozenset[str]:
        """Every name of a brand, model, city and so on, as written."""
        return frozenset(name for names in self.header.entities.values() for name in names)

    def crosswalk(self, name: str) -> Crosswalk:
        """The crosswalk `name`.

        Raises:
            FrameError: there is none of that name, or it is wrong.
        """
        path = self.folder / "crosswalks" / f"{name}.yaml"
        if not path.exists():
            known = ", ".join(sorted(file.stem for file in path.parent.glob("*.yaml"))) or "none"
            raise FrameError(path, None, "", f"no such crosswalk; this frame has {known}")
        return read(path).parse(Crosswalk)


def _check(header: Header, sources: Sequence[Source], branches: Sequence[Branch]) -> None:
    """Refuse an id given twice, a stage, touchpoint or role that is unknown, and a pattern that cannot be read."""
    seen: dict[str, str] = {}
    stages = {stage.id: stage.names for stage in header.stage_sets[0].stages}
    for source, branch in zip(sources, branches, strict=True):
        for at, tag in enumerate(branch.tags):
            if tag.id in seen:
                raise source.error(("tags", at, "id"), f"{tag.id} is already in {seen[tag.id]}")
            seen[tag.id] = source.path.name
            for value, known, *field in (
                (tag.stage, stages, "stage"),
                (tag.touchpoint, header.touchpoints, "touchpoint"),
                (tag.owner.dealer, header.roles.dealer, "owner", "dealer"),
                (tag.owner.office, header.roles.office, "owner", "office"),
            ):
                if value is not None and value not in known:
                    raise source.error(("tags", at, *field), f"{tag.id}: {value} is unknown; known are {', '.join(sorted(known))}")
            for number, pattern in enumerate(tag.patterns):
                try:
                    parse(pattern.text)
                except PatternError as error:
                    raise source.error(("tags", at, "patterns", number), f"{tag.id}: {error}") from None


def frame_folder(where: str | Path) -> Path:
    """The folder of a bundled frame's name, or the folder itself.

    Raises:
        FrameError: it is neither.
    """
    for folder in (BUNDLED / str(where), Path(where)):
        if (folder / "frame.yaml").is_file():
            return folder
    bundled = ", ".join(sorted(path.parent.name for path in BUNDLED.glob("*/frame.yaml")))
    raise FrameError(str(where), None, "", f"is no code frame: name a bundled one ({bundled}) or a folder with a frame.yaml")
