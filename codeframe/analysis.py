"""Batches of texts to judged matches: every tag found, the clause it stands in, and what was felt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from codeframe.feeling import Feeling, feelings
from codeframe.frame import Frame
from codeframe.lexicon.language import load_lexicons
from codeframe.matching import Clause, Matcher
from codeframe.reader import Reader
from codeframe.vocabulary import Vocabulary


@dataclass(slots=True, eq=False)
class Judged:
    """A match, what was felt about it, and its clause."""

    feeling: Feeling
    clause: Clause


@dataclass(slots=True, eq=False)
class Analysis:
    """What was found in one text. Offsets in it count from `base`; `cues` are the bits of `Cue` of its coded sentences."""

    base: int
    judged: list[Judged] = field(default_factory=list)
    cues: int = 0


class Analyst:
    """Reads texts by a frame and the bundled lexicons. Immutable."""

    def __init__(self, frame: Frame) -> None:
        vocabulary = Vocabulary(frame, load_lexicons())
        self._reader = Reader(vocabulary)
        self._matcher = Matcher(vocabulary)
        self.rules = vocabulary.rules

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
            for feeling in feelings(clause):
                analysis.judged.append(Judged(feeling, clause))
        return analyses
