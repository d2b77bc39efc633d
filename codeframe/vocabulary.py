"""Every string that the matcher looks for, with all that it means: tags, parts of patterns, cues."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntFlag
from itertools import pairwise, product
from typing import NamedTuple

from codeframe.folding import fold
from codeframe.frame import Frame
from codeframe.lexicon.language import Lexicon
from codeframe.pattern import parse
from codeframe.spelling import Spelling

STRONG, NORMAL, MILD = 0.9, 0.7, 0.4
POLARITY = {"negative": -1, "either": 0, "positive": 1}


class Cue(IntFlag):
    """What a word does to the clause around it."""

    NEGATION = 1
    STRONG = 2
    WEAK = 4
    EXCESS = 8
    BUT = 16
    THOUGH = 32
    THAN = 64
    SELF = 128
    LEVEL = 256
    QUESTION = 512
    WHY = 1024
    RHETORICAL = 2048
    SARCASM = 4096
    WISH = 8192
    HYPOTHETICAL = 16384
    LEAVING = 32768
    COMPLAINT = 65536
    PRAISE = 131072
    BETTER = 262144
    WORSE = 524288
    MORE = 1048576
    LESS = 2097152
    MORE_IS_GOOD = 4194304
    MORE_IS_BAD = 8388608
    ABSENCE = 16777216


@dataclass(slots=True, eq=False)
class Literal:
    """A folded string. `terms` are (tag, polarity) that it gives alone; `valence` is its own feeling.

    A `latin` one counts only as a whole word; a `mask` hides shorter words of feeling inside it, a `screen` terms as well.
    """

    id: int
    text: str
    latin: bool
    mask: bool = False
    screen: bool = False
    linked: bool = False
    terms: list[tuple[int, int]] = field(default_factory=list)
    valence: float = 0.0
    cues: int = 0

    @property
    def sign(self) -> bool:
        return bool(self.valence or self.cues)


class Rule(NamedTuple):
    """A pattern of a tag, as written."""

    tag: int
    polarity: int
    notation: str
    last: int


class Link(NamedTuple):
    """Two literals in a row as parts `at` and `at + 1` of a rule, with at most `gap` characters between."""

    rule: int
    at: int
    gap: int


class Vocabulary:
    """The literals of a frame and of the languages' lexicons."""

    def __init__(self, frame: Frame, lexicons: Sequence[Lexicon]) -> None:
        self.spelling = Spelling(frame.spellings)
        self.literals: dict[str, Literal] = {}
        self.rules: list[Rule] = []
        self.links: dict[tuple[int, int], list[Link]] = {}
        for lexicon in lexicons:
            self._add_lexicon(lexicon)
        self._cue(frame.header.scales.more_is_good, Cue.MORE_IS_GOOD)
        self._cue(frame.header.scales.more_is_bad, Cue.MORE_IS_BAD)
        for text in (*frame.header.stop, *frame.entity_names):
            self.literal(text).mask = True
            self.literal(text).screen = True
        self.families = [tag.id.split(".")[:2] for tag in frame.tags]
        for index, tag in enumerate(frame.tags):
            for term in tag.terms.all():
                self._add_term(term.text, (index, POLARITY[term.polarity or tag.polarity]))
            for pattern in tag.patterns:
                self._add_pattern(index, POLARITY[pattern.polarity or tag.polarity], pattern.text)

    def literal(self, text: str) -> Literal:
        folded = self.spelling.word(fold(text).strip())
        found = self.literals.get(folded)
        if found is None:
            latin = any(edge.isascii() and edge.isalnum() for edge in (folded[:1], folded[-1:]))
            found = self.literals[folded] = Literal(len(self.literals), folded, latin)
        return found

    def _add_term(self, text: str, gives: tuple[int, int]) -> None:
        literal = self.literal(text)
        if gives not in literal.terms:
            literal.terms.append(gives)

    def _cue(self, words: Iterable[str], cue: Cue) -> None:
        for word in words:
            self.literal(word).cues |= int(cue)

    def _value(self, words: Iterable[str], valence: float, negators: frozenset[str]) -> None:
        for word in words:
            literal = self.literal(word)
            literal.valence = valence
            literal.mask |= word[:1] in negators and len(word) > 1

    def _add_lexicon(self, lexicon: Lexicon) -> None:
        negators = frozenset(word for word in (*lexicon.negation, *lexicon.absence) if len(word) == 1)
        for sign, opinions in ((1, lexicon.opinion.positive), (-1, lexicon.opinion.negative)):
            for words, strength in ((opinions.mild, MILD), (opinions.normal, NORMAL), (opinions.strong, STRONG)):
                self._value(words, sign * strength, negators)
        for words, cue in (
            (lexicon.scale.more, Cue.MORE),
            (lexicon.scale.less, Cue.LESS),
            (lexicon.negation, Cue.NEGATION),
            (lexicon.absence, Cue.NEGATION | Cue.ABSENCE),
            (lexicon.degree.strong, Cue.STRONG),
            (lexicon.degree.weak, Cue.WEAK),
            (lexicon.degree.excess, Cue.EXCESS),
            (lexicon.contrast.but, Cue.BUT),
            (lexicon.contrast.though, Cue.THOUGH),
            (lexicon.comparison.than, Cue.THAN),
            (lexicon.comparison.self, Cue.SELF),
            (lexicon.comparison.level, Cue.LEVEL),
            (lexicon.question, Cue.QUESTION),
            (lexicon.why, Cue.WHY),
            (lexicon.rhetorical, Cue.RHETORICAL),
            (lexicon.sarcasm, Cue.SARCASM),
            (lexicon.wish, Cue.WISH),
            (lexicon.hypothetical, Cue.HYPOTHETICAL),
            (lexicon.leaving, Cue.LEAVING),
            (lexicon.complaint, Cue.COMPLAINT),
            (lexicon.praise, Cue.PRAISE),
            (lexicon.expectation.better, Cue.BETTER),
            (lexicon.expectation.worse, Cue.WORSE),
        ):
            self._cue(words, cue)
        for word in lexicon.stop:
            self.literal(word).mask = True

    def _add_pattern(self, tag: int, polarity: int, notation: str) -> None:
        parts = parse(notation)
        if len(parts) == 1:
            for word in parts[0].alternatives:
                self._add_term(word, (tag, polarity))
            return
        rule = len(self.rules)
        self.rules.append(Rule(tag, polarity, notation, len(parts) - 1))
        rows = [[self.literal(word) for word in part.alternatives] for part in parts]
        for at, (left, right) in enumerate(pairwise(rows)):
            link = Link(rule, at, parts[at + 1].gap)
            for one, other in product(left, right):
                one.linked = other.linked = True
                links = self.links.setdefault((one.id, other.id), [])
                if link not in links:
                    links.append(link)
