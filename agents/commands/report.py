"""`voc report`: what management reads, computed from the tables in ClickHouse. docs/analysis.md has the formulas."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from functools import wraps
from pathlib import Path
from typing import Any

import click
import numpy as np

from agents.commands import cut, migration
from agents.commands.cut import DIMENSIONS, Row
from agents.commands.render import Report, show
from codeframe.analytics.comparison import MIN_ANSWERS, compare
from codeframe.analytics.contrast import MIN_MENTIONS, Contrast, contrasts, layer
from codeframe.analytics.decomposition import decompose
from codeframe.analytics.drift import Drift, drifts
from codeframe.analytics.nps import nps
from codeframe.analytics.priority import Subject, prioritise
from codeframe.analytics.solicited import Answer, flags
from codeframe.causes.attribution import Attributor
from codeframe.causes.fixing import fixability
from codeframe.frame import Frame
from codeframe.layers import LayerFile
from codeframe.source import read
from schemas.coded import NeedLayer
from streams.settings import Settings

_DATE = click.DateTime(["%Y-%m-%d", "%Y-%m"])
_NOBODY = "(not known)"
_PRODUCT = frozenset({"product", "quality"})
"""Branches of the frame about the car itself; all others are about service, of sales and after-sales."""


@click.group()
def report() -> None:
    """Scores, why they changed, what matters most: tables, CSV, JSON or a chart."""


def _reporting(make: Callable[..., Report]) -> click.Command:
    """A command of `voc report` from a function of a cut's rows."""

    @wraps(make)
    def run(as_csv: bool, as_json: bool, png: Path | None, since: datetime | None, until: datetime | None, **given: Any) -> None:
        filters = {name: given.pop(name) for name in DIMENSIONS}
        rows = cut.read(filters, since.date() if since else None, until.date() if until else None)
        show(make(rows, **given), as_csv=as_csv, as_json=as_json, png=png)

    command: Any = cut.clear_errors(run)
    for option in (
        *(click.option(f"--{name}", help=f"Only this {name}.") for name in DIMENSIONS),
        click.option("--since", type=_DATE, help="From this day on."),
        click.option("--until", type=_DATE, help="Until before this day."),
        click.option("--csv", "as_csv", is_flag=True, help="CSV to standard output."),
        click.option("--json", "as_json", is_flag=True, help="JSON to standard output."),
        click.option("--png", type=click.Path(dir_okay=False, path_type=Path), help="A chart into this file."),
    ):
        command = option(command)
    return report.command(make.__name__.removesuffix("_report"))(command)


@_reporting
@click.option("--by", type=click.Choice(["month", *DIMENSIONS]), default="month", show_default=True)
def nps_report(rows: list[Row], by: str) -> Report:
    """Net promoter score, with and without answers that say nothing concrete."""
    lines = []
    for name, some in _grouped(rows, by).items():
        every, concrete = nps(_scores(some)), nps(_scores(row for row in some if row.concrete))
        lines.append(
            (name[:7] if by == "month" else name, every.answers, every.value, every.low, every.high, concrete.answers, concrete.value)
        )
    columns = (by, "answers", "nps", "low", "high", "concrete answers", "concrete nps")
    return Report(f"NPS by {by}", columns, tuple(sorted(lines)), (by, "nps"), ("low, high: 95 % interval",))


@_reporting
@click.option("--split", type=_DATE, required=True, help="Compare the answers before this day with those from it on.")
@click.option("--by", type=click.Choice(["tag", *DIMENSIONS]), default="tag", show_default=True)
def change(rows: list[Row], split: datetime, by: str) -> Report:
    """Why the score changed: parts that add up to the change."""
    items = [(_since(row, split), (row.contribution, _groups(row, by))) for row in rows]
    found = decompose((one for after, one in items if not after), (one for after, one in items if after))
    names = _names() if by == "tag" else None
    lines = tuple((*_named(one.group, names), *one[1:], one.total) for one in found.parts)
    columns = (*_label(by), "share before", "share after", "nps before", "nps after", "by mix", "by level", "points")
    note = f"NPS {found.before:.1f} -> {found.after:.1f}: {found.change:+.1f}; the parts add to it (rest {found.residual:.1e})"
    return Report(f"Why the NPS changed, by {by}", columns, lines, (by, "points"), (note,), ("share before", "share after"))


@_reporting
@click.option("--min-n", default=MIN_MENTIONS, show_default=True, help="Fewest complaints and praises of a tag.")
@click.option("--save", is_flag=True, help="Write the layers, and the day from which each holds, to ClickHouse.")
@click.option("--write", type=click.Path(dir_okay=False, path_type=Path), help="Write dated layers here, for VOC_LAYERS.")
@click.option("--publish", is_flag=True, help="Publish a task for each layer that changed.")
def layers(rows: list[Row], min_n: int, save: bool, write: Path | None, publish: bool) -> Report:
    """Need layers: what a complaint costs and what praise earns, and layers that changed; of a segment with --segment."""
    segment = _segment(save or write is not None)
    frame = Frame.load(Settings().codeframe)
    defaults = {tag.id: tag.need_layer for tag in frame.tags}
    answers, months = cut.answers(rows)
    found = contrasts(answers, min_mentions=min_n)
    moved = {one.tag: one for one in drifts(answers, defaults, min_n)}
    current = {
        one.tag: moved[one.tag].layer_after if one.tag in moved else layer(one, defaults[one.tag]) for one in found if one.tag in defaults
    }
    if save:
        _save_layers(moved, {one.tag: one for one in found}, current, months, segment)
    if write:
        write.write_text(_dated(write, moved, current, months, segment), "utf-8")
    if publish:
        cut.publish(migration.tasks(frame, list(moved.values()), months, segment, datetime.now(UTC)))
    lines = [
        (
            one.tag,
            frame.by_id[one.tag].names.zh,
            *one[1:5],
            current[one.tag].value,
            defaults[one.tag].value,
            months[moved[one.tag].month].isoformat() if one.tag in moved else "",
        )
        for one in found
        if one.tag in current
    ]
    columns = (*_label("tag"), "complaints", "praises", "penalty", "reward", "layer", "expert's", "changed from")
    title = f"Penalty and reward, points of the score{f', segment {segment}' if segment else ''}"
    return Report(title, columns, tuple(lines), ("tag", "penalty"), (f"from {len(rows)} answers",))


@_reporting
@click.option("--recent", default=3, show_default=True, help="Months that count as now; as many before them give the trend.")
def priority(rows: list[Row], recent: int) -> Report:
    """What to improve first: frequency x impact x trend x brand promise x fixability."""
    frame = Frame.load(Settings().codeframe)
    fix = fixability(Attributor.load(frame))
    answers, months = cut.answers(rows)
    now, then = (
        answers.take(answers.period >= len(months) - recent),
        answers.take((answers.period < len(months) - recent) & (answers.period >= len(months) - 2 * recent)),
    )
    impact = {one.tag: one.penalty for one in contrasts(now, now.contribution) if not np.isnan(one.penalty)}
    counts = zip(answers.tags, now.counts(-1).tolist(), then.counts(-1).tolist(), strict=True)
    subjects = [
        Subject(tag, new / max(len(now), 1), old / max(len(then), 1), impact[tag], frame.by_id[tag].brand_promise, fix[tag])
        for tag, new, old in counts
        if tag in impact and tag in frame.by_id
    ]
    lines = tuple((one.tag, frame.by_id[one.tag].names.zh, *one[1:]) for one in prioritise(subjects))
    columns = (*_label("tag"), "frequency", "impact", "opportunity", "trend", "promise", "fixability", "priority")
    note = "opportunity: NPS points won if nobody had to complain of it"
    return Report("What to improve first", columns, lines, ("tag", "priority"), (note,), ("frequency",))


@_reporting
@click.option("--by", type=click.Choice([*DIMENSIONS, "product-service", "period"]), default="dealer", show_default=True)
@click.option("--split", type=_DATE, help="With --by period: before this day and from it on.")
@click.option("--min-n", default=MIN_ANSWERS, show_default=True, help="Groups with fewer answers are not shown.")
def compare_report(rows: list[Row], by: str, split: datetime | None, min_n: int) -> Report:
    """Groups beside each other: brands, models, cities, dealers, channels, segments, product and service, before and after."""
    if (by == "period") != (split is not None):
        raise click.UsageError("--by period and --split go together")
    if split:
        groups = _grouped_by(rows, lambda row: "after" if _since(row, split) else "before")
    else:
        groups = _grouped_by(rows, _speaks_of) if by == "product-service" else _grouped(rows, by)
    found = compare({name: _scores(some) for name, some in groups.items()}, min_n)
    lines = tuple(
        (one.group, one.nps.answers, one.nps.value, one.nps.low, one.nps.high, one.difference, one.p_value, one.stands_out)
        for one in found.groups
    )
    columns = (by, "answers", "nps", "low", "high", "against the rest", "p", "stands out")
    return Report(f"NPS by {by}", columns, lines, (by, "nps"), (f"{found.too_few} groups with fewer than {min_n} answers are left out",))


@_reporting
def solicited(rows: list[Row]) -> Report:
    """Dealers whose scores look asked for."""
    found = flags(Answer(row.dealer, row.score, row.comment, row.minute) for row in rows if row.dealer)
    names = ("top_scores", "empty_praise", "bursts", "same_words")
    lines = tuple((one.dealer, one.answers, *(one.shares[name] for name in names), ", ".join(one.signals), one.flagged) for one in found)
    columns = ("dealer", "answers", *names, "signals", "flagged")
    return Report("Scores that look asked for", columns, lines, ("dealer", "top_scores"), shares=names)


def _segment(kept: bool) -> str:
    """The segment of the cut, '' for everybody. Raises UsageError where layers of another cut would be `kept`."""
    given = click.get_current_context().params
    other = [name for name in DIMENSIONS if given[name] and name != "segment"]
    if kept and other:
        raise click.UsageError(f"layers hold for everybody or for a segment: --save and --write do not go with --{other[0]}")
    return given["segment"] or ""


def _save_layers(
    moved: dict[str, Drift], contrasts_: dict[str, Contrast], found: dict[str, NeedLayer], months: list[date], segment: str
) -> None:
    """Write each tag's layer; one that changed holds from its month on, and names the layer before it."""
    values = []
    for tag, now in found.items():
        drift = moved.get(tag)
        one = drift.after if drift else contrasts_[tag]
        since, previous, p_value = (months[drift.month], drift.layer_before.value, drift.p_value) if drift else (months[0], "", 1.0)
        values.append((tag, segment, since, now.value, previous, *one[1:7], p_value))
    counted = ("complaints", "praises", "penalty", "reward", "penalty_error", "reward_error")
    cut.insert("need_layers", ("tag", "segment", "valid_from", "layer", "previous", *counted, "p_value"), values)


def _dated(path: Path, moved: dict[str, Drift], found: dict[str, NeedLayer], months: list[date], segment: str) -> str:
    """The layers as a file that the coder reads: one that changed has an entry before and one after. What the file at `path`
    holds of other segments stays."""
    kept = read(path).parse(LayerFile).layers if path.exists() else ()
    entries = [(one.tag, one.layer, one.since, one.segment or "") for one in kept if (one.segment or "") != segment]
    for tag, now in found.items():
        if tag in moved:
            entries.append((tag, moved[tag].layer_before, months[0], segment))
        entries.append((tag, now, months[moved[tag].month] if tag in moved else months[0], segment))
    lines = [
        f"tag: {tag}, layer: {layer_.value}, since: {since}" + (f", segment: {json.dumps(of, ensure_ascii=False)}" if of else "")
        for tag, layer_, since, of in entries
    ]
    return "layers:\n" + "".join(f"  - {{{line}}}\n" for line in lines)


def _since(row: Row, split: datetime) -> bool:
    """Whether an answer is of that day or later."""
    return row.minute >= split.replace(tzinfo=UTC).timestamp() / 60


def _speaks_of(row: Row) -> str:
    """Which of the two sides of the experience an answer names: the car itself, or what people do about it."""
    sides = {tag.split(".", 1)[0] in _PRODUCT for tag in (*row.negative, *row.positive)}
    return {(): "neither", (True,): "product", (False,): "service", (False, True): "both"}[tuple(sorted(sides))]


def _names() -> dict[str, str]:
    """The Chinese names of the frame's tags."""
    return {tag.id: tag.names.zh for tag in Frame.load(Settings().codeframe).tags}


def _label(by: str) -> tuple[str, ...]:
    """The columns that say which group it is: a tag has its name beside it."""
    return (by, "name") if by == "tag" else (by,)


def _named(group: str, names: dict[str, str] | None) -> tuple[str, ...]:
    return (group,) if names is None else (group, names.get(group, ""))


def _groups(row: Row, by: str) -> list[str]:
    return sorted({*row.negative, *row.positive}) if by == "tag" else [getattr(row, by) or _NOBODY]


def _grouped(rows: Iterable[Row], by: str) -> dict[str, list[Row]]:
    return _grouped_by(rows, lambda row: str(getattr(row, by) or _NOBODY))


def _grouped_by(rows: Iterable[Row], of: Callable[[Row], str]) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[of(row)].append(row)
    return groups


def _scores(rows: Iterable[Row]) -> Any:
    return np.array([row.score for row in rows], float)
