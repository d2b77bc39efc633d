"""The fast tier's net in numpy: hashed n-grams, int8 weights, no torch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from codeframe.frame import Frame
from codeframe.learned.decider import Decider
from codeframe.learned.heads import ENGLISH, Heads
from codeframe.learned.ngrams import Bags, extract, pool
from codeframe.learned.rules import sigmoid, softmax
from codeframe.learned.seam import Floats, Look
from codeframe.learned.vehicle import Vehicle
from codeframe.learned.wide import PREFIX, Wide
from codeframe.learned.windows import window
from schemas.coded import Tier

BUNDLED = Path(__file__).parent.parent / "models" / "fast"
_BATCH = 512
_MOST_ODDS = 15.0
_SOME = 0.1


def _by_script(kind: Floats, chinese: Floats) -> Floats:
    """Probabilities of the kind of text, where only an English review is in English."""
    english = np.eye(kind.shape[1], dtype=np.float32)[ENGLISH]
    rest = kind * (1 - english)
    known: Floats = np.where((chinese < _SOME)[:, None], english, rest / rest.sum(1, keepdims=True).clip(1e-9))
    return known


def quantise(weights: Floats, most: int = 127) -> tuple[NDArray[np.int8], NDArray[np.float16]]:
    """Rows as int8 up to `most` with a half-precision scale each: weights ~ rows x scale."""
    scale = (np.abs(weights).max(1, keepdims=True) / most).astype(np.float16)
    rows = np.round(weights / np.maximum(scale.astype(np.float32), 1e-8))
    return np.clip(rows, -most, most).astype(np.int8), scale


class FastModel:
    """Immutable; answers 10,000s of texts a second a core."""

    tier = Tier.FAST

    def __init__(self, weights: dict[str, Floats], decider: Decider, wide: Wide) -> None:
        """`weights` are the parameters of codeframe.training.student.Student by name."""
        self._w, self.decider, self._wide = weights, decider, wide
        self.version = decider.version
        self._text_outputs = np.concatenate([weights["codes.weight"], weights["category.weight"][1:]])

    @classmethod
    def load(cls, folder: Path = BUNDLED) -> FastModel:
        """Read `weights.npz` and `model.json`."""
        with np.load(folder / "weights.npz") as stored:
            arrays = dict(stored)
        weights = {name: array.astype(np.float32) for name, array in arrays.items() if not name.startswith(("table", PREFIX))}
        weights["table.weight"] = arrays["table"].astype(np.float32) * arrays["table_scale"].astype(np.float32)
        return cls(weights, Decider.load(folder / "model.json"), Wide.stored(arrays))

    def feeling(self, texts: Sequence[str], spans: Sequence[tuple[int, int]]) -> Floats:
        """Polarity towards a stretch of each text, from the words about it."""
        bags = extract([window(text, *span) for text, span in zip(texts, spans, strict=True)])
        return softmax(self._linear("feeling", self._text(pool(self._w["table.weight"], bags), bags, "near")))

    def vehicles(self, vehicles: Sequence[Vehicle]) -> Floats:
        """What n vehicles speak for: logits (n, classes of complaints)."""
        return self._wide.vehicles(vehicles)

    def meanings(self, frame: Frame) -> None:
        """None: n-grams read no descriptions."""

    def directions(self, texts: Sequence[str]) -> Floats:
        raise NotImplementedError("n-grams know no meanings")

    def look(self, texts: Sequence[str]) -> Look:
        """The outputs for each text, in order; the feeling is that of the whole text."""
        looks = [self._look(texts[start : start + _BATCH]) for start in range(0, len(texts), _BATCH)]
        if len(looks) == 1:
            return looks[0]
        heads = Heads(*(np.concatenate(arrays) for arrays in zip(*(look.heads for look in looks), strict=True)))
        talk = np.concatenate([look.talk for look in looks])
        return Look(heads, talk, lambda text, output: looks[text // _BATCH].place(text % _BATCH, output))

    def _look(self, texts: Sequence[str]) -> Look:
        bags = extract(texts)
        sums, n = pool(self._w["table.weight"], bags), len(texts)
        counts = np.diff(bags.starts).astype(np.float32)[:, None]
        first, of = np.searchsorted(bags.text_of, np.arange(n)), bags.text_of
        text, even = self._text(sums, bags, "text"), sums / np.sqrt(np.maximum(counts, 1))
        clause = self._hidden("clause", even)
        spoken = self._linear("clause_presence", clause)
        weight = np.exp(np.clip(spoken * self._w["sharpness"], -_MOST_ODDS, _MOST_ODDS))
        share = weight / (np.add.reduceat(weight, first, axis=0) + 1e-6)[of]
        presence = sigmoid(np.add.reduceat(share * spoken, first, axis=0) + self._linear("text_presence", text))[..., None]
        aspects = presence.shape[1]
        by_clause = self._linear("clause_polarity", clause).reshape(-1, aspects, 3) + self._linear("clause_shared", clause)[:, None]
        polarity = np.add.reduceat(by_clause * share[..., None], first, axis=0)
        polarity += self._linear("text_polarity", text).reshape(n, aspects, 3) + self._linear("text_shared", text)[:, None]
        kind, talk = self._wide.way(softmax(self._linear("kind", text)), bags)
        heads = Heads(
            np.concatenate([1 - presence, presence * softmax(polarity)], -1),
            sigmoid(self._linear("codes", text)),
            sigmoid(self._linear("heads", text)),
            softmax(self._linear("category", text)),
            softmax(self._linear("feeling", self._text(sums, bags, "near"))),
            _by_script(kind, bags.chinese),
        )
        heads = self._wide.join(heads, bags)
        alone, ends = self._hidden("text", even), np.append(first, len(of))

        def place(at: int, output: int) -> tuple[int, int]:
            clauses = slice(int(ends[at]), int(ends[at + 1]))
            best = 0
            if clauses.stop - clauses.start > 1:
                by_clause = spoken[clauses, output] if output < aspects else alone[clauses] @ self._text_outputs[output - aspects]
                best = int(by_clause.argmax())
            start, end = bags.spans[clauses.start + best].tolist()
            return start, end

        return Look(heads, talk, place)

    def _linear(self, name: str, x: Floats) -> Floats:
        out: Floats = x @ self._w[f"{name}.weight"].T + self._w[f"{name}.bias"]
        return out

    def _hidden(self, name: str, x: Floats) -> Floats:
        out: Floats = x + np.maximum(self._linear(name, x), 0)
        return out

    def _text(self, sums: Floats, bags: Bags, name: str) -> Floats:
        """A vector a text from its clauses' sums."""
        first = np.searchsorted(bags.text_of, np.arange(int(bags.text_of[-1]) + 1))
        total = np.add.reduceat(np.diff(bags.starts), first).astype(np.float32)[:, None]
        return self._hidden(name, np.add.reduceat(sums, first, axis=0) / np.sqrt(np.maximum(total, 1)))
