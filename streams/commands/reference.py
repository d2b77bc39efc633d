"""`voc metrics` and `voc settings`: tables for the documentation, made from the code that they describe."""

from __future__ import annotations

import click
from prometheus_client import REGISTRY
from pydantic_core import PydanticUndefined

import streams.metrics  # noqa: F401 - registers what is listed
from streams.settings import Settings


def metrics_table() -> str:
    """Every metric of ours as a Markdown table."""
    ours = [one for one in REGISTRY.collect() if one.name.startswith("voc_")]
    rows = [f"| `{one.name}{'_total' if one.type == 'counter' else ''}` | {one.type} | {one.documentation} |" for one in ours]
    return "\n".join(["| metric | type | meaning |", "|---|---|---|", *sorted(rows)])


def settings_table() -> str:
    """Every setting as a Markdown table."""
    prefix = Settings.model_config["env_prefix"]
    rows = []
    for name, field in Settings.model_fields.items():
        default = "" if field.default in {PydanticUndefined, None} else str(field.default)
        rows.append(f"| `{prefix}{name.upper()}` | {f'`{default}`' if default else ''} | {field.description} |")
    return "\n".join(["| variable | default | meaning |", "|---|---|---|", *rows])


@click.command()
def metrics() -> None:
    """Print every metric: its name, type and meaning."""
    click.echo(metrics_table())


@click.command("settings")
def settings() -> None:
    """Print every setting: its environment variable, default and meaning."""
    click.echo(settings_table())
