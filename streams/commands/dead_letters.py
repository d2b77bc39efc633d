"""`voc dead-letters`: what no step could use, and sending it back."""

from __future__ import annotations

import asyncio
import json
import sys

import click
from rich.console import Console
from rich.table import Table

from schemas.dead_letter import Reason
from streams.dead_letters import Selection, read, replay, replayable
from streams.errors import ConfigurationError
from streams.settings import Settings


@click.group("dead-letters")
def dead_letters() -> None:
    """List, show and replay records that no step could use."""


@dead_letters.command("list")
@click.option("--step", help="Only of this step.")
@click.option("--reason", type=click.Choice([reason.value for reason in Reason]), help="Only for this reason.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def list_(step: str | None, reason: str | None, as_json: bool) -> None:
    """List dead letters, oldest first."""
    letters = asyncio.run(read(Settings(), Selection(step, reason)))
    if as_json:
        for letter in letters:
            click.echo(letter.model_dump_json(exclude={"value", "key"}))
        return
    table = Table("id", "failed at", "step", "reason", "from", "bytes", "what to fix")
    for letter in letters:
        place = f"{letter.topic}[{letter.partition}]@{letter.offset}"
        row = (str(letter.dead_letter_id)[:8], f"{letter.failed_at:%m-%d %H:%M:%S}", letter.step, letter.reason.value, place)
        table.add_row(*row, str(len(letter.value or b"")), letter.detail)
    Console().print(table)
    click.echo(f"{len(letters)} dead letters")


@dead_letters.command()
@click.argument("id")
@click.option("--raw", is_flag=True, help="Write the original bytes, which may be a customer's words, to stdout.")
def show(id: str, raw: bool) -> None:
    """Show the dead letter whose id begins with ID."""
    letters = asyncio.run(read(Settings(), Selection(id=id)))
    if len(letters) != 1:
        raise ConfigurationError(f"{len(letters)} dead letters have an id that begins with {id!r}: see `voc dead-letters list`")
    if raw:
        sys.stdout.buffer.write(letters[0].value or b"")
    else:
        click.echo(json.dumps(json.loads(letters[0].model_dump_json(exclude={"value", "key"})), indent=2, ensure_ascii=False))


@dead_letters.command("replay")
@click.option("--policy", type=click.Choice(["all", "step", "reason", "id"]), required=True, help="Which letters: see below.")
@click.option("--step", help="With --policy step.")
@click.option("--reason", type=click.Choice([reason.value for reason in Reason]), help="With --policy reason.")
@click.option("--id", "id_", help="With --policy id.")
@click.option("--dry-run", is_flag=True, help="Only say how many.")
def replay_(policy: str, step: str | None, reason: str | None, id_: str | None, dry_run: bool) -> None:
    """Send original bytes back to the topics that they came from.

    Policies: `all`; `step`, those of one step; `reason`, those of one reason; `id`, a single one. Replaying is safe to
    repeat: ids are deterministic. What is still bad becomes the same kind of dead letter again, at its new position.
    """
    wanted = {"all": "", "step": step, "reason": reason, "id": id_}[policy]
    if wanted is None:
        raise ConfigurationError(f"--policy {policy} needs --{policy}")
    settings = Settings()
    chosen = Selection(step if policy == "step" else None, reason if policy == "reason" else None, id_ if policy == "id" else None)
    letters = asyncio.run(read(settings, chosen))
    count = len(replayable(settings, letters)) if dry_run else asyncio.run(replay(settings, letters))
    click.echo(f"{'would replay' if dry_run else 'replayed'} {count} of {len(letters)} dead letters")
    if count < len(letters):
        click.echo("the others carry no value, or came from a topic of the company's own, which is read again by `voc connect`")
