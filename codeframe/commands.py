"""`voc explain` and `voc frame`: the code frame and the coder, offline."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import ParamSpec

import click
from rich.console import Console
from rich.table import Table
from rich.tree import Tree

from codeframe.causes.definition import Area, Steps
from codeframe.coder import Coder
from codeframe.coverage import coverage as measure
from codeframe.coverage import said
from codeframe.definition import Branch, Crosswalk, Data, Header, PointMatrix, Spellings
from codeframe.diff import diff as diff_frames
from codeframe.diff import moved
from codeframe.errors import FrameError
from codeframe.examples import held_out, read_examples
from codeframe.explain import explain as explain_text
from codeframe.frame import Frame
from codeframe.lint import lint as lint_frame
from codeframe.offline import code_texts
from codeframe.picture import draw
from codeframe.scoring import Score, Scorer, ScoringError
from codeframe.suggest import suggest as suggestions
from codeframe.text.cleaner import Cleaner
from schemas.coded import CodedUtterance, Tier

P = ParamSpec("P")

FRAME = click.option("--frame", "where", default="auto", show_default=True, help="Bundled code frame, or a folder.")
_TIER = click.option("--tier", type=click.Choice(["fast", "deep"]), default="fast", show_default=True, help="Which coder.")
_MOST_SHOWN = 40


def open_coder(where: str, tier: str) -> Coder:
    """The coder of a tier. Raises ClickException where the tier is not installed."""
    try:
        return Coder.load(where, Tier(tier))
    except ImportError as error:
        raise click.ClickException(f"{error.name} is not installed: pip install 'tingjian[deep]'") from error


def clear_errors(command: Callable[P, None]) -> Callable[P, None]:
    """Show what is wrong with a frame or a file as one line."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except (FrameError, ScoringError) as error:
            raise click.ClickException(str(error)) from None

    return run


def texts_of(text: str | None, file: Path | None) -> Iterator[str]:
    """A text, the lines of a file, or those of standard input."""
    if (text is None) == (file is None):
        raise click.UsageError("give a TEXT, or --file FILE, or - for standard input")
    if file:
        yield from _lines(_readable(file))
    elif text == "-":
        yield from (line for line in map(str.strip, sys.stdin) if line)
    elif text is not None:
        yield text


def _readable(file: Path) -> str:
    """The text of a file. Raises ClickException with the line that is not UTF-8."""
    data = file.read_bytes()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise click.ClickException(f"{file}:{line}: is not UTF-8; save the file as UTF-8") from None


def _lines(text: str) -> list[str]:
    return [line for line in map(str.strip, text.splitlines()) if line]


def cleaner_of(frame: Frame) -> Cleaner:
    """What cleans texts before they are coded by a frame."""
    return Cleaner.load(frame.entity_names)


@click.command()
@click.argument("text")
@FRAME
@clear_errors
def explain(text: str, where: str) -> None:
    """Say why TEXT gets its tags, in colour."""
    explain_text(Coder.load(where), text, Console())


@click.group()
def frame() -> None:
    """Look after a code frame."""


frame.add_command(explain)


@frame.command()
@click.argument("where", default="auto")
@click.option(
    "--examples", is_flag=True, help="Also code each tag's two examples by words alone, and name tags of which customers say nothing."
)
@clear_errors
def lint(where: str, examples: bool) -> None:
    """Check a frame; the exit code is 1 where something is to be mended."""
    findings = lint_frame(where, examples)
    for finding in findings:
        click.echo(str(finding))
    click.echo(f"{len(findings)} to mend")
    sys.exit(bool(findings))


@frame.command()
@click.argument("where", default="auto")
@clear_errors
def tree(where: str) -> None:
    """Print a frame's tags as a tree."""
    loaded = Frame.load(where)
    root = Tree(f"[bold]{loaded.version}[/] {loaded.header.names.zh}, {len(loaded.tags)} tags")
    nodes: dict[str, Tree] = {}
    for branch in loaded.branches:
        if branch.branch not in nodes:
            nodes[branch.branch] = root.add(f"[bold]{branch.branch}[/] {branch.names.zh} / {branch.names.en}")
        for tag in branch.tags:
            nodes[branch.branch].add(f"{tag.id.partition('.')[2]}  [dim]{tag.names.zh} / {tag.names.en}[/]")
    Console().print(root)


@frame.command()
@click.argument("tag")
@FRAME
@clear_errors
def show(tag: str, where: str) -> None:
    """Print one tag of a frame as JSON, with what customers say of it."""
    loaded = Frame.load(where)
    if tag not in loaded.by_id:
        near = [known for known in loaded.by_id if tag in known or known.startswith(tag.rpartition(".")[0] + ".")]
        raise click.ClickException(f"{loaded.version} has no tag {tag}" + (f"; near it are {', '.join(near[:8])}" if near else ""))
    shown = loaded.by_id[tag].model_dump(mode="json", exclude_defaults=True)
    if said := [{"zh": one.zh, "en": one.en} for one in read_examples(loaded) if one.tag == tag]:
        shown["examples"] = said
    click.echo(json.dumps(shown, ensure_ascii=False, indent=2))


@frame.command()
@click.argument("old")
@click.argument("new")
@click.option("--sample", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A text file: also print its lines that move.")
@clear_errors
def diff(old: str, new: str, sample: Path | None) -> None:
    """Print what changed from frame OLD to frame NEW."""
    before, after = Frame.load(old), Frame.load(new)
    for change in diff_frames(before, after):
        click.echo(f"{change.kind:<9} {change.tag}" + (f"  {change.detail}" if change.detail else ""))
    if sample:
        for text, gone, come in moved(Coder.load(old), Coder.load(new), _lines(_readable(sample))):
            click.echo(f"{text}\n    " + " ".join([*(f"-{tag}" for tag in gone), *(f"+{tag}" for tag in come)]))


@frame.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@_TIER
@FRAME
@clear_errors
def coverage(file: Path, as_json: bool, tier: str, where: str) -> None:
    """Say how much of FILE, one text a line, the frame covers."""
    coder = open_coder(where, tier)
    found = measure(coder.frame, _events(coder, file))
    if as_json:
        shown = {"utterances": found.utterances, "covered": found.covered, "share": found.share, "unsure": found.unsure}
        click.echo(json.dumps({**shown, "tags": dict(found.tags.most_common()), "unused": found.unused}, ensure_ascii=False))
        return
    click.echo(f"{found.covered} of {found.utterances} utterances have a tag ({found.share:.1%}); the coder is unsure of {found.unsure}")
    for name, counts in (("branch", found.branches()), ("tag", found.tags)):
        for label, count in counts.most_common(_MOST_SHOWN):
            click.echo(f"{count:>7}  {name} {label}")
    click.echo(f"{len(found.unused)} of {len(coder.frame.tags)} tags were never given")


@frame.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--most", default=10, show_default=True, help="At most so many groups.")
@FRAME
@clear_errors
def suggest(file: Path, most: int, where: str) -> None:
    """Group what no word of the frame covers in FILE, one text a line: new tags or terms to consider.

    A model's guess does not count as covered: it knows only what is like the words that it learned.
    """
    events = said(_events(Coder(Frame.load(where)), file))
    uncoded = [event.text for event in events if not event.opinions]
    for found in suggestions(uncoded, most):
        click.echo(f"{found.size} utterances: " + ", ".join(found.words))
        for verbatim in found.verbatims:
            click.echo(f"    {verbatim}")
    click.echo(f"{len(uncoded)} of {len(events)} utterances have no tag by words")


def _events(coder: Coder, file: Path) -> list[CodedUtterance]:
    texts = _lines(_readable(file))
    return [event for events in code_texts(coder, cleaner_of(coder.frame), texts, datetime.now(UTC)) for event in events]


@frame.command()
def schema() -> None:
    """Print the JSON Schemas of a frame's YAML files."""
    files: dict[str, type[Data]] = {
        "frame.yaml": Header,
        "points.yaml": PointMatrix,
        "tags/*.yaml": Branch,
        "spellings.yaml": Spellings,
        "crosswalks/*.yaml": Crosswalk,
        "causes/steps.yaml": Steps,
        "causes/*.yaml": Area,
    }
    click.echo(json.dumps({name: model.model_json_schema() for name, model in files.items()}, ensure_ascii=False, indent=2))


@frame.command()
@click.argument("file", type=click.Path(exists=True, path_type=Path))
@click.option("--crosswalk", required=True, help="How the file's codes map to tags: a file of the frame's crosswalks folder, or tags.")
@_TIER
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--picture", type=click.Path(dir_okay=False, path_type=Path), help="Also draw the score into this .png or .svg file.")
@FRAME
@clear_errors
def score(file: Path, crosswalk: str, tier: str, as_json: bool, picture: Path | None, where: str) -> None:
    """Score the coder on a labelled CSV or TSV FILE; with --crosswalk tags, a frame's examples folder stands for those held out."""
    if picture and picture.suffix not in {".png", ".svg"}:
        raise click.BadParameter(f"{picture}: expected a name that ends in .png or .svg", param_hint="--picture")
    coder = open_coder(where, tier)
    rows = [one._asdict() for one in held_out(read_examples(coder.frame))] if file.is_dir() else _rows(file)
    result = Scorer(coder, cleaner_of(coder.frame), datetime.now(UTC)).score(crosswalk, rows)
    if picture:
        _draw(result, picture)
    if as_json:
        click.echo(json.dumps(result.as_json(), ensure_ascii=False))
    else:
        _print_score(result)


def _rows(file: Path) -> list[dict[str, str]]:
    lines = _readable(file).splitlines(keepends=True)
    if file.suffix == ".tsv":  # a quotation mark is one
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    return list(csv.DictReader(lines))


def _draw(score: Score, picture: Path) -> None:
    try:
        draw(score, picture)
    except ImportError as error:
        raise click.ClickException(f"{error.name} is not installed: pip install 'tingjian[report]'") from error


def _print_score(result: Score) -> None:
    console = Console()
    table = Table("code", "precision", "recall", "F1", "count", title=f"{result.crosswalk}, {result.texts} texts")
    for label, row in list(result.labels.items())[:_MOST_SHOWN]:
        table.add_row(label, f"{row.precision:.3f}", f"{row.recall:.3f}", f"{row.f1:.3f}", str(row.actual))
    console.print(table)
    for missed, wrong, count in result.confusions[:10]:
        console.print(f"{count:>5}  {missed} taken for {wrong}")
    for one in result.reliability:
        console.print(f"{one.size:>5}  guesses of confidence {one.confidence:.2f}: {one.right:.2f} right")
    if result.twice:
        console.print(f"{result.twice} texts are labelled twice, kappa {result.kappa:.2f}")
    for name, value in result.metrics.items():
        console.print(f"[bold]{name} {value:.3f}[/]")
