"""`voc context FILE...`: load files of business facts about customers."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from schemas.context import ContextEvent
from streams.admin import create_topics
from streams.connectors.context import read_facts
from streams.connectors.envelope import Fault
from streams.connectors.files import Table, open_table
from streams.outbox import Outbox
from streams.settings import Settings

_BATCH = 5_000


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--source", help="Name of the source system; the file's name without extension if not given.")
@click.option("--time-zone", default="Asia/Shanghai", show_default=True, help="Zone of times that say none.")
def context(files: tuple[Path, ...], source: str | None, time_zone: str) -> None:
    """Load orders, deposits, loan decisions, delivery exceptions, repair orders, follow-ups and identity links.

    CSV, TSV, JSONL or XLSX; columns are source_id, customer_id, kind, status, linked_customer_id, order_id, dealer, model and
    occurred_at, or their usual Chinese names. Loading a file again adds nothing twice. Exit code 1 where rows were refused.
    """
    tables = [open_table(path) for path in files]
    refused = asyncio.run(_load(tables, source, ZoneInfo(time_zone), Settings()))
    if refused:
        raise SystemExit(1)


async def _load(tables: list[Table], source: str | None, zone: ZoneInfo, settings: Settings) -> int:
    total = 0
    await create_topics(settings)
    async with Outbox(settings) as outbox:
        for table in tables:
            accepted, refused = 0, 0

            def reject(line: int, faults: tuple[Fault, ...], path: Path = table.path) -> None:
                nonlocal refused
                refused += 1
                click.echo(f"{path}:{line}: {'; '.join(f'{fault.field}: {fault.reason}' for fault in faults)}", err=True)

            facts: list[ContextEvent] = []
            for fact in read_facts(table, source or table.path.stem, zone, datetime.now(UTC), reject):
                facts.append(fact)
                if len(facts) == _BATCH:
                    await outbox.publish(facts)
                    accepted += len(facts)
                    facts.clear()
            await outbox.publish(facts)
            click.echo(f"{table.path}: {accepted + len(facts)} accepted, {refused} refused")
            total += refused
    return total
