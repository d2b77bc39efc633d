"""What the frame's words say of held-out texts, and how much they should count beside a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import numpy as np

from codeframe.analysis import Analyst
from codeframe.finding import found_in
from codeframe.frame import Frame
from codeframe.joining import Homes
from codeframe.learned.fusion import NO_WORDS, Fusion, Words
from codeframe.learned.heads import Heads, Kind
from codeframe.learned.seam import Floats
from codeframe.training.data import Example
from codeframe.training.evaluate import evaluate
from codeframe.training.labels import KIND_OF_SOURCE, Taxonomy, targets

_STEPS = (0.0, 1.0, 2.0, 3.0, 4.5)
_VEHICLES = (0.0, 0.5, 0.75, 1.0, 1.5)
_FEELINGS = (0.0, 0.6, 1.2, 1.8, 2.4)


def words_of(examples: Sequence[Example], frame: Frame, kinds: Sequence[Kind]) -> Words:
    """What words find in each example, in the codes of its own set."""
    analyst = Analyst(frame)
    found = [found_in(analysis) if analysis.judged else [] for analysis in analyst.analyse([example.text for example in examples])]
    own = np.array([KIND_OF_SOURCE.get(example.source, 0) for example in examples], np.int64)
    return Homes(frame, kinds).words(found, own)


def choose_fusion(examples: Sequence[Example], given: Heads, words: Words, taxonomy: Taxonomy, vehicles: Floats) -> Fusion:
    """The weights under which the best rules score best, one family of outputs at a time."""
    own = np.array([KIND_OF_SOURCE.get(example.source, 0) for example in examples], np.int64)
    known = given._replace(kind=np.eye(given.kind.shape[1], dtype=np.float32)[own])

    def best(sources: set[str], options: list[Fusion], score: str, *also: str) -> Fusion:
        rows = np.array([i for i, example in enumerate(examples) if example.source in sources], np.int64)
        if not len(rows):
            return options[0]
        few, part = [examples[i] for i in rows], Heads(*(array[rows] for array in known))
        labels = targets(few, taxonomy)

        def value(option: Fusion) -> float:
            fused = option.apply(part, Words(words.certainty[rows], words.value[rows]), taxonomy.head_of, vehicles[rows])
            scores = evaluate(few, labels, fused, taxonomy).scores[next(iter(sources))]
            return scores[score] + sum(0.2 * scores[name] for name in also)

        return max(options, key=value)

    fusion = best(
        {"bdci2018"}, [replace(NO_WORDS, aspect=a, feeling=f) for a, f in product(_STEPS[:4], _FEELINGS)], "triple_f1", "polar_f1"
    )
    english = [replace(fusion, english_aspect=a, english_feeling=f) for a, f in product(_STEPS, _FEELINGS)]
    fusion = best({"edmunds"}, english, "f1")
    fusion = best({"complaints"}, [replace(fusion, code=w) for w in (*_STEPS, 6.0, 8.0, 10.0)], "code_f1", "head_f1")
    weights = product((*_STEPS, 0.5, 1.5), _VEHICLES)
    return best({"complaints2024"}, [replace(fusion, category=w, vehicle=v) for w, v in weights], "accuracy")
