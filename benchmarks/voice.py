"""How well speech becomes tags: characters and tags of what an engine hears, against the text that was spoken.

python benchmarks/voice.py PREFIX... [--asr whisper:DIR] [--count 300]

PREFIX is a spoken corpus as `python -m streams.audio.training.speak` writes it; its held-out sentences are heard. Prints the error
of syllables (without tones) and characters, before and after the correction by sound, F1 of the coded opinions against those
of the written text, and how many written sentences keep their tags when the correction is applied to them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import click
import numpy as np

from benchmarks.coder import utterance
from codeframe.coder import Coder
from codeframe.folding import fold
from codeframe.heard.sounds import HAN, syllables
from codeframe.heard.transcript import Writer
from streams.audio.engine import open_engine
from streams.audio.training.distance import distance
from streams.audio.training.features import Samples, coded, spoken, telephone

CONDITIONS: dict[str, Callable[[Samples], Samples]] = {
    "clean": lambda x: x,
    "telephone": telephone,
    "mp3": lambda x: coded(x, "libmp3lame", 16_000, 32_000),
}


def rate(spoken_: Sequence[Sequence[str]], heard: Sequence[Sequence[str]]) -> float:
    """Edits a unit of what was spoken."""
    return sum(distance(one, other) for one, other in zip(heard, spoken_, strict=True)) / sum(map(len, spoken_))


def f1(one: Sequence[frozenset[tuple[str, int]]], other: Sequence[frozenset[tuple[str, int]]]) -> float:
    """Of tags with their sentiment."""
    both = sum(len(a & b) for a, b in zip(one, other, strict=True))
    return 2 * both / max(1, sum(map(len, one)) + sum(map(len, other)))


@click.command()
@click.argument("prefixes", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--asr", default="small", show_default=True, help="Engine, as VOC_ASR.")
@click.option("--count", default=300, show_default=True, help="Sentences at most.")
@click.option("--condition", type=click.Choice(list(CONDITIONS)), default="clean", show_default=True)
def main(prefixes: tuple[Path, ...], asr: str, count: int, condition: str) -> None:
    """Hear held-out sentences and compare."""
    engine, writer, coder = open_engine(asr), Writer.of("auto"), Coder.load("auto")
    sentences = list(spoken(list(prefixes), "test"))[:count]
    started, seconds, heard = time.process_time(), 0.0, []
    for sentence in sentences:
        x = CONDITIONS[condition](np.pad(sentence.samples() * 0.6, (3_200, 3_200)))
        seconds += len(x) / 16_000
        heard.append(han(writer.words(engine.hear((np.clip(x, -1, 1) * 32767).astype(np.int16), "zh"))))
    spent = time.process_time() - started
    texts = [sentence.text for sentence in sentences]
    corrected = [writer.correct(one)[0] for one in heard]

    def tags(lines: Sequence[str]) -> list[frozenset[tuple[str, int]]]:
        found = coder.code([utterance(line, at) for at, line in enumerate(lines)])
        return [frozenset((opinion.tag, opinion.sentiment) for opinion in one.opinions) for one in found]

    written = tags(texts)
    kept = sum(a == b for a, b in zip(written, tags([writer.correct(text)[0] for text in texts]), strict=True)) / len(texts)
    print(f"{asr}, {condition}: {len(texts)} sentences, {seconds / 60:.1f} minutes, {seconds / spent:.0f} x real time a core")
    print(f"syllables wrong {rate([syllables(one) for one in texts], [syllables(one) for one in heard]):.3f}")
    print(f"characters wrong {rate(texts, heard):.3f}, corrected by sound {rate(texts, corrected):.3f}")
    print(f"opinion F1 against the written text {f1(written, tags(heard)):.3f}, corrected by sound {f1(written, tags(corrected)):.3f}")
    print(f"written sentences that keep their tags under correction {kept:.4f}")


def han(text: str) -> str:
    """The Chinese characters of a text, Simplified."""
    return "".join(HAN.findall(fold(text)))


if __name__ == "__main__":
    main()
