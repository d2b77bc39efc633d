"""A picture of a symptom's neighbourhood in the knowledge graph: symptom, causes, steps, owners."""

from __future__ import annotations

from html import escape

from codeframe.causes.attribution import Attributor
from codeframe.causes.definition import CauseNode
from codeframe.frame import Frame

_COLUMNS = (20, 300, 620, 880)
_WIDTH, _HEIGHT, _ROW, _TOP = 220, 34, 46, 20
_STYLE = (
    "text{font:12px sans-serif;dominant-baseline:central}rect{rx:6px}path{fill:none;stroke:#7a8aa0;stroke-width:1.2}"
    ".tag{fill:#1f6feb}.tag+text{fill:#fff}.cause{fill:#fdf0e1;stroke:#c99a5b}.step{fill:#eef3fa;stroke:#8aa4c8}.owner{fill:#e6f4ea;stroke:#7fb08c}"
)


def owners(frame: Frame, cause: CauseNode) -> list[str]:
    """The roles that must act on a cause, by their English names."""
    roles = frame.header.roles
    named = ((cause.owner.dealer, roles.dealer), (cause.owner.office, roles.office))
    return [known[role].en for role, known in named if role]


def evidence(cause: CauseNode) -> list[str]:
    """What speaks for or against a cause, a line a finding."""
    lines = [f"{weight:+g} says: {', '.join(words)}" for weight, words in cause.cues.items()]
    lines += [f"{weight:+g} tag: {pattern}" for pattern, weight in cause.tags.items()]
    for rule in cause.context:
        lines.append(f"{rule.weight:+g} fact: {rule.kind} {' or '.join(rule.status)}, days {rule.days[0]} to {rule.days[1]}")
    return lines


def as_svg(attributor: Attributor, tag: str) -> str:
    """The neighbourhood of a tag as SVG: its causes, likeliest first, with their steps and owners."""
    graph = attributor.graph
    possible = attributor.possible(tag)
    causes = [graph.causes[one.number] for one in possible]
    boxes, lines = [], []
    middle = _TOP + _ROW * max(len(causes) - 1, 0) / 2
    boxes.append(_box("tag", 0, middle, f"{graph.frame.by_id[tag].names.zh} {tag}"))
    columns: dict[tuple[int, str], float] = {}
    for at, cause in enumerate(causes):
        y = _TOP + _ROW * at
        boxes.append(_box("cause", 1, y, f"{cause.names.zh} {cause.id}"))
        lines.append(_line(0, middle, 1, y))
        step = graph.step_of[cause.step].names
        for column, name, kind in ((2, f"{step.zh} {step.en}", "step"), (3, " / ".join(owners(graph.frame, cause)), "owner")):
            if (column, name) not in columns:
                columns[column, name] = _TOP + _ROW * sum(one == column for one, _ in columns)
                boxes.append(_box(kind, column, columns[column, name], name))
        step_y, owner_y = columns[2, f"{step.zh} {step.en}"], columns[3, " / ".join(owners(graph.frame, cause))]
        lines += [_line(1, y, 2, step_y), _line(2, step_y, 3, owner_y)]
    size = f"{_COLUMNS[-1] + _WIDTH + 20} {_TOP * 2 + _ROW * max(len(causes), 1)}"
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}"><style>{_STYLE}</style>{"".join(lines + boxes)}</svg>\n'


def _box(kind: str, column: int, y: float, text: str) -> str:
    x = _COLUMNS[column]
    width = f'textLength="{_WIDTH - 16}" lengthAdjust="spacingAndGlyphs"' if len(text) > _WIDTH // 7 else ""
    label = f'<text x="{x + 8}" y="{y + _HEIGHT / 2}" {width}>{escape(text)}</text>'
    return f'<rect class="{kind}" x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}"/>{label}'


def _line(one: int, y: float, other: int, to: float) -> str:
    start, end = _COLUMNS[one] + _WIDTH, _COLUMNS[other]
    bend = (start + end) / 2
    return f'<path d="M{start} {y + _HEIGHT / 2}C{bend} {y + _HEIGHT / 2} {bend} {to + _HEIGHT / 2} {end} {to + _HEIGHT / 2}"/>'
