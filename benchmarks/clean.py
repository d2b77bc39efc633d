"""Time the cleaner on one core: `python -m benchmarks.clean FILE.csv --column content`.

Prints the share of texts with a cue for names or addresses, microseconds a text with and without one, and texts a second.
"""

from __future__ import annotations

import csv
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from time import thread_time

import click

from codeframe.frame import Frame
from codeframe.text.cleaner import Cleaner
from codeframe.text.names import Tagger, lac
from schemas.common import Channel
from schemas.ids import raw_event_id
from schemas.raw_text import RawText

_NOW = datetime(2026, 1, 1, tzinfo=UTC)


class _Counted:
    """A tagger that tells whether it was asked."""

    def __init__(self, tagger: Tagger) -> None:
        self.calls = 0
        self._tagger = tagger

    def __call__(self, text: str) -> list[tuple[str, str]]:
        self.calls += 1
        return list(self._tagger(text))


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--column", default="text", show_default=True, help="The column that holds the text.")
@click.option("--longest", default=200, show_default=True, help="Leave out longer texts, characters.")
def main(file: Path, column: str, longest: int) -> None:
    """Time the cleaner on the texts of a CSV file."""
    with file.open(newline="", encoding="utf-8-sig") as rows:
        texts = [row[column] for row in csv.DictReader(rows) if len(row[column]) <= longest]
    events = [_event(number, text) for number, text in enumerate(texts)]
    tagger = _Counted(lac())
    cleaner = Cleaner.load(Frame.load("auto").entity_names, tagger)
    cleaner.clean(events[:1], _NOW)
    tagger.calls = 0
    seconds = {True: 0.0, False: 0.0}
    texts_by_cue: Counter[bool] = Counter()
    kinds: Counter[str] = Counter()
    for event in events:
        before, began = tagger.calls, thread_time()
        [utterances] = cleaner.clean([event], _NOW)
        took = thread_time() - began
        cued = tagger.calls > before
        seconds[cued] += took
        texts_by_cue[cued] += 1
        kinds.update(redaction.kind for utterance in utterances for redaction in utterance.redactions)
    for cued, count in sorted(texts_by_cue.items()):
        took = seconds[cued] / count
        print(f"{'with' if cued else 'without'} a cue: {count} texts, {took * 1e6:.0f} us a text, {1 / took:.0f} texts/s")
    total = sum(seconds.values())
    print(f"all: {len(events)} texts, {texts_by_cue[True] / len(events):.1%} with a cue, {len(events) / total:.0f} texts/s")
    print("redactions:", dict(kinds))


def _event(number: int, text: str) -> RawText:
    return RawText(
        event_id=raw_event_id("bench", str(number)),
        source="bench",
        source_id=str(number),
        channel=Channel.SURVEY,
        text=text,
        conversation_id=str(number),
        occurred_at=_NOW,
        ingested_at=_NOW,
    )


if __name__ == "__main__":
    main()
