"""The small recogniser's language model: words, their readings, and how likely each is after the two before it.

python -m streams.audio.training.words FRAME_FOLDER OUT.npz [--data FOLDER] [--texts FILE]...

The words are jieba's common ones (MIT), the frame's own and those of the texts. The counts come from sentences of the project's own
grammar, from what the frame's examples/*.tsv say customers say, from customer texts of a folder (see `sentences`; those held out are left
out) and from other files, each with a weight of its own; single words' also from jieba's. The model is an interpolated trigram with
absolute discounts (Ney, Essen and Kneser 1994), without what is rare.
"""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path

import click
import jieba
import numpy as np
from pypinyin import Style, lazy_pinyin, pinyin

from streams.audio.training.corpus import SHARES, Corpus
from streams.audio.training.sentences import HAN, is_held_out, texts

_LONGEST = 5
_JIEBA_COUNT = 12
_MOST_READINGS = 3
_RARE_READING = -3.0
_DISCOUNT = 0.7
_WEIGHT = {"data": 1.0, "examples": 1.0, "grammar": 0.15, "texts": 0.25}
_OWN_SHARE = 0.75
_LEAST = {2: 0.5, 3: 1.2}
"""Pairs and triples that weigh less are left out."""


def toned(word: str) -> list[str]:
    """The toned syllables of Chinese characters, as "bo1 xiang1"."""
    return lazy_pinyin(word.replace("幺", "腰"), style=Style.TONE3, neutral_tone_with_five=True)


def readings(word: str) -> dict[str, float]:
    """How a word may be read, and the log-odds of each: by its phrase, and a single character also in its rarer ways."""
    others = pinyin(word, style=Style.TONE3, heteronym=True, neutral_tone_with_five=True)[0][:_MOST_READINGS] if len(word) == 1 else []
    return {**dict.fromkeys(sorted(others), _RARE_READING), " ".join(toned(word)): 0.0}


Grams = dict[tuple[str, ...], float]


def count(lines: Iterable[str], weight: float, into: dict[int, Grams]) -> None:
    """Add the words, pairs and triples of lines. The empty word begins a line."""
    for line in lines:
        for run in HAN.findall(line):
            words = ["", *(part for word in jieba.cut(run, HMM=False) for part in ([word] if len(word) <= _LONGEST else list(word)))]
            for size in (1, 2, 3):
                grams = into[size]
                for at in range(len(words) - size + 1):
                    key = tuple(words[at : at + size])
                    grams[key] = grams.get(key, 0.0) + weight


class Trigram:
    """Probabilities from counts; what is left out backs off to the shorter history."""

    def __init__(self, counts: dict[int, Grams], alone: dict[str, float]) -> None:
        self.alone = alone
        kept = {size: {gram: value for gram, value in counts[size].items() if value >= _LEAST[size]} for size in (2, 3)}
        kept[2] |= {gram[:2]: counts[2][gram[:2]] for gram in kept[3]}
        kept[2] |= {gram[1:]: counts[2][gram[1:]] for gram in kept[3]}
        self.pairs, self.after_one = self._share(kept[2], counts[1], lambda gram: alone[gram[-1]])
        self.triples, self.after_two = self._share(kept[3], counts[2], lambda gram: self.pairs[gram[1:]])

    @staticmethod
    def _share(kept: Grams, histories: Grams, shorter: Callable[[tuple[str, ...]], float]) -> tuple[Grams, Grams]:
        """Discounted probabilities and, of each history, what is left for the shorter one."""
        taken: dict[tuple[str, ...], float] = defaultdict(float)
        for gram, value in kept.items():
            taken[gram[:-1]] += max(value - _DISCOUNT, 0.1 * value)
        left = {history: max(1e-4, 1 - part / histories[history]) for history, part in taken.items()}
        shares = {
            gram: max(value - _DISCOUNT, 0.1 * value) / histories[gram[:-1]] + left[gram[:-1]] * shorter(gram)
            for gram, value in kept.items()
        }
        return shares, left


def build(frame: Path, sentences: int, folder: Path | None, files: Iterable[Path]) -> dict[str, np.ndarray]:
    """The arrays of the model; see `codeframe.heard.language.LanguageModel.load`."""
    corpus = Corpus(frame, seed=11)
    common = _common()
    for term in (*corpus.terms, *(word for words in corpus.slots.values() for word in words)):
        for part in HAN.findall(term):
            if part not in common and 1 < len(part) <= _LONGEST:
                jieba.add_word(part, 200)
    counts: dict[int, Grams] = {1: {}, 2: {}, 3: {}}
    count(_texts(corpus, sentences), _WEIGHT["grammar"], counts)
    for path in sorted((frame / "examples").glob("*.tsv")):
        with path.open(encoding="utf-8", newline="") as rows:
            count((row["zh"] for row in csv.DictReader(rows, delimiter="\t", quoting=csv.QUOTE_NONE)), _WEIGHT["examples"], counts)
    if folder:
        count((text for text in texts(folder) if not is_held_out(text)), _WEIGHT["data"], counts)
    for file in files:
        count(file.read_text("utf-8").splitlines(), _WEIGHT["texts"], counts)
    own, general = sum(counts[1].values()) - counts[1]["",], sum(common.values())
    names = sorted((set(common) | {word for (word,), value in counts[1].items() if value >= 1 or len(word) == 1}) - {""})
    alone = {word: _OWN_SHARE * counts[1].get((word,), 0) / own + (1 - _OWN_SHARE) * common.get(word, 0.5) / general for word in names}
    known = {"", *names}
    for size in (2, 3):
        counts[size] = {gram: value for gram, value in counts[size].items() if known.issuperset(gram)}
    return _arrays(Trigram(counts, alone), names)


def _arrays(model: Trigram, names: list[str]) -> dict[str, np.ndarray]:
    rows = [(word, reading, odds) for word in names for reading, odds in readings(word).items()]
    number = {"": 0} | {word: at for at, word in enumerate(names, 1)}
    pairs, triples = (
        sorted((number[a], number[b]) for a, b in model.pairs),
        sorted(tuple(map(number.__getitem__, g)) for g in model.triples),
    )
    at_pair = {pair: at for at, pair in enumerate(pairs)}
    words = ["", *names]
    return {
        "words": np.frombuffer("\n".join(names).encode(), np.uint8),
        "readings": np.frombuffer("\n".join(f"{number[word]}\t{reading}\t{odds}" for word, reading, odds in rows).encode(), np.uint8),
        "alone": np.array([math.log(model.alone[word]) for word in names], np.float16),
        "after_one": np.array([math.log(model.after_one.get((word,), 1.0)) for word in words], np.float16),
        "left": np.array([a for a, _ in pairs], np.int32),
        "right": np.array([b for _, b in pairs], np.int32),
        "pairs": np.array([math.log(model.pairs[words[a], words[b]]) for a, b in pairs], np.float16),
        "after_two": np.array([math.log(model.after_two.get((words[a], words[b]), 1.0)) for a, b in pairs], np.float16),
        "history": np.array([at_pair[a, b] for a, b, _ in triples], np.int32),
        "next": np.array([c for _, _, c in triples], np.int32),
        "triples": np.array([math.log(model.triples[words[a], words[b], words[c]]) for a, b, c in triples], np.float16),
    }


def _texts(corpus: Corpus, number: int) -> list[str]:
    kinds = [kind for kind in SHARES if kind != "words"]
    held = set(corpus.test)
    drawn = {corpus.sentence(corpus.chance.choice(kinds)) for _ in range(number)}
    return [*sorted(drawn - held), *corpus.examples * 3]


def _common() -> dict[str, int]:
    rows = (line.split(" ") for line in (Path(jieba.__file__).parent / "dict.txt").read_text("utf-8").splitlines())
    return {row[0]: int(row[1]) for row in rows if len(row[0]) <= _LONGEST and int(row[1]) >= _JIEBA_COUNT and HAN.fullmatch(row[0])}


@click.command()
@click.argument("frame", type=click.Path(path_type=Path, exists=True))
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--sentences", default=60_000, show_default=True, help="How many the grammar makes.")
@click.option("--data", type=click.Path(path_type=Path, exists=True), help="A folder of customer texts.")
@click.option("--texts", "files", multiple=True, type=click.Path(path_type=Path, exists=True), help="Another file of texts, one a line.")
def main(frame: Path, out: Path, sentences: int, data: Path | None, files: tuple[Path, ...]) -> None:
    """Write the language model of a code frame to OUT."""
    np.savez_compressed(out, **build(frame, sentences, data, files))  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
