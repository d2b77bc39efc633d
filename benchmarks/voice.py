"""How well speech is heard, and what of it becomes tags: the bundled engine and another one side by side, on the same audio.

python -m benchmarks.voice VOICES [--asr whisper:DIR] [--count 300] [--condition wav]... [--transcripts FILE] [--json]

VOICES is a folder of spoken corpora as `python -m streams.audio.training.speak` writes them; their held-out sentences are heard as wav, as
mp3 of 32 kbit/s, as one side of a stereo mp3 of 32 kbit/s and in the telephone's band. Of each engine: the share of characters and of
toneless syllables that are wrong (after the correction by sound), the opinions' F1 against the coding of the written text with and without
that correction, and how many seconds of audio a core takes a second, from the file to the coded utterance. Of the correction: how many
written sentences keep their tags under it.
The F1 is given of each half of the sentences as well: they are few, and the halves say how far to trust it.

With --transcripts what another engine hears is kept in FILE and not heard again: an interrupted measurement goes on where it stopped, and
the correction and coding of the same transcripts are measured in seconds. Its speed is then left out.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import av
import click
import numpy as np

from benchmarks.coder import utterance
from benchmarks.fidelity import compared, kept, tags
from codeframe.coder import Coder
from codeframe.folding import fold
from codeframe.heard.transcript import Writer
from streams.audio.call import hear_call
from streams.audio.decode import RATE
from streams.audio.engine import Engine, open_engine
from streams.audio.training.features import CONDITIONS, Samples, Spoken, spoken

_CALL_S = 300
_KEPT_EVERY = 20


class Transcripts:
    """What an engine heard in each condition, by what was said; in a file if there is one, so that nothing is heard twice."""

    def __init__(self, file: Path | None, engine: str) -> None:
        self._file, self._engine = file, engine
        self._all: dict[str, dict[str, dict[str, str]]] = json.loads(file.read_text("utf-8")) if file and file.exists() else {}

    def of(self, condition: str, sentences: Sequence[Spoken], hear: Callable[[Samples], str]) -> list[str]:
        """The transcripts of sentences: those known, and those now heard."""
        known = self._all.setdefault(self._engine, {}).setdefault(condition, {})
        for number, one in enumerate(sentences, 1):
            if one.text not in known:
                known[one.text] = hear(CONDITIONS[condition](np.pad(one.samples() * 0.6, (3_200, 3_200))))
                if number % _KEPT_EVERY == 0:
                    self._keep()
        self._keep()
        return [known[one.text] for one in sentences]

    def _keep(self) -> None:
        if self._file:
            self._file.write_text(json.dumps(self._all, ensure_ascii=False, indent=1), "utf-8")


def measure(
    voices: Path, other: str | None = None, count: int = 300, conditions: Sequence[str] = (), transcripts: Path | None = None
) -> dict[str, float]:
    """The figures of the bundled engine ("small_...") and of another ("other_..."); see the module."""
    sentences = [one for path in sorted(voices.glob("*.i16")) for one in spoken([path.with_suffix("")], "test")][:count]
    if not sentences:
        raise click.ClickException(f"{voices}: holds no held-out sentence of a spoken corpus")
    writer, coder = Writer.of("auto"), Coder.load("auto")
    texts = [one.text for one in sentences]
    written = tags(coder, texts)
    figures = {"sentences": len(texts), "written_kept": kept(writer, coder, texts, written)}
    for name, specification in {"small": "small", **({"other": other} if other else {})}.items():
        file = transcripts if name == "other" else None
        engine = open_engine(specification)
        before = Transcripts(file, specification)
        for condition in conditions or CONDITIONS:
            heard = before.of(condition, sentences, partial(_hear, engine, writer))
            figures |= {f"{name}_{figure}_{condition}": value for figure, value in compared(writer, coder, texts, written, heard).items()}
        if not file:
            figures[f"{name}_times_real_time"] = speed(engine, writer, coder, sentences)
    return figures


def speed(engine: Engine, writer: Writer, coder: Coder, sentences: Sequence[Spoken]) -> float:
    """Seconds of a stereo call of five minutes a second of a core's time, from the file to the coded utterances."""
    data = call(sentences)
    started = time.process_time()
    turns, seconds = hear_call(io.BytesIO(data), engine, (), 2 * _CALL_S, "zh", writer.words)
    coder.code([utterance(writer.correct(turn.text)[0], at) for at, turn in enumerate(turns)])
    return seconds / (time.process_time() - started)


def call(sentences: Sequence[Spoken]) -> bytes:
    """A WAV file of a stereo call at 8 kHz: the sentences in turns on both channels, a pause of 0.8 s between them."""
    audio, at = np.zeros((2, _CALL_S * RATE), np.float32), RATE
    for number in range(10 * len(sentences)):
        x = sentences[number % len(sentences)].samples() * 0.6
        if at + len(x) > audio.shape[1]:
            break
        audio[number % 2, at : at + len(x)] = x
        at += len(x) + int(0.8 * RATE)
    audio += np.random.default_rng(1).standard_normal(audio.shape).astype(np.float32) * 0.001
    file = io.BytesIO()
    with av.open(file, "w", format="wav") as out:
        stream = out.add_stream("pcm_s16le", rate=8_000, layout="stereo")
        pcm = (np.clip(audio, -1, 1) * 32767).astype(np.int16).T.reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(pcm), format="s16", layout="stereo")
        frame.sample_rate = RATE
        resampler = av.AudioResampler("s16", "stereo", 8_000)
        for piece in (*resampler.resample(frame), *resampler.resample(None)):
            out.mux(stream.encode(piece))
        out.mux(stream.encode(None))
    return file.getvalue()


def _hear(engine: Engine, writer: Writer, x: Samples) -> str:
    return fold(writer.words(engine.hear((np.clip(x, -1, 1) * 32767).astype(np.int16), "zh")))


@click.command()
@click.argument("voices", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--asr", help="Another engine, as VOC_ASR.")
@click.option("--count", default=300, show_default=True, help="Sentences at most.")
@click.option("--condition", "conditions", multiple=True, type=click.Choice([*CONDITIONS]), help="Only these; all if not given.")
@click.option(
    "--transcripts", type=click.Path(path_type=Path, dir_okay=False), help="A file (JSON) that keeps what the other engine hears."
)
@click.option("--json", "as_json", is_flag=True)
def main(voices: Path, asr: str | None, count: int, conditions: tuple[str, ...], transcripts: Path | None, as_json: bool) -> None:
    """Hear held-out sentences and compare."""
    figures = measure(voices, asr, count, conditions, transcripts)
    click.echo(json.dumps(figures) if as_json else "\n".join(f"{name:36}{value:.4f}" for name, value in figures.items()))


if __name__ == "__main__":
    main()
