"""`voc audio`: what becomes of stored recordings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click

from streams.audio.objects import AudioStore
from streams.settings import Settings
from streams.sinks.clickhouse import connect

_FORGOTTEN = "ALTER TABLE {table} UPDATE audio_uri = '' WHERE customer_id = {{customer:String}} SETTINGS mutations_sync = 1"


@click.group()
def audio() -> None:
    """Delete stored recordings: of a customer, or those that are too old."""


@audio.command()
@click.argument("customer_id")
def forget(customer_id: str) -> None:
    """Delete all audio of a customer, and what points at it in ClickHouse."""
    settings = Settings()
    click.echo(f"{AudioStore(settings).forget(customer_id)} recordings deleted")
    client = connect(settings.clickhouse)
    for table in ("utterances", "calls"):
        client.command(_FORGOTTEN.format(table=table), parameters={"customer": customer_id})
    client.close()
    click.echo("no utterance or call in ClickHouse points at them any more")


@audio.command()
@click.option("--days", type=click.IntRange(0), help="Days that audio is kept; VOC_AUDIO_RETENTION_DAYS if not given.")
def expire(days: int | None) -> None:
    """Delete audio that is older than its retention."""
    settings = Settings()
    kept = timedelta(days=settings.audio_retention_days if days is None else days)
    click.echo(f"{AudioStore(settings).expire((datetime.now(UTC) - kept).date())} recordings deleted")
