"""`voc transcribe`: hear recordings without Kafka, and print what was said."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import orjson

from schemas.common import Speaker
from streams.errors import AudioError
from streams.settings import Settings

_WRITER = "codeframe.heard.transcript"  # by name: streams imports no codeframe
EXIT_REFUSED = 1


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--roles", default="", help="Speaker of each channel, as agent,customer. A stereo call is taken as that, a mono one as unknown."
)
@click.option("--language", help="What is spoken, zh or en; else the engine finds out.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object a stretch of speech.")
def transcribe(files: tuple[Path, ...], roles: str, language: str | None, as_json: bool) -> None:
    """Hear recordings and print who said what and when. Nothing is sent anywhere, unless VOC_ASR names an endpoint.

    Exit code 1 if a file is no recording that can be used.
    """
    hearing, writer = _open(Settings())
    refused = False
    for path in files:
        try:
            for line in _lines(path, hearing, writer, _roles(roles), language):
                click.echo(orjson.dumps(line).decode() if as_json else _human(line))
        except AudioError as error:
            click.secho(f"{path}: {error}", fg="red", err=True)
            refused = True
    if refused:
        raise click.exceptions.Exit(EXIT_REFUSED)


def _open(settings: Settings) -> tuple[Any, Any]:
    writer = import_module(_WRITER).Writer.of(settings.codeframe)
    return import_module("streams.audio.hearing").Hearing(settings, writer.hot_words), writer


def _roles(given: str) -> tuple[Speaker, ...]:
    try:
        return tuple(Speaker(name.strip()) for name in given.split(",") if name.strip())
    except ValueError:
        raise click.BadParameter(f"expected names of {', '.join(Speaker)}", param_hint="--roles") from None


def _lines(path: Path, hearing: Any, writer: Any, roles: tuple[Speaker, ...], language: str | None) -> Iterator[dict[str, Any]]:
    with path.open("rb") as file:
        call = hearing.hear_file(file, roles, language, writer.words)
    for turn in call.turns:
        text, changes = writer.correct(turn.text)
        line = {
            "file": str(path),
            "role": turn.role.value,
            "channel": turn.channel,
            "start_ms": turn.start_ms,
            "end_ms": turn.end_ms,
            "text": text,
            "confidence": None if turn.confidence is None else round(turn.confidence, 3),
            "engine": hearing.engine.name,
        }
        yield line | ({"heard": turn.text} if changes else {})


def _human(line: dict[str, Any]) -> str:
    minutes, seconds = divmod(line["start_ms"] / 1000, 60)
    return f"{minutes:02.0f}:{seconds:04.1f} {line['role']:<8} {line['text']}"
