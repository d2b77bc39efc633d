"""`voc`: every command, loaded only when it is called.

Commands are named here as strings and live beside what they drive, so this module imports nothing of theirs.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import cast

import click

from streams.errors import TingjianError

COMMANDS = {
    "up": "streams.commands.stack:up",
    "demo": "streams.commands.demo:demo",
    "worker": "streams.commands.worker:worker",
    "gateway": "streams.commands.gateway:gateway",
    "tasks": "streams.commands.tasks:tasks",
    "rules": "codeframe.rules.commands:rules",
    "oa-sandbox": "streams.commands.oa_sandbox:oa_sandbox",
    "ingest": "streams.commands.ingest:ingest",
    "context": "streams.commands.context:context",
    "transcribe": "streams.commands.transcribe:transcribe",
    "audio": "streams.commands.audio:audio",
    "watch": "streams.commands.connect:watch",
    "connect": "streams.commands.connect:connect",
    "migrate": "streams.commands.migrate:migrate",
    "dead-letters": "streams.commands.dead_letters:dead_letters",
    "schema": "streams.commands.schema:schema",
    "metrics": "streams.commands.reference:metrics",
    "settings": "streams.commands.reference:settings",
    "topology": "streams.commands.topology:topology",
    "code": "agents.commands.code:code",
    "explain": "codeframe.commands:explain",
    "frame": "codeframe.commands:frame",
    "announce": "agents.commands.announce:announce",
    "train": "codeframe.commands_train:train",
    "graph": "agents.commands.graph:graph",
    "report": "agents.commands.report:report",
}

JOINED = {"train": {"asr": "streams.audio.training.asr:main"}}
"""Commands that join a group which may not know them."""


class LazyGroup(click.Group):
    """A group whose commands are imported on use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = _load(COMMANDS[cmd_name])
        for name, where in JOINED.get(cmd_name, {}).items():
            cast(click.Group, command).add_command(_load(where), name)
        return command


def _load(where: str) -> click.Command:
    module, name = where.split(":")
    return cast(click.Command, getattr(import_module(module), name))


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tingjian")
def voc() -> None:
    """Tingjian (听见): hear, make out, understand and act on what customers say."""


def main() -> None:
    """Run `voc`; an error of ours is one line on stderr and exit code 1."""
    try:
        voc()
    except TingjianError as error:
        click.secho(f"voc: {error}", fg="red", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
