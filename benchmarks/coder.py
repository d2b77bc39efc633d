"""How fast the coder's fast tier is on one core: texts a second, and CPU microseconds a text.

python benchmarks/coder.py                 generated texts, short and of 300 characters
python benchmarks/coder.py FILE            the lines of a text file
python benchmarks/coder.py FILE --column NAME   a column of a CSV file
"""

from __future__ import annotations

import csv
import os
import random
import resource
import time
from datetime import UTC, datetime
from pathlib import Path

import click

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # one core: before numpy is loaded

from codeframe.coder import Coder
from schemas.common import Channel, Span
from schemas.ids import raw_event_id, utterance_id
from schemas.utterance import Language, Utterance

BATCH = 2_000


def utterance(text: str, at: int) -> Utterance:
    """An utterance as the clean step makes it."""
    event, now = raw_event_id("benchmark", str(at)), datetime.now(UTC)
    return Utterance(
        utterance_id=utterance_id(event, 0),
        event_id=event,
        seq=0,
        source="benchmark",
        channel=Channel.SURVEY,
        conversation_id=str(at),
        text=text,
        language=Language.ZH,
        source_span=Span(start=0, end=len(text)),
        fingerprint="0",
        occurred_at=now,
        ingested_at=now,
        cleaned_at=now,
    )


PLAIN = (
    "上周末带家人去郊外转了一圈，来回开了三百多公里，晚上十点才到家。",
    "我是去年十月份买的这台车，平时主要是上下班代步用，一天三十公里左右。",
    "We drove to the lake last weekend with the kids and came back on Sunday night. ",
)
"""What customers say between their opinions."""


def generated(coder: Coder, count: int, characters: int) -> list[str]:
    """Texts of a length: the frame's own examples, every other sentence a plain one."""
    chance = random.Random(1)
    examples = [text for tag in coder.frame.tags for text in (tag.example_in, tag.example_out)]
    texts = []
    for _ in range(count):
        text = chance.choice(examples)
        while len(text) < characters:
            text += chance.choice(PLAIN) + chance.choice(examples)
        texts.append(text[:characters])
    return texts


def measure(coder: Coder, name: str, texts: list[str]) -> None:
    """Print the best of three rounds."""
    utterances = [utterance(text, at) for at, text in enumerate(texts)]
    best, opinions = float("inf"), 0
    for _ in range(3):
        started, opinions = time.process_time(), 0
        for at in range(0, len(utterances), BATCH):
            opinions += sum(len(coding.opinions) for coding in coder.code(utterances[at : at + BATCH]))
        best = min(best, time.process_time() - started)
    size = sum(map(len, texts)) / len(texts)
    rate, each = len(texts) / best, best / len(texts) * 1e6
    print(f"{name}: {len(texts)} texts of {size:.0f} characters, {opinions / len(texts):.2f} opinions a text: ", end="")
    print(f"{rate:,.0f} texts/s, {each:.1f} µs CPU a text")


@click.command()
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--column", help="Column of a CSV file that holds the text.")
@click.option("--frame", default="auto", help="Bundled frame or folder.")
def main(file: Path | None, column: str | None, frame: str) -> None:
    """Measure the fast tier."""
    started = time.process_time()
    coder = Coder.load(frame)
    coder.find(["warm"])
    print(f"cold start: {time.process_time() - started:.2f} s CPU, {len(coder.frame.tags)} tags")
    if file and column:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            measure(coder, file.name, [row[column] for row in csv.DictReader(lines)])
    elif file:
        measure(coder, file.name, file.read_text("utf-8").splitlines())
    else:
        measure(coder, "short", generated(coder, 20_000, 45))
        measure(coder, "long", generated(coder, 4_000, 300))
    print(f"memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


if __name__ == "__main__":
    main()
