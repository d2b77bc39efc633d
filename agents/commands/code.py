"""`voc code`: the coder without a stream."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import click

from codeframe.coder import Coder, Coding
from codeframe.commands import FRAME, cleaner_of, clear_errors, open_coder, texts_of
from codeframe.consulting import Consultant
from codeframe.hanlp import HanLP, frame_words, worded
from codeframe.offline import code_texts
from codeframe.recoding import revised
from schemas.coded import CodedUtterance
from streams.chat import open_chat
from streams.errors import configured
from streams.settings import Settings

_AT_ONCE = 64


@click.command()
@click.argument("text", required=False)
@click.option("--file", "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A text file, one text a line.")
@click.option(
    "--tier", type=click.Choice(["fast", "deep", "endpoint"]), default="fast", show_default=True, help="Which coder has the last word."
)
@click.option("--engine", metavar="hanlp:MODEL", help="With --tier deep: a HanLP model that adds opinion words and aspects.")
@FRAME
@clear_errors
def code(text: str | None, file: Path | None, tier: str, engine: str | None, where: str) -> None:
    """Code TEXT, the lines of --file, or standard input (TEXT is -): one JSON line a coded utterance.

    The tier `endpoint` asks the language model of VOC_CODER_ENDPOINT, and keeps to the fast tier where it has no answer that can be
    believed; how often that was is said on standard error.
    """
    if engine and tier != "deep":
        raise click.UsageError("--engine works with --tier deep")
    coder = open_coder(where, "deep" if tier == "deep" else "fast")
    groups = code_texts(coder, cleaner_of(coder.frame), texts_of(text, file), datetime.now(UTC))
    events = (event for group in groups for event in group)
    if tier == "endpoint":
        asyncio.run(_consult(coder, events))
        return
    for event in _worded(engine, coder, events) if engine else events:
        click.echo(event.model_dump_json())


def _worded(engine: str, coder: Coder, events: Iterator[CodedUtterance]) -> Iterator[CodedUtterance]:
    """The events with the words that an engine sees."""
    with configured("--engine", extra="hanlp"):
        model = HanLP(engine, frame_words(coder.frame))
    while batch := list(islice(events, _AT_ONCE)):
        yield from worded(model, batch)


async def _consult(coder: Coder, events: Iterator[CodedUtterance]) -> None:
    """Print the events as the endpoint codes them."""
    async with open_chat(Settings(), "code") as chat:
        if chat is None:
            raise click.ClickException("VOC_CODER_ENDPOINT is not set: http(s)://HOST/v1#MODEL")
        consultant = Consultant(chat.model, chat.complete)
        while batch := list(islice(events, _AT_ONCE)):
            for event, coding in zip(batch, await consultant.code(coder, batch), strict=True):
                if isinstance(coding, Coding):
                    event = revised(event, coding, event.coded_at)  # noqa: PLW2901
                else:
                    click.echo(f"the fast tier's word stands: {coding or 'no answer'}", err=True)
                click.echo(event.model_dump_json())
