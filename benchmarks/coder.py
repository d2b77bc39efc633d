"""How fast the coder's fast tier is on one core: texts a second, and CPU microseconds a text; peers beside it in `make bench`.

python -m benchmarks.coder                 generated texts, short and of 300 characters
python -m benchmarks.coder FILE            the lines of a text file
python -m benchmarks.coder FILE --column NAME   a column of a CSV file

The peers do less: jieba and scikit-learn name one tag a text, HanLP's trie finds terms. Neither tells spans, feelings, points or causes.
"""

from __future__ import annotations

import csv
import os
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # one core: before numpy is loaded

from codeframe.causes.attribution import Attributor, Situation
from codeframe.causes.clues import Clue
from codeframe.coder import Coder
from schemas.coded import Cause, Tier
from schemas.common import Channel, Span
from schemas.ids import raw_event_id, utterance_id
from schemas.utterance import Language, Utterance
from streams.commands.worker import collect_seldom

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


def cost(work: Callable[[list[Any]], object], items: list[Any], rounds: int = 3) -> float:
    """CPU seconds an item, by the best of some rounds over batches as a worker gets them."""
    best = float("inf")
    for _ in range(rounds):
        started = time.process_time()
        for at in range(0, len(items), BATCH):
            work(items[at : at + BATCH])
        best = min(best, time.process_time() - started)
    return best / len(items)


class NoCauses(Attributor):
    """Names no causes, to tell what naming them costs."""

    def clues(self, situations: Sequence[Situation]) -> list[dict[int, list[Clue]]]:
        return [{} for _ in situations]

    def causes(self, tag: str, clues: dict[int, list[Clue]], situation: Situation) -> tuple[Cause, ...]:
        return ()


def attribution_us(coder: Coder, texts: list[str]) -> float:
    """CPU microseconds that naming causes adds to an opinion."""
    utterances = [utterance(text, at) for at, text in enumerate(texts)]
    without = Coder(coder.frame, attributor=NoCauses(coder.attributor.graph))
    opinions = sum(len(coding.opinions) for coding in coder.code(utterances))
    return (cost(coder.code, utterances, 5) - cost(without.code, utterances, 5)) * len(texts) / opinions * 1e6


def tell(coder: Coder, name: str, texts: list[str]) -> None:
    """Print what coding these texts costs."""
    utterances = [utterance(text, at) for at, text in enumerate(texts)]
    each = cost(coder.code, utterances)
    opinions = sum(len(coding.opinions) for coding in coder.code(utterances)) / len(texts)
    size = sum(map(len, texts)) / len(texts)
    print(f"{name}: {len(texts)} texts of {size:.0f} characters, {opinions:.2f} opinions a text: ", end="")
    print(f"{1 / each:,.0f} texts/s, {each * 1e6:.1f} µs CPU a text")


_START = "import resource; from codeframe.coder import Coder; Coder.load('auto').find(['刹车异响'] * 2_000); " + (
    "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)"
)


def measure(short: bool, say: Callable[[str], None]) -> dict[str, Any]:
    """`coder`: texts a second of the fast tier, cold start of a process in seconds, its memory in MiB,
    CPU microseconds of naming causes an opinion; texts a second of peers."""
    started = time.monotonic()
    memory = int(subprocess.run([sys.executable, "-c", _START], check=True, capture_output=True).stdout)  # noqa: S603
    cold = time.monotonic() - started
    coder, count = Coder.load("auto"), 4_000 if short else 20_000
    collect_seldom()  # as a worker does
    brief, long = generated(coder, count, 45), generated(coder, count // 5, 300)
    rates = [round(1 / cost(coder.code, [utterance(text, at) for at, text in enumerate(texts)])) for texts in (brief, long)]
    figures: dict[str, float] = {
        "texts_per_s_short": rates[0],
        "texts_per_s_long": rates[1],
        "memory_mib": memory,
        "cold_start_s": round(cold, 2),
    }
    figures["attribution_us"] = round(attribution_us(coder, brief), 1)
    say(f"coder {figures}")
    peers = []
    for name, work in peers_of(coder):
        some = brief[:200] if name == "deep tier" else brief[:4_000]
        peers.append({"peer": name, "texts_per_s_short": round(1 / cost(work, some, 1))})
        say(f"{peers[-1]}")
    return {"coder": {**figures, "peers": peers}}


def rows(figures: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Lines of the table."""
    one = figures["coder"]
    yield "coder, fast tier, full output", f"{one['texts_per_s_short']:,} short texts/s, {one['texts_per_s_long']:,} of 300 characters/s"
    yield "coder, a process", f"{one['cold_start_s']} s cold start, {one['memory_mib']} MiB"
    yield "coder, causes", f"{one['attribution_us']} µs CPU an opinion, of the above"
    for peer in one["peers"]:
        yield f"coder, beside it: {peer['peer']}", f"{peer['texts_per_s_short']:,} short texts/s"


def peers_of(coder: Coder) -> Iterator[tuple[str, Callable[[list[str]], object]]]:
    """What others would use for the same texts."""
    import jieba  # noqa: PLC0415 - the extra bench
    from hanlp_trie import TrieDict  # noqa: PLC0415
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415
    from sklearn.linear_model import SGDClassifier  # noqa: PLC0415
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415

    jieba.initialize()
    tags = coder.frame.tags
    linear = make_pipeline(TfidfVectorizer(tokenizer=jieba.lcut, token_pattern=None), SGDClassifier(random_state=1))
    linear.fit([tag.example_in for tag in tags], [tag.id for tag in tags])
    yield "jieba + scikit-learn (one tag a text)", linear.predict
    trie = TrieDict({term.text: tag.id for tag in tags for term in tag.terms.all()})
    yield "HanLP trie (terms alone)", lambda texts: [trie.parse_longest(text) for text in texts]
    deep = Coder.load(coder.frame.folder, Tier.DEEP)
    yield "deep tier", deep.find


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
            tell(coder, file.name, [row[column] for row in csv.DictReader(lines)])
    elif file:
        tell(coder, file.name, file.read_text("utf-8").splitlines())
    else:
        tell(coder, "short", generated(coder, 20_000, 45))
        tell(coder, "long", generated(coder, 4_000, 300))
    print(f"memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


if __name__ == "__main__":
    main()
