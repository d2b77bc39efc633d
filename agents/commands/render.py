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

_BAR = 24
_MOST_BARS = 30
_INCH_A_BAR = 0.32


@dataclass(frozen=True)
class Report:
    """Rows of named columns. `chart` names the column of labels and that of values; `notes` stand below."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    chart: tuple[str, str]
    notes: tuple[str, ...] = ()

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
    label, value = report.chart
    bars = _bars(report.column(value))
    table = Table(title=report.title, title_justify="left")
    for name in report.columns:
        table.add_column(name, justify="left" if name == label else "right", no_wrap=name == label)
    table.add_column("")
    for row, bar in zip(report.rows, bars, strict=True):
        table.add_row(*map(_text, row), bar)
    console = Console()
    console.print(table)
    for note in report.notes:
        console.print(note, style="dim", highlight=False)


def _bars(values: Sequence[Any]) -> list[str]:
    numbers = [0.0 if value is None or math.isnan(value) else float(value) for value in values]
    most = max(map(abs, numbers), default=0.0) or 1.0
    return [("▇" if number >= 0 else "░") * round(_BAR * abs(number) / most) for number in numbers]


def _text(value: Any) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "-"
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 1 else f"{value:.1f}"
    return str(value)


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and math.isnan(value) else value


def draw(report: Report, path: Path) -> None:
    """A bar chart of the first rows. Raises ClickException where matplotlib is missing."""
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415 - an extra
    except ImportError:
        raise click.ClickException("--png needs matplotlib: pip install 'tingjian[report]'") from None
    label, value = report.chart
    names = [str(one) for one in report.column(label)[:_MOST_BARS]][::-1]
    numbers = [0.0 if one is None else float(one) for one in report.column(value)[:_MOST_BARS]][::-1]
    figure = Figure(figsize=(9, 1.2 + _INCH_A_BAR * len(names)), layout="constrained")
    axes = figure.subplots()
    axes.barh(range(len(names)), numbers, color="#1f6feb")
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel(value)
    axes.set_title(report.title)
    figure.savefig(path, dpi=120)
