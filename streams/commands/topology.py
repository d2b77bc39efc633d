"""`voc topology`: the map of the system."""

from __future__ import annotations

from pathlib import Path

import click

from streams.app import load_steps
from streams.topology import as_svg, as_text


@click.command()
@click.option("--svg", type=click.Path(path_type=Path), help="Write the map as a picture to this file.")
def topology(svg: Path | None) -> None:
    """Print which step reads and writes which topic, from the steps themselves."""
    steps = load_steps()
    click.echo(as_text(steps))
    if svg is not None:
        svg.write_text(as_svg(steps), "utf-8")
