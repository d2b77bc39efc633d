"""`python -m benchmarks`: every speed figure, in one table and in build/bench.json. Needs Java 17, Maven and the extra `bench`.

Each part runs in a process of its own within a time of its own, so that one that fails, hangs or lacks an extra costs only
its own figures. What a part's module must have: `measure(short, say)`, which returns figures by name, and `rows(figures)`,
the lines of the table that tell of them.
"""

from __future__ import annotations

import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import click
from rich.console import Console
from rich.table import Table


class Part(NamedTuple):
    """A module of this package, and the seconds that its short and its long form may take."""

    module: str
    short_s: float
    long_s: float


PARTS = {
    "framework": Part("benchmarks.framework", 210, 3_600),
    "pipeline": Part("benchmarks.pipeline", 240, 14_400),
    "scaling": Part("benchmarks.scaling", 90, 600),
    "coder": Part("benchmarks.coder", 60, 600),
    "voice": Part("benchmarks.calls", 90, 600),
}


@click.command()
@click.option("--short", is_flag=True, help="At most ten minutes.")
@click.option("--part", "parts", type=click.Choice(list(PARTS)), multiple=True, help="Only this; may be given several times.")
@click.option("--output", type=click.Path(path_type=Path), default=Path("build/bench.json"), show_default=True)
@click.option("--inside", hidden=True, help="Measure by this module in this process, and write its figures only.")
def main(short: bool, parts: tuple[str, ...], output: Path, inside: str | None) -> None:
    """Measure. The exit code is 1 if a part failed."""
    if inside:
        write(measured(inside, short), output)
        return
    figures: dict[str, Any] = {"date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", "machine": machine()}
    failed: dict[str, str] = {}
    for name in parts or PARTS:
        found = run(PARTS[name], short)
        if reason := found.pop("failed", None):
            failed[name] = reason
        figures |= found
        write(figures | {"load": os.getloadavg(), "failed": failed}, output)
    show(parts or PARTS, figures, failed, Console())
    sys.exit(1 if failed else 0)


def measured(module: str, short: bool) -> dict[str, Any]:
    """What a module measures, or why it could not, as `failed`."""
    try:
        figures: dict[str, Any] = import_module(module).measure(short, Console(stderr=True, highlight=False).print)
    except Exception as error:
        traceback.print_exc()
        missing = isinstance(error, ModuleNotFoundError) and error.name
        return {"failed": f"needs {missing}: make bench installs it" if missing else f"{type(error).__name__}: {error}"}
    return figures


def run(part: Part, short: bool) -> dict[str, Any]:
    """The figures of a part, measured in a process of its own; why there are none, as `failed`."""
    limit = part.short_s if short else part.long_s
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "figures.json"
        argv = (sys.executable, "-m", "benchmarks", "--inside", part.module, "--output", str(output), *(("--short",) if short else ()))
        process = subprocess.Popen(argv, start_new_session=True)  # noqa: S603
        try:
            code = process.wait(limit)
        except subprocess.TimeoutExpired:
            return {"failed": f"not done after {limit:g} s"}
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        figures: dict[str, Any] = json.loads(output.read_text()) if output.exists() else {"failed": f"exit code {code}"}
        return figures


def machine() -> str:
    """Processor, cores, Python."""
    model = next((line.split(":")[1].strip() for line in _cpuinfo() if line.startswith("model name")), platform.machine())
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f} at the start"


def _cpuinfo() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.exists() else []


def write(figures: dict[str, Any], output: Path) -> None:
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n")


def show(parts: Iterable[str], figures: dict[str, Any], failed: Mapping[str, str], console: Console) -> None:
    """The figures for people."""
    table = Table("what", "figure", title=f"{figures['date']}, {figures['machine']}", title_justify="left")
    for name in parts:
        if name in failed:
            table.add_row(f"[red]{name} failed[/]", failed[name])
        else:
            for row in import_module(PARTS[name].module).rows(figures):
                table.add_row(*row)
    console.print(table)


if __name__ == "__main__":
    main()
