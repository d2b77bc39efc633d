"""The deep tier: a multilingual encoder in int8 ONNX, averaged with the fast tier. Needs onnxruntime and tokenizers, no torch."""

from __future__ import annotations

import lzma
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from codeframe.folding import fold
from codeframe.frame import Frame
from codeframe.learned.decider import Decider
from codeframe.learned.fast import FastModel
from codeframe.learned.heads import KINDS, REVIEW, Heads, blend, with_aspects
from codeframe.learned.meaning import Meanings
from codeframe.learned.reviews import ReviewNets
from codeframe.learned.seam import Floats, Look
from codeframe.learned.vehicle import Vehicle
from schemas.coded import Tier

if TYPE_CHECKING:
    from tokenizers import Encoding

BUNDLED = Path(__file__).parent.parent / "models" / "deep"
LONGEST = 320
"""Tokens of a text that are read; an utterance hardly has more."""

_TOKENS = 2_000
_BOS, _PAD, _EOS = 0, 1, 2


class DeepModel:
    """About a hundred times slower than the fast tier and more accurate. `threads` is what one call may use."""

    tier = Tier.DEEP

    def __init__(self, folder: Path, fast: FastModel, threads: int = 1) -> None:
        """Read `encoder.onnx.xz`, `tokenizer.json` and `model.json` of `folder`, and `reviews.npz` if it is there.

        Raises:
            ImportError: the extra `deep` is not installed.
        """
        import onnxruntime  # noqa: PLC0415 - loaded only where the tier is used
        from tokenizers import Tokenizer  # noqa: PLC0415

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        graph = lzma.decompress((folder / "encoder.onnx.xz").read_bytes())
        self._session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.decider, self._fast, self._folder = Decider.load(folder / "model.json"), fast, folder
        self.version, self._reviews = self.decider.version, ReviewNets.load(folder)

    @classmethod
    def load(cls, folder: Path = BUNDLED, threads: int = 1) -> DeepModel:
        return cls(folder, FastModel.load(), threads)

    def look(self, texts: Sequence[str]) -> Look:
        """The outputs for each text, in order: the encoder's and the fast tier's averaged, and of reviews those of their own nets."""
        fast = self._fast.look(texts)
        *known, directions = self._outputs(texts, None)
        heads = blend(_heads(known), fast.heads, self.decider.share)
        rows = np.flatnonzero(heads.kind.argmax(1) == REVIEW)
        if self._reviews and len(rows):
            heads = with_aspects(heads, rows, self._reviews.aspects([texts[at] for at in rows.tolist()]), self.decider.reviews)
        return fast._replace(heads=heads, directions=directions)

    def vehicles(self, vehicles: Sequence[Vehicle]) -> Floats:
        """What n vehicles speak for: logits (n, classes of complaints), as the fast tier learned them."""
        return self._fast.vehicles(vehicles)

    def feeling(self, texts: Sequence[str], spans: Sequence[tuple[int, int]]) -> Floats:
        """Polarity towards a stretch of each text, of the encoder alone."""
        return self.heads(texts, spans).feeling

    def heads(self, texts: Sequence[str], spans: Sequence[tuple[int, int]] | None = None) -> Heads:
        """The encoder's probabilities. The feeling is that towards `spans`, or that of the whole texts; the kind is left open."""
        return _heads(self._outputs(texts, spans)[:-1])

    def meanings(self, frame: Frame) -> Meanings:
        """From the model's file if the frame's descriptions are still those of it, else read now."""
        return Meanings.of(frame, self.directions, self._folder)

    def directions(self, texts: Sequence[str]) -> Floats:
        """What each text means, as a direction (n, 128) of length one."""
        return self._outputs(texts, None)[-1]

    def _outputs(self, texts: Sequence[str], spans: Sequence[tuple[int, int]] | None) -> list[Floats]:
        encodings = self._tokenizer.encode_batch([spaced(text) for text in texts])
        wanted = spans or [(0, len(text)) for text in texts]
        order = np.argsort([len(encoding.ids) for encoding in encodings], kind="stable")
        parts: list[list[Floats]] = []
        start = 0
        while start < len(order):
            width = min(LONGEST, len(encodings[order[min(start + 63, len(order) - 1)]].ids) + 2)
            rows = order[start : start + max(1, min(64, _TOKENS // width))].tolist()
            parts.append(self._run([encodings[i] for i in rows], [wanted[i] for i in rows]))
            start += len(rows)
        back = np.argsort(order)
        return [np.concatenate(arrays)[back] for arrays in zip(*parts, strict=True)]

    def _run(self, encodings: Sequence[Encoding], spans: Sequence[tuple[int, int]]) -> list[Floats]:
        width = min(LONGEST, max(len(encoding.ids) for encoding in encodings) + 2)
        ids = np.full((len(encodings), width), _PAD, np.int64)
        mask, span = np.zeros(ids.shape, np.float32), np.zeros(ids.shape, np.float32)
        for row, (encoding, (start, end)) in enumerate(zip(encodings, spans, strict=True)):
            tokens = encoding.ids[: width - 2]
            ids[row, : len(tokens) + 2] = [_BOS, *tokens, _EOS]
            mask[row, : len(tokens) + 2] = 1
            inside = [k + 1 for k, (a, b) in enumerate(encoding.offsets[: len(tokens)]) if a < end and b > start]
            span[row, inside] = 1
        out: list[Floats] = self._session.run(None, {"ids": ids, "mask": mask, "span": span})
        return out


def _heads(known: Sequence[Floats]) -> Heads:
    return Heads._make((*known, np.full((len(known[0]), KINDS), 1 / KINDS, np.float32)))


def spaced(text: str) -> str:
    """The text as the tokenizer was trained on: Simplified where folding keeps the letter's case, one character for one."""
    return "".join(new if unicodedata.category(old) == "Lo" else old for old, new in zip(text, fold(text), strict=True))


def save_meanings(folder: Path, frame: Frame) -> None:
    """`meanings.npz`: what is said of the frame's tags, as the encoder in `folder` reads it."""
    Meanings.of(frame, DeepModel(folder, FastModel.load()).directions).save(frame, folder)
