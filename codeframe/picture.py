"""A score as a picture: F1 by label, and how far the coder's confidences hold. Plain SVG."""

from __future__ import annotations

from html import escape

from codeframe.scoring import Score

_ROW, _LEFT, _BAR, _SIDE, _TOP, _MOST = 22, 210, 300, 300, 60, 24
_STYLE = (
    "text{font:13px sans-serif;fill:#24292f}.name{text-anchor:end}.title{font-weight:600;font-size:16px}"
    ".bar{fill:#1f6feb}.even{stroke:#8c959f;stroke-dasharray:4 4;fill:none}.curve{stroke:#cf222e;stroke-width:2;fill:none}"
    ".dot{fill:#cf222e}.axis{stroke:#57606a;fill:none}"
)


def as_svg(score: Score) -> str:
    """The picture of a score: its most frequent labels, and its reliability curve."""
    labels = list(score.labels.items())[:_MOST]
    height = _TOP + max(len(labels) * _ROW, _SIDE) + 50
    left = _LEFT + _BAR + 120
    title = f"{score.crosswalk}, {score.texts} texts: " + ", ".join(f"{name} {value:.3f}" for name, value in score.metrics.items())
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + _SIDE + 40} {height}" role="img"><style>{_STYLE}</style>',
        f'<text class="title" x="20" y="30">{escape(title)}</text>',
    ]
    for at, (label, row) in enumerate(labels):
        y = _TOP + at * _ROW
        parts.append(f'<text class="name" x="{_LEFT - 8}" y="{y + 14}">{escape(label)}</text>')
        parts.append(f'<rect class="bar" x="{_LEFT}" y="{y + 2}" width="{_BAR * row.f1:.1f}" height="{_ROW - 6}"/>')
        parts.append(f'<text x="{_LEFT + _BAR * row.f1 + 6:.1f}" y="{y + 14}">{row.f1:.2f} of {row.actual}</text>')
    return "\n".join([*parts, *_curve(score, left), "</svg>", ""])


def _curve(score: Score, left: int) -> list[str]:
    """Confidence from left to right, the share that was right upwards; a calibrated coder keeps to the diagonal."""
    bottom = _TOP + _SIDE
    points = [(left + _SIDE * one.confidence, bottom - _SIDE * one.right, one.size) for one in score.reliability]
    parts = [
        f'<path class="axis" d="M{left} {_TOP}V{bottom}H{left + _SIDE}"/><path class="even" d="M{left} {bottom}L{left + _SIDE} {_TOP}"/>',
        f'<text x="{left}" y="{bottom + 24}">confidence, against the share that was right</text>',
    ]
    if points:
        parts.append('<polyline class="curve" points="' + " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in points) + '"/>')
        parts += [f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="4"><title>{count}</title></circle>' for x, y, count in points]
    return parts
