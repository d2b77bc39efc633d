"""The small recogniser's language model: words, their readings, how frequent they are and which follows which.

python -m streams.audio.training.words FRAME_FOLDER OUT.npz

The words are jieba's common ones (MIT) and the frame's own; the frequencies are jieba's and those of sentences of the project's own
grammar, half and half; the pairs come from these sentences alone.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

import click
import jieba
import numpy as np
from pypinyin import Style, lazy_pinyin, pinyin

from streams.audio.training.corpus import SHARES, Corpus

_HAN = re.compile(r"[\u4e00-\u9fff]+")
_LONGEST = 5
_JIEBA_COUNT = 12
_MOST_READINGS = 3
_RARE_READING = -3.0


def toned(word: str) -> list[str]:
    """The toned syllables of Chinese characters, as "bo1 xiang1"."""
    return lazy_pinyin(word.replace("幺", "腰"), style=Style.TONE3, neutral_tone_with_five=True)


def readings(word: str) -> dict[str, float]:
    """How a word may be read, and the log-odds of each: by its phrase, and a single character also in its rarer ways."""
    others = pinyin(word, style=Style.TONE3, heteronym=True, neutral_tone_with_five=True)[0][:_MOST_READINGS] if len(word) == 1 else []
    return {**dict.fromkeys(sorted(others), _RARE_READING), " ".join(toned(word)): 0.0}


def build(frame: Path, sentences: int) -> dict[str, np.ndarray]:
    """The arrays of the model; see `codeframe.heard.language.LanguageModel.load`."""
    corpus = Corpus(frame, seed=11)
    common = _common()
    for term in (*corpus.terms, *(word for words in corpus.slots.values() for word in words)):
        for part in _HAN.findall(term):
            if part not in common and len(part) <= _LONGEST:
                jieba.add_word(part, 200)
    texts = _texts(corpus, sentences)
    alone: Counter[str] = Counter()
    together: Counter[tuple[str, str]] = Counter()
    for text in texts:
        words = ["", *(part for word in jieba.cut(text, HMM=False) for part in ([word] if len(word) <= _LONGEST else list(word)))]
        alone.update(words)
        together.update(pairwise(words))
    own, general = sum(alone.values()) - alone[""], sum(common.values())
    names = sorted((set(common) | set(alone)) - {""})
    p = {word: 0.5 * alone[word] / own + 0.5 * common.get(word, 0.5) / general for word in names}
    rows = [(word, reading, odds) for word in names for reading, odds in readings(word).items()]
    numbers: dict[str, list[int]] = {"": [0]}
    for number, (word, _, _) in enumerate(rows, 1):
        numbers.setdefault(word, []).append(number)
    pairs = [
        (left, right, math.log(0.9 * count / alone[one] + 0.1 * p[other]))
        for (one, other), count in together.items()
        if count > 1
        for left in numbers[one]
        for right in numbers[other]
    ]
    return {
        "text": np.frombuffer("\n".join(f"{word}\t{reading}" for word, reading, _ in rows).encode(), np.uint8),
        "unigrams": np.array([math.log(p[word]) + odds for word, _, odds in rows], np.float16),
        "left": np.array([left for left, _, _ in pairs], np.int32),
        "right": np.array([right for _, right, _ in pairs], np.int32),
        "bigrams": np.array([value for _, _, value in pairs], np.float16),
    }


def _texts(corpus: Corpus, count: int) -> list[str]:
    kinds = [kind for kind in SHARES if kind != "words"]
    held = set(corpus.test)
    drawn = {corpus.sentence(corpus.chance.choice(kinds)) for _ in range(count)}
    return [*drawn - held, *corpus.examples * 3]


def _common() -> dict[str, int]:
    rows = (line.split(" ") for line in (Path(jieba.__file__).parent / "dict.txt").read_text("utf-8").splitlines())
    return {row[0]: int(row[1]) for row in rows if len(row[0]) <= _LONGEST and int(row[1]) >= _JIEBA_COUNT and _HAN.fullmatch(row[0])}


@click.command()
@click.argument("frame", type=click.Path(path_type=Path, exists=True))
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--sentences", default=60_000, show_default=True)
def main(frame: Path, out: Path, sentences: int) -> None:
    """Write the language model of a code frame to OUT."""
    np.savez_compressed(out, **build(frame, sentences))  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
