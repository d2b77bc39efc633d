"""A tagger of aspects and opinion words, trained through HanLP from scratch: a recurrent net over characters.

Opinion words are those that people marked (`sentiment_word` of BDCI 2018), aspects the frame's terms. HanLP's transformer components do
not train with the transformers of today, so this one needs no weights of anybody. It has no CRF: HanLP 2.1.5 passes its constraints where
the CRF takes `batch_first`, and so runs it across the texts of a batch instead of along a text.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from codeframe.folding import fold
from codeframe.frame import Frame
from codeframe.hanlp import ASPECT, OPINION
from codeframe.training.data import DataError, fold_of

_FILE = "bdci2018_auto.csv"
_SHORTEST = 2


class Figures(NamedTuple):
    """Of stretches in texts held out: the shares of those found that are right, of those marked that are found, and F1."""

    precision: float
    recall: float
    f1: float


def train_tagger(data: Path, out: Path, frame: Frame, *, epochs: int = 8, seed: int = 0, hidden: int = 128) -> Figures:
    """Train on bdci2018_auto.csv of the folder `data`, a fifth of it held out, and save to the folder `out`.

    Raises:
        DataError: the file is missing or lacks a column.
        ImportError: the extra `hanlp` is not installed.
    """
    import torch  # noqa: PLC0415 - with HanLP's
    from hanlp.components.ner.rnn_ner import RNNNamedEntityRecognizer  # noqa: PLC0415 - an extra

    torch.set_num_threads(1)  # the net is small: more threads wait for each other
    texts = _marked(data / _FILE)
    terms = sorted({fold(term.text) for tag in frame.tags for term in tag.terms.zh if len(term.text) >= _SHORTEST}, key=len, reverse=True)
    with tempfile.TemporaryDirectory() as folder:
        files = {name: Path(folder) / f"{name}.tsv" for name in ("train", "held")}
        for name, file in files.items():
            chosen = {text: words for text, words in texts.items() if (fold_of(text) == 0) == (name == "held")}
            if not chosen:
                raise DataError(f"{data / _FILE}: too few texts to train on and to hold out")
            file.write_text("\n".join(_lines(chosen, terms)), "utf-8")
        tagger = RNNNamedEntityRecognizer()
        tagger.fit(
            *(str(files["train"]), str(files["held"]), str(out)),
            **{"epochs": epochs, "rnn_hidden": hidden, "embed": 64, "batch_size": 16, "lr": 0.003, "anneal_patience": 1, "seed": seed},
            **{"tagging_scheme": "BIO", "token_delimiter": "", "crf": False, "drop": 0.3, "devices": -1},
        )
        tagger.load(str(out), devices=-1)
        _, (_, metric) = tagger.evaluate(str(files["held"]))
    found = metric.result(full=False, verbose=False)
    return Figures(found.prec, found.rec, found.fscore)


def _marked(file: Path) -> dict[str, set[str]]:
    """Texts and the opinion words marked in them."""
    texts: dict[str, set[str]] = {}
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            for row in csv.DictReader(lines):
                texts.setdefault(row["content"], set()).add((row["sentiment_word"] or "").strip())
    except OSError as error:
        raise DataError(f"{file}: cannot be read") from error
    except KeyError as error:
        raise DataError(f"{file}:1: {error.args[0]}: the column is missing") from error
    return {text: words - {""} for text, words in texts.items() if text.strip()}


def _lines(texts: dict[str, set[str]], terms: Iterable[str]) -> Iterator[str]:
    """A line a character with its label, in the scheme BIO; an empty line after each text."""
    known = list(terms)
    for text, words in texts.items():
        labels = ["O"] * len(text)
        folded = fold(text)
        for label, wanted in ((OPINION, sorted(map(fold, words), key=len, reverse=True)), (ASPECT, known)):
            for word in wanted:
                at = folded.find(word)
                if at >= 0 and set(labels[at : at + len(word)]) == {"O"}:
                    labels[at : at + len(word)] = [f"B-{label}", *[f"I-{label}"] * (len(word) - 1)]
        yield from (f"{one}\t{label}" for one, label in zip(text, labels, strict=True) if not one.isspace())
        yield ""
