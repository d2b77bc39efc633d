"""The map of the system, computed from the steps themselves, so that it cannot go stale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from streams.step import Step
from streams.topics import CONTEXT, DEAD_LETTERS, RAW_TEXT, RAW_VOICE, TOPICS

CONNECTORS = "connectors"
"""Gateway, files, folders and topics of the company: what brings feedback in."""

_COLUMN, _ROW, _WIDTH, _HEIGHT, _MARGIN = 210, 64, 160, 36, 20
_STYLE = (
    "text{font:13px sans-serif;text-anchor:middle;dominant-baseline:central}"
    ".step{fill:#1f6feb}.step+text{fill:#fff;font-weight:600}.topic{fill:#eef3fa;stroke:#8aa4c8}.outside{fill:#e6f4ea;stroke:#7fb08c}"
    "path{fill:none;stroke:#7a8aa0;stroke-width:1.4;marker-end:url(#tip)}"
)
_TIP = (
    '<marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    '<path d="M0 0 8 4 0 8z" style="fill:#7a8aa0;stroke:none;marker-end:none"/></marker>'
)


_TOPIC_NAMES = [topic.name for topic in TOPICS]


@dataclass(frozen=True, slots=True)
class Edge:
    """An arrow from a topic to a step that reads it, or from a step to a topic that it writes."""

    start: str
    end: str


def edges(steps: Sequence[Step]) -> list[Edge]:
    """Every arrow of the map, those of dead letters left out: every step writes them."""
    read = {topic.name for step in steps for topic in step.reads}
    arrows = [Edge(CONNECTORS, topic.name) for topic in (RAW_VOICE, RAW_TEXT, CONTEXT) if topic.name in read]
    arrows += [Edge(topic.name, step.name) for step in steps for topic in step.reads if topic is not DEAD_LETTERS]
    arrows += [Edge(step.name, topic.name) for step in steps for topic in step.writes]
    return arrows + [Edge(step.name, step.outside) for step in steps if step.outside]


def as_text(steps: Sequence[Step]) -> str:
    """A line a step: what it reads, its name, what it writes, and its first line of documentation."""
    lines = []
    for step in steps:
        reads = ", ".join(topic.name for topic in step.reads)
        writes = ", ".join(topic.name for topic in step.writes) or step.outside
        lines.append(f"{reads}  ->  {step.name}  ->  {writes}\n    {step.doc.splitlines()[0] if step.doc else ''}".rstrip())
    return "\n".join(lines)


def columns(steps: Sequence[Step]) -> dict[str, int]:
    """The column of each node: one right of the last that points to it, arrows that close a loop left aside."""
    arrows = _without_loops(edges(steps))
    column = dict.fromkeys((name for arrow in arrows for name in (arrow.start, arrow.end)), 0)
    for _ in column:
        for arrow in arrows:
            column[arrow.end] = max(column[arrow.end], column[arrow.start] + 1)
    return column


def _without_loops(arrows: Sequence[Edge]) -> list[Edge]:
    kept: list[Edge] = []
    for arrow in arrows:
        if not _leads(arrow.end, arrow.start, kept):
            kept.append(arrow)
    return kept


def _leads(start: str, end: str, arrows: Sequence[Edge]) -> bool:
    """Whether a path leads from one node to the other."""
    return start == end or any(_leads(arrow.end, end, arrows) for arrow in arrows if arrow.start == start)


def as_svg(steps: Sequence[Step]) -> str:
    """The map as an SVG picture: topics pale, steps blue, outside green, time from left to right.

    Steps that only write outside run in a lane below the stream.
    """
    column, names = columns(steps), {step.name for step in steps}
    below = {name for step in steps if not step.writes for name in (step.name, step.outside)}
    stream = [name for name in column if name not in below]
    place = _grid(stream, column, 0)
    place |= _grid([name for name in column if name in below], column, 1 + max(row for _, row in place.values()))
    width = _MARGIN * 2 + max(column.values()) * _COLUMN + _WIDTH
    height = _MARGIN + (1 + max(row for _, row in place.values())) * _ROW
    spot = {name: (_MARGIN + x * _COLUMN, _MARGIN + row * _ROW) for name, (x, row) in place.items()}
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"><style>{_STYLE}</style>{_TIP}']
    parts += [_arrow(spot[arrow.start], spot[arrow.end]) for arrow in edges(steps)]
    parts += [
        _node(name, x, y, "step" if name in names else "topic" if name in _TOPIC_NAMES else "outside") for name, (x, y) in spot.items()
    ]
    return "\n".join([*parts, "</svg>", ""])


def _grid(names: Sequence[str], column: dict[str, int], first: int) -> dict[str, tuple[int, int]]:
    """(column, row) of each node: the first free row of its column, from row `first`."""
    filled: dict[int, int] = {}
    place = {}
    for name in sorted(names, key=_order):
        row = filled.get(column[name], first)
        filled[column[name]] = row + 1
        place[name] = (column[name], row)
    return place


def _order(name: str) -> int:
    return _TOPIC_NAMES.index(name) if name in _TOPIC_NAMES else len(_TOPIC_NAMES)


def _arrow(start: tuple[int, int], end: tuple[int, int]) -> str:
    x1, y1, x2, y2 = start[0] + _WIDTH, start[1] + _HEIGHT // 2, end[0], end[1] + _HEIGHT // 2
    if x2 < x1:  # back to the left, below both
        low = max(y1, y2) + _ROW // 2
        return f'<path d="M{x1} {y1}C{x1 + 40} {low} {x2 - 40} {low} {x2} {y2}"/>'
    turn = x1 + (_COLUMN - _WIDTH)  # change rows in the gap behind the start, then go straight
    return f'<path d="M{x1} {y1}C{(x1 + turn) // 2} {y1} {(x1 + turn) // 2} {y2} {turn} {y2}L{x2} {y2}"/>'


def _node(name: str, x: int, y: int, kind: str) -> str:
    radius = 18 if kind == "step" else 4
    box = f'<rect class="{kind}" x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="{radius}"/>'
    return f'{box}<text x="{x + _WIDTH // 2}" y="{y + _HEIGHT // 2}">{escape(name)}</text>'
