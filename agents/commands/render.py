"""A report as a table in the terminal with small bars, as CSV, as JSON, or as a PNG chart."""

from __future__ import annotations

import csv
import json
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

_BAR = 16
_TENS = 10
_MOST_BARS = 30
_INCH_A_BAR = 0.32
_GOOD, _BAD, _DARK = "#1f6feb", "#d1495b", "#24303f"
_CHINESE_FONTS = ("Noto Sans CJK SC", "Source Han Sans SC", "WenQuanYi Micro Hei", "Microsoft YaHei", "PingFang SC", "SimHei")


@dataclass(frozen=True)
class Report:
    """Rows of named columns. `chart` names the column of labels and that of values; `notes` stand below; `shares` are columns
    that people read in per cent."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    chart: tuple[str, str]
    notes: tuple[str, ...] = ()
    shares: tuple[str, ...] = ()

    def column(self, name: str) -> list[Any]:
        """The values of a column."""
        at = self.columns.index(name)
        return [row[at] for row in self.rows]


def show(report: Report, *, as_csv: bool, as_json: bool, png: Path | None) -> None:
    """Write the report to standard output in the form asked for, and to `png` if given."""
    if png:
        draw(report, png)
    if as_csv:
        writer = csv.writer(sys.stdout)
        writer.writerow(report.columns)
        writer.writerows(report.rows)
    elif as_json:
        rows = [dict(zip(report.columns, map(_plain, row), strict=True)) for row in report.rows]
        click.echo(json.dumps({"title": report.title, "rows": rows, "notes": report.notes}, ensure_ascii=False, indent=1, default=str))
    else:
        _table(report)


def _table(report: Report) -> None:
    _, value = report.chart
    table = Table(title=report.title, title_justify="left")
    for name in report.columns:
        words = any(isinstance(one, str) for one in report.column(name))
        table.add_column(name, justify="left" if words else "right", no_wrap=words)
    table.add_column("")
    shown = [_texts(report, name) for name in report.columns]
    for *texts, bar in zip(*shown, _bars(report.column(value)), strict=True):
        table.add_row(*texts, bar)
    console = Console()
    console.print(table)
    for note in report.notes:
        console.print(note, style="dim", highlight=False)


def _bars(values: Sequence[Any]) -> list[str]:
    numbers = list(map(_number, values))
    most = max(map(abs, numbers), default=0.0) or 1.0
    return [("▇" if number >= 0 else "░") * round(_BAR * abs(number) / most) for number in numbers]


def _texts(report: Report, name: str) -> list[str]:
    """A column for people: shares in per cent, and as many decimals as its largest number needs, the same in every row."""
    values = report.column(name)
    floats = [abs(one) for one in values if isinstance(one, float) and math.isfinite(one)]
    most = max(floats, default=0.0)
    decimals = 1 if most >= _TENS else 2 if most >= 1 else 3
    return [_text(value, decimals, name in report.shares) for value in values]


def _text(value: Any, decimals: int, share: bool) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "-"
    if isinstance(value, bool):
        return "yes" if value else ""
    if share:
        return f"{value:.1%}"
    return f"{value:.{decimals}f}" if isinstance(value, float) else str(value)


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and math.isnan(value) else value


def draw(report: Report, path: Path) -> None:
    """A bar chart of the first rows, with the 95 % interval where there is one. Raises ClickException where matplotlib is missing."""
    try:
        from matplotlib import font_manager, rc_context  # noqa: PLC0415 - an extra
        from matplotlib.figure import Figure  # noqa: PLC0415
    except ImportError:
        raise click.ClickException("--png needs matplotlib: pip install 'tingjian[report]'") from None
    label, value = report.chart
    called = report.column("name") if "name" in report.columns else [""] * len(report.rows)
    names = [f"{name} {one}".strip() for name, one in zip(called, report.column(label), strict=True)][:_MOST_BARS]
    numbers = [_number(one) for one in report.column(value)[:_MOST_BARS]]
    known = {font.name for font in font_manager.fontManager.ttflist}
    fonts = [*(name for name in _CHINESE_FONTS if name in known), "DejaVu Sans"]
    with rc_context({"font.family": fonts, "axes.unicode_minus": False}):
        figure = Figure(figsize=(9, 1.4 + _INCH_A_BAR * len(names)), layout="constrained")
        axes = figure.subplots()
        places = range(len(names))
        bars = axes.barh(
            places, numbers, color=[_GOOD if number >= 0 else _BAD for number in numbers], xerr=_intervals(report, numbers), ecolor=_DARK
        )
        axes.bar_label(bars, _texts(report, value)[: len(names)], padding=4, fontsize=8)
        axes.set_yticks(places, names)
        axes.invert_yaxis()
        axes.margins(x=0.12, y=0.01)
        axes.axvline(0, color=_DARK, linewidth=0.8)
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_xlabel(value)
        more = len(report.rows) - len(names)
        axes.set_title(report.title + (f" (first {len(names)} of {len(report.rows)})" if more > 0 else ""), loc="left")
        figure.savefig(path, dpi=120)


def _number(value: Any) -> float:
    return 0.0 if value is None or math.isnan(value) else float(value)


def _intervals(report: Report, numbers: Sequence[float]) -> list[list[float]] | None:
    """How far the interval reaches below and above each value, where the report has one."""
    if not {"low", "high"} <= set(report.columns):
        return None
    lows, highs = report.column("low"), report.column("high")
    below = [max(number - low, 0.0) for number, low in zip(numbers, lows, strict=False)]
    return [below, [max(high - number, 0.0) for number, high in zip(numbers, highs, strict=False)]]
