"""The map of the system, computed from the steps themselves, so that it cannot go stale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from streams.step import Step
from streams.topics import TOPICS

_COLUMN, _ROW, _WIDTH, _HEIGHT, _MARGIN = 210, 64, 160, 36, 20
_STYLE = (
    "text{font:13px sans-serif;text-anchor:middle;dominant-baseline:central}"
    ".step{fill:#1f6feb}.step+text{fill:#fff;font-weight:600}.topic{fill:#eef3fa;stroke:#8aa4c8}"
    "path{fill:none;stroke:#7a8aa0;stroke-width:1.4;marker-end:url(#tip)}"
)
_TIP = (
    '<marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    '<path d="M0 0 8 4 0 8z" style="fill:#7a8aa0;stroke:none;marker-end:none"/></marker>'
)


@dataclass(frozen=True, slots=True)
class Edge:
    """An arrow from a topic to a step that reads it, or from a step to a topic that it writes."""

    start: str
    end: str


def edges(steps: Sequence[Step]) -> list[Edge]:
    """Every arrow of the map, dead letters left out: every step writes them."""
    reads = [Edge(topic.name, step.name) for step in steps for topic in step.reads]
    return reads + [Edge(step.name, topic.name) for step in steps for topic in step.writes]


def as_text(steps: Sequence[Step]) -> str:
    """A line a step: what it reads, its name, what it writes, and its first line of documentation."""
    lines = []
    for step in steps:
        reads = ", ".join(topic.name for topic in step.reads)
        writes = ", ".join(topic.name for topic in step.writes) or "(outside)"
        lines.append(f"{reads}  ->  {step.name}  ->  {writes}\n    {step.doc.splitlines()[0] if step.doc else ''}".rstrip())
    return "\n".join(lines)


def columns(steps: Sequence[Step]) -> dict[str, int]:
    """The column of each node: one right of the last that points to it, loops cut where they close."""
    arrows = edges(steps)
    names = dict.fromkeys(name for arrow in arrows for name in (arrow.start, arrow.end))
    column = dict.fromkeys(names, 0)
    for _ in names:
        for arrow in arrows:
            if not _closes_a_loop(arrow, steps):
                column[arrow.end] = max(column[arrow.end], column[arrow.start] + 1)
    return column


def _closes_a_loop(arrow: Edge, steps: Sequence[Step]) -> bool:
    """Whether the arrow leads from a step to a topic that an earlier step already reads."""
    order = {step.name: number for number, step in enumerate(steps)}
    if arrow.start not in order:
        return False
    readers = [order[step.name] for step in steps if any(topic.name == arrow.end for topic in step.reads)]
    return bool(readers) and min(readers) <= order[arrow.start]


def as_svg(steps: Sequence[Step]) -> str:
    """The map as an SVG picture: topics pale, steps blue, time from left to right."""
    column, names = columns(steps), {step.name for step in steps}
    place: dict[str, tuple[int, int]] = {}
    filled: dict[int, int] = {}
    for name in sorted(column, key=lambda name: (column[name], _order(name))):
        row = filled.get(column[name], 0)
        filled[column[name]] = row + 1
        place[name] = (_MARGIN + column[name] * _COLUMN, _MARGIN + row * _ROW)
    width, height = _MARGIN * 2 + max(column.values()) * _COLUMN + _WIDTH, _MARGIN * 2 + max(filled.values()) * _ROW
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"><style>{_STYLE}</style>{_TIP}']
    parts += [_arrow(place[arrow.start], place[arrow.end]) for arrow in edges(steps)]
    parts += [_node(name, x, y, "step" if name in names else "topic") for name, (x, y) in place.items()]
    return "\n".join([*parts, "</svg>", ""])


def _order(name: str) -> int:
    known = [topic.name for topic in TOPICS]
    return known.index(name) if name in known else len(known)


def _arrow(start: tuple[int, int], end: tuple[int, int]) -> str:
    x1, y1, x2, y2 = start[0] + _WIDTH, start[1] + _HEIGHT // 2, end[0], end[1] + _HEIGHT // 2
    if x2 < x1:  # back to the left, below both
        low = max(y1, y2) + _ROW // 2
        return f'<path d="M{x1} {y1}C{x1 + 40} {low} {x2 - 40} {low} {x2} {y2}"/>'
    middle = (x1 + x2) // 2
    return f'<path d="M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}"/>'


def _node(name: str, x: int, y: int, kind: str) -> str:
    radius = 18 if kind == "step" else 4
    box = f'<rect class="{kind}" x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="{radius}"/>'
    return f'{box}<text x="{x + _WIDTH // 2}" y="{y + _HEIGHT // 2}">{escape(name)}</text>'
