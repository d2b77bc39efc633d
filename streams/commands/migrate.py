"""`voc migrate`: bring ClickHouse's schema up to date."""

from __future__ import annotations

import click

from streams.migrate import migrate as apply
from streams.settings import Settings


@click.command()
def migrate() -> None:
    """Create or update the tables and views in ClickHouse. Safe to run twice."""
    applied = apply(Settings())
    for name in applied:
        click.echo(f"applied {name}")
    if not applied:
        click.echo("up to date")
