"""`voc ingest FILE...`: load files of feedback."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from schemas.common import Channel
from streams.admin import create_topics
from streams.connectors.files import Row, Table, open_table
from streams.connectors.loading import Counts, Rejects, load_table
from streams.connectors.mapping import Mapping, load_mapping
from streams.connectors.plan import Plan, plan_table
from streams.errors import ConfigurationError, DeliveryError
from streams.outbox import Outbox
from streams.settings import Settings

EXIT_REJECTED = 1
EXIT_UNUSABLE = 2


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--channel", type=click.Choice([str(channel) for channel in Channel]), help="Class of channel; the mapping's if not given.")
@click.option("--source", help="Name of the source system; the mapping's, else the file's name without extension, if not given.")
@click.option(
    "--mapping", type=click.Path(path_type=Path), help="YAML that says which column is what; headers are recognised if not given."
)
@click.option("--kafka", help="Kafka bootstrap servers; VOC_KAFKA if not given.")
@click.option(
    "--rejects", type=click.Path(path_type=Path), default=Path("rejects.jsonl"), show_default=True, help="File for rejected rows."
)
def ingest(
    files: tuple[Path, ...], channel: str | None, source: str | None, mapping: Path | None, kafka: str | None, rejects: Path
) -> None:
    """Load files of feedback: CSV, TSV, JSONL or XLSX; UTF-8, with or without BOM, or GB18030; or folders of recordings.

    A folder's recordings are stored and sent to be heard; a sidecar NAME.json or a call list in the folder says what is known of each.

    Loading a file again adds nothing twice: a row's id is its id column's, else comes from its content. Without --source
    the file's name is part of the id, so name the source if the same rows may come in files of other names.
    Public opinion carries no customer identity: columns of authors are left out.

    Exit code: 0 all rows accepted, 1 some rejected (or Kafka is away), 2 a file or mapping is unusable, and then nothing was sent.
    """
    settings = Settings(kafka=kafka) if kafka else Settings()
    try:
        rules = load_mapping(mapping) if mapping else Mapping()
        chosen = choose_channel(channel, rules)
        folders = [path for path in files if path.is_dir()]
        tables = [open_table(path) for path in files if path not in folders]
        work = [(table, plan_table(table, chosen, source, rules)) for table in tables]
        counts = asyncio.run(_load(work, settings, rejects)) if work else Counts()
        if folders:
            from streams.commands.ingest_calls import ingest_folders  # noqa: PLC0415 - needs the extra `voice`

            counts.add(ingest_folders(folders, chosen, source or rules.source, settings))
    except DeliveryError as error:
        raise DeliveryError(f"{error}: run the same again, nothing is added twice") from error
    except ConfigurationError as error:
        click.secho(f"voc: {error}", fg="red", err=True)
        raise click.exceptions.Exit(EXIT_UNUSABLE) from error
    if counts.rejected and work:
        click.secho(f"{counts.rejected:,} rejected rows are in {rejects}, with line, field and reason", fg="yellow", err=True)
    if counts.rejected:
        raise click.exceptions.Exit(EXIT_REJECTED)


def choose_channel(given: str | None, mapping: Mapping) -> Channel:
    """The channel that the call or the mapping names. Raises ConfigurationError if neither does."""
    if given is not None:
        return Channel(given)
    if mapping.channel is None:
        raise ConfigurationError(f"--channel: give one of {', '.join(Channel)}, here or in the mapping")
    return mapping.channel


async def _load(work: Sequence[tuple[Table, Plan]], settings: Settings, rejects: Path) -> Counts:
    total = Counts()
    console = Console(stderr=True)
    await create_topics(settings)
    with Rejects(rejects) as rejected, _progress(console) as progress:
        async with Outbox(settings) as outbox:
            for table, plan in work:
                if "occurred_at" not in plan.rules:
                    click.echo(f"{table.path}: no column says when; its rows get the time of the file's last change", err=True)
                task = progress.add_task(table.path.name, total=table.lines or None)
                counts = await load_table(table, plan, outbox, rejected, partial(_advance, progress, task))
                progress.update(task, completed=table.lines or counts.rows, total=table.lines or counts.rows)
                click.echo(f"{table.path}: {counts}; source {plan.source}, channel {plan.channel}")
                total.add(counts)
    if len(work) > 1:
        click.echo(f"total: {total}")
    return total


def _advance(progress: Progress, task: TaskID, row: Row) -> None:
    progress.update(task, completed=row.line)


def _progress(console: Console) -> Progress:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    return Progress(*columns, console=console, disable=not console.is_terminal)


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed or 0
        return Text(f"{speed:,.0f} rows/s")
