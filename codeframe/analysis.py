"""Batches of texts to judged matches: every tag found, the clause it stands in, and what was felt."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from codeframe.feeling import Feeling, feelings
from codeframe.frame import Frame
from codeframe.lexicon.language import load_lexicons
from codeframe.matching import Matcher
from codeframe.reader import Reader
from codeframe.vocabulary import Vocabulary


class Analysis(msgspec.Struct, eq=False, gc=False):
    """What was found in one text. Offsets in it count from `base`; `cues` are the bits of `Cue` of its coded sentences."""

    base: int
    judged: list[Feeling] = []
    cues: int = 0


class Analyst:
    """Reads texts by a frame and the bundled lexicons. Immutable."""

    def __init__(self, frame: Frame) -> None:
        vocabulary = Vocabulary(frame, load_lexicons())
        self._reader = Reader(vocabulary)
        self._matcher = Matcher(vocabulary)
        self.rules = vocabulary.rules
        self.words = [literal.text for literal in vocabulary.literals.values() if literal.terms or literal.linked]

    def analyse(self, texts: Sequence[str]) -> list[Analysis]:
        """An analysis of each text, in order."""
        if not texts:
            return []
        batch = self._reader.read(texts)
        analyses = [Analysis(base) for base in batch.starts]
        ends = [*batch.starts[1:], len(batch.folded)]
        at = 0
        for clause in self._matcher.clauses(batch):
            while clause.start >= ends[at]:
                at += 1
            analysis = analyses[at]
            analysis.cues |= clause.sentence_cues
            analysis.judged += feelings(clause)
        return analyses
