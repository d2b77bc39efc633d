"""Batches of texts to judged matches: every tag found, the clause it stands in, and what was felt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from codeframe.feeling import Feeling, Word, clause_cues, feelings, opinion_words
from codeframe.frame import Frame
from codeframe.lexicon.language import load_lexicons
from codeframe.matching import Match, Matcher
from codeframe.reader import Clause, Reader
from codeframe.vocabulary import Cue, Vocabulary

_BUT, _THOUGH = int(Cue.BUT), int(Cue.THOUGH)
_AFTER_BUT, _AFTER_THOUGH = 1.3, 0.7


@dataclass(slots=True, eq=False)
class Judged:
    """A match, what was felt about it, and the cues (bits of `Cue`) of its clause and of its sentence."""

    feeling: Feeling
    clause: Clause
    clause_cues: int
    sentence_cues: int
    weight: float


@dataclass(frozen=True, slots=True)
class Analysis:
    """What was found in one text. Offsets in it count from `base`."""

    base: int
    judged: list[Judged]
    cues: int


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
        return [self._analyse(base, clauses) for base, clauses in zip(batch.starts, batch.clauses, strict=True)]

    def _analyse(self, base: int, clauses: list[Clause]) -> Analysis:
        cues = [clause_cues(clause) for clause in clauses]
        found = [self._matcher.matches(clause) for clause in clauses]
        sentences = _by_sentence(clauses, cues)
        judged: list[Judged] = []
        everything = 0
        for at, (clause, matches) in enumerate(zip(clauses, found, strict=True)):
            everything |= cues[at]
            if not matches:
                continue
            following = _following(at, clauses, found)
            weight = _AFTER_BUT if clause.contrast & _BUT else _AFTER_THOUGH if clause.contrast & _THOUGH else 1.0
            for feeling in feelings(clause, matches, following, sentences[at]):
                judged.append(Judged(feeling, clause, cues[at], sentences[at], weight))
        return Analysis(base, judged, everything)


def _by_sentence(clauses: list[Clause], cues: list[int]) -> list[int]:
    """For each clause the cues of its whole sentence."""
    whole = list(cues)
    first, together = 0, 0
    for at, clause in enumerate(clauses):
        together |= cues[at]
        if clause.hard or at == len(clauses) - 1:
            whole[first : at + 1] = [together] * (at + 1 - first)
            first, together = at + 1, 0
    return whole


def _following(at: int, clauses: list[Clause], found: list[list[Match]]) -> list[Word]:
    """The opinion words of the next clause of the sentence, where that names nothing itself."""
    if clauses[at].hard or at + 1 == len(clauses) or found[at + 1] or clauses[at + 1].contrast or not clauses[at + 1].signs:
        return []
    return opinion_words(clauses[at + 1])
