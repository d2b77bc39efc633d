"""`voc rules`: check task rules, and try them on history before anyone is bothered by them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import click
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from codeframe.errors import FrameError
from codeframe.frame import Frame
from codeframe.rules.lint import lint as problems_of
from codeframe.rules.load import RuleSet, load_rules
from codeframe.rules.scope import bucket_start
from codeframe.rules.trial import Trial, try_rules
from schemas.coded import CodedUtterance

_MOST_SHOWN = 20
_FOLDER = click.option(
    "--rules",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of rules; else the bundled ones.",
)
_FRAME = click.option("--frame", "where", default="auto", show_default=True, help="Bundled code frame, or a folder.")


@click.group()
def rules() -> None:
    """Check task rules, and try them on history."""


@rules.command()
@_FOLDER
@_FRAME
def lint(folder: Path | None, where: str) -> None:
    """Check rules and routing. Exit code 1 if something is wrong."""
    rule_set, frame = _load(folder, where)
    problems = problems_of(rule_set, frame)
    for problem in problems:
        click.echo(problem)
    if problems:
        raise SystemExit(1)
    click.echo(f"{len(rule_set.rules)} rules, version {rule_set.version}: nothing to mend")


@rules.command("try")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_FOLDER
@_FRAME
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def try_(files: tuple[Path, ...], folder: Path | None, where: str, as_json: bool) -> None:
    """Say what the rules would have done with coded utterances: JSON Lines of voc.coded.v1, as `voc code` writes, or .gz."""
    rule_set, frame = _load(folder, where)
    trial = try_rules(rule_set, frame, _read(files))
    if as_json:
        click.echo(json.dumps(_as_json(trial), ensure_ascii=False, indent=2))
    else:
        _print(trial)


def _load(folder: Path | None, where: str) -> tuple[RuleSet, Frame]:
    try:
        return load_rules(folder), Frame.load(where)
    except FrameError as error:
        raise click.ClickException(str(error)) from None


def _read(files: tuple[Path, ...]) -> Iterator[CodedUtterance]:
    for file in files:
        with gzip.open(file, "rb") if file.suffix == ".gz" else file.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    yield CodedUtterance.model_validate_json(line)
                except ValidationError as error:
                    first = error.errors(include_url=False, include_input=False)[0]
                    field = ".".join(map(str, first["loc"])) or "line"
                    raise click.ClickException(f"{file}:{number}: {field}: {first['msg']}") from None


def _as_json(trial: Trial) -> dict[str, object]:
    return {
        "days": round(trial.days, 1),
        "rules": {name: {"delivered": delivered, "muted": muted} for name, (delivered, muted) in sorted(trial.by_rule().items())},
        "alarms": [
            {"rule": rule.id, "at": bucket_start(alarm.window + 1, rule.window).isoformat(), **alarm._asdict(), "muted": muted}
            for rule, alarm, muted in trial.alarms
        ],
        "tasks": [task.model_dump(mode="json", exclude_none=True) for task in trial.tasks],
    }


def _print(trial: Trial) -> None:
    console = Console()
    table = Table("rule", "delivered", "muted", "delivered a week", title=f"{trial.days:.0f} days of history")
    for name, (delivered, muted) in sorted(trial.by_rule().items()):
        table.add_row(name, str(delivered), str(muted), f"{delivered * 7 / trial.days:.1f}")
    console.print(table)
    shown = Table("when", "rule", "tag", "scope", "opinions", "expected")
    for rule, alarm, _ in [one for one in trial.alarms if not one[2]][-_MOST_SHOWN:]:
        at = bucket_start(alarm.window + 1, rule.window)
        shown.add_row(f"{at:%Y-%m-%d %H:%M}", rule.id, alarm.tag, " ".join(alarm.scope), str(alarm.opinions), f"{alarm.expected:.1f}")
    for task in [one for one in trial.tasks if not one.muted][-_MOST_SHOWN:]:
        shown.add_row(f"{task.created_at:%Y-%m-%d %H:%M}", task.rule, task.tag, " ".join(task.scope.values()), "1", "")
    console.print(shown)
