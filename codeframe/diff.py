"""What changed between two versions of a frame."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from codeframe.coder import Coder
from codeframe.definition import Owners, Tag
from codeframe.frame import Frame

_PLACE = ("stage", "touchpoint", "owner", "need_layer", "severity", "brand_promise")


@dataclass(frozen=True, slots=True)
class Change:
    """`kind` is added, retired, moved (another stage, owner, layer ...), widened, narrowed, or reworded."""

    kind: str
    tag: str
    detail: str = ""


def diff(old: Frame, new: Frame) -> list[Change]:
    """The changes from `old` to `new`, by tag."""
    changes = [Change("added", tag) for tag in new.by_id.keys() - old.by_id.keys()]
    changes += [Change("retired", tag) for tag in old.by_id.keys() - new.by_id.keys()]
    for tag in old.by_id.keys() & new.by_id.keys():
        changes += _changed(old.by_id[tag], new.by_id[tag])
    return sorted(changes, key=lambda change: (change.tag, change.kind))


def moved(old: Coder, new: Coder, texts: Sequence[str]) -> Iterator[tuple[str, list[str], list[str]]]:
    """The texts that get other tags from `new` than from `old`: the text, the tags that go, the tags that come."""
    for text, before, after in zip(texts, old.find(texts), new.find(texts), strict=True):
        gone, come = {old.frame.tags[one.tag].id for one in before}, {new.frame.tags[one.tag].id for one in after}
        if gone != come:
            yield text, sorted(gone - come), sorted(come - gone)


def _changed(old: Tag, new: Tag) -> list[Change]:
    changes = []
    pairs = [(name, getattr(old, name), getattr(new, name)) for name in _PLACE]
    moves = [f"{name} {_shown(before)} to {_shown(after)}" for name, before, after in pairs if before != after]
    if moves:
        changes.append(Change("moved", new.id, "; ".join(moves)))
    before, after = _wordings(old), _wordings(new)
    if after - before:
        changes.append(Change("widened", new.id, ", ".join(sorted(after - before))))
    if before - after:
        changes.append(Change("narrowed", new.id, ", ".join(sorted(before - after))))
    if old.definition != new.definition or old.names != new.names:
        changes.append(Change("reworded", new.id))
    return changes


def _wordings(tag: Tag) -> set[str]:
    return {wording.text for wording in (*tag.terms.all(), *tag.patterns)}


def _shown(value: object) -> str:
    return f"{value.dealer or '-'}/{value.office or '-'}" if isinstance(value, Owners) else str(value)
