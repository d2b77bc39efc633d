"""Crosswalks worked out: which tags an outside code covers, and which code is a tag's home."""

from __future__ import annotations

from dataclasses import dataclass

from codeframe.definition import Crosswalk
from codeframe.frame import Frame
from codeframe.source import read


@dataclass(frozen=True, slots=True)
class Mapping:
    """`tags` of each code, the one that it means in general first; `home` of each tag: the first code that names it."""

    tags: dict[str, tuple[str, ...]]
    home: dict[str, str]


def identity(frame: Frame) -> Mapping:
    """Each tag of a frame as a code of its own."""
    return Mapping({tag.id: (tag.id,) for tag in frame.tags}, {tag.id: tag.id for tag in frame.tags})


def load_mapping(frame: Frame, name: str) -> Mapping:
    """The crosswalk `name` of a frame with its wildcards spelled out.

    Raises:
        FrameError: there is none of that name, or it names a tag that the frame does not have.
    """
    return mapping(frame, frame.crosswalk(name))


def mapping(frame: Frame, crosswalk: Crosswalk) -> Mapping:
    """A crosswalk with its wildcards spelled out in the frame's order."""
    source = read(frame.folder / "crosswalks" / f"{crosswalk.crosswalk}.yaml")
    tags: dict[str, tuple[str, ...]] = {}
    home: dict[str, str] = {}
    for code, entries in crosswalk.codes.items():
        covered: dict[str, None] = {}
        for at, entry in enumerate(entries):
            prefix = entry.removesuffix("*")
            matching = [tag.id for tag in frame.tags if tag.id == entry or (prefix != entry and tag.id.startswith(prefix))]
            if not matching:
                raise source.error(("codes", code, at), f"{entry} is no tag of {frame.version}")
            covered.update(dict.fromkeys(matching))
        tags[code] = tuple(covered)
        for tag in covered:
            home.setdefault(tag, code)
    return Mapping(tags, home)
