"""Correction by sound: words that recognition heard as others that sound alike (剥香 for 波箱).

A lattice over a text: its own words as they stand, and beside them words that sound like the characters in their place. Words of the code
frame and of feeling come in more cheaply than others. A language model scores the paths; a change costs what its characters and its
distance in sound cost, so that text which makes sense stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import NamedTuple, Self, TypeAlias

from codeframe.folding import fold
from codeframe.frame import Frame
from codeframe.heard.candidates import LONGEST, Candidate, Candidates
from codeframe.heard.language import START, LanguageModel, State
from codeframe.heard.sounds import HAN, spoken, syllables
from codeframe.lexicon.language import load_lexicons
from codeframe.pattern import parse

_SHORTEST = 2
_BEAM, _BEHIND = 6, 9.0
_CHANGE = -1.0
_CHANGED = -1.0
_ORDINARY = -1.5
_TRADE = -0.5
"""A character of a word of the trade, or of feeling, that stands there already."""
_READING = -1.0
"""Another reading of a character than that of its context."""
_LEAST = -12.0
"""What costs more is not tried."""
_LEAST_GAIN = 4.0
"""Log odds that a stretch must gain by its changes: with less, good text changes too, and opinions with it."""
_UNKNOWN = -16.0
_REMEMBERED = 64
"""Stretches of text: the alternatives of an utterance have most of theirs in common."""
_FREQUENT, _FREQUENT_CHARACTER, _FREQUENT_HALF = -13.0, -8.5, -9.5
"""Log-probabilities from which words and single characters of the language are put in, and words heard by a half."""


class Change(NamedTuple):
    """[start, end) of the text, the word put there, what was heard, and its share of how much more sense the text makes."""

    start: int
    end: int
    word: str
    heard: str
    gain: float


_score = attrgetter("score")
_Proposals: TypeAlias = dict[int, list[tuple[str, float]]]


class _Path(NamedTuple):
    score: float
    state: State
    before: _Path | None
    change: tuple[int, str] | None = None


class Corrector:
    """Knows words by their sound: those of a frame, and those of the language. `kept` are others that are never touched."""

    def __init__(self, words: Iterable[str], language: LanguageModel, kept: Iterable[str] = ()) -> None:
        self._language = language
        self._candidates = Candidates()
        self._other_reading: dict[str, str] = {}
        known = {word for word in words if _SHORTEST <= len(word) <= LONGEST and HAN.fullmatch(word)}
        self._read = lru_cache(_REMEMBERED)(self._best_of)
        self._kept = known.union(word for word in kept if len(word) >= _SHORTEST)
        for word in sorted(self._kept):
            self._know(word, syllables(word))
        for number, reading, odds in language.readings:
            word, likely = language.words[number], language.alone[number]
            if odds < 0:
                self._other_reading.setdefault(word, reading)
            elif word not in self._kept and likely > (_FREQUENT if len(word) >= _SHORTEST else _FREQUENT_CHARACTER):
                self._know(word, reading.split(" "), likely)

    @classmethod
    def load(cls, frame: Frame) -> Self:
        """The words of a frame: terms, parts of patterns, names, scales."""
        scales = frame.header.scales
        terms = (term.text for tag in frame.tags for term in tag.terms.all())
        parts = (word for tag in frame.tags for pattern in tag.patterns for part in parse(pattern.text) for word in part.alternatives)
        words = [*terms, *parts, *frame.entity_names, *scales.more_is_good, *scales.more_is_bad]
        feelings = (opinions for lexicon in load_lexicons() for opinions in (lexicon.opinion.positive, lexicon.opinion.negative))
        return cls(words, LanguageModel.load(), (word for one in feelings for word in (*one.strong, *one.normal, *one.mild)))

    def correct(self, text: str) -> tuple[str, list[Change]]:
        """The text with its misheard words put right, and each change. Offsets stay: a change keeps the number of characters.

        A stretch of text without a mark is changed where all changes in it together gain enough, else it is left as it is.
        """
        changes = [
            Change(match.start() + at, match.start() + at + len(word), word, text[match.start() + at :][: len(word)], gain)
            for match in HAN.finditer(spoken(fold(text)))
            for at, word, gain in self._correct_run(match[0])
        ]
        for change in changes:
            text = text[: change.start] + change.word + text[change.end :]
        return text, changes

    def sense(self, text: str) -> float:
        """How much sense a text makes where what is misheard in it is put right: a log-probability, less what the changes cost."""
        return sum(self._read(match[0]).score for match in HAN.finditer(spoken(fold(text))))

    def _know(self, word: str, said: Sequence[str], likely: float | None = None) -> None:
        if len(said) == len(word):
            self._candidates.add(Candidate(word, tuple(said), likely is not None), likely is None or likely > _FREQUENT_HALF)

    def _correct_run(self, run: str) -> list[tuple[int, str, float]]:
        """Where words are put into a stretch of Chinese characters, the words, and the gain of each."""
        best = self._read(run)
        changes = _changes(best)
        gain = best.score - self._best(run, {}).score if changes else 0.0
        return [(at, word, round(gain / len(changes), 2)) for at, word in changes] if gain >= _LEAST_GAIN else []

    def _best_of(self, run: str) -> _Path:
        said = syllables(run)
        return self._best(run, self._proposals(run, said) if len(said) == len(run) else {})

    def _untouched(self, run: str) -> list[bool]:
        """Which characters belong to a word of the trade, or of feeling, as they stand."""
        kept = [False] * len(run)
        for at in range(len(run)):
            for end in range(min(at + LONGEST, len(run)), at + _SHORTEST - 1, -1):
                if run[at:end] in self._kept:
                    kept[at:end] = [True] * (end - at)
                    break
        return kept

    def _proposals(self, run: str, said: list[str]) -> _Proposals:
        """Words that sound like the text at each place but are not it, with what the change costs."""
        kept = self._untouched(run)
        found: dict[int, dict[str, float]] = {}
        other = [self._other_reading.get(character, one) for character, one in zip(run, said, strict=True)]
        reread = {at for at, one in enumerate(said) if other[at] != one}
        for readings, within, cost in ((said, range(len(run)), 0.0), (other, reread, _READING)):
            for at, candidate, apart in self._candidates.like(readings, within):
                costs = cost + apart + self._cost(candidate, run, at, kept)
                known = found.setdefault(at, {})
                if not run.startswith(candidate.word, at) and costs > max(_LEAST, known.get(candidate.word, _LEAST)):
                    known[candidate.word] = costs
        return {at: list(words.items()) for at, words in found.items() if words}

    @staticmethod
    def _cost(candidate: Candidate, run: str, at: int, kept: list[bool]) -> float:
        """What putting a word in at a place costs, whatever its sound."""
        changed = [number for number, character in enumerate(candidate.word, at) if character != run[number]]
        ordinary = _ORDINARY if candidate.ordinary else 0.0
        return _CHANGE + _CHANGED * len(changed) + _TRADE * sum(kept[number] for number in changed) + ordinary

    def _best(self, run: str, proposals: _Proposals) -> _Path:
        likely, after = self._language.score, self._language.after
        paths: list[dict[State, _Path]] = [{} for _ in range(len(run) + 1)]
        paths[0][START] = _Path(0.0, START, None)
        for at in range(len(run)):
            beam = sorted(paths[at].values(), key=_score, reverse=True)[:_BEAM]
            beam = [path for path in beam if path.score > beam[0].score - _BEHIND]
            for word, cost, change in self._arcs(run, at, proposals.get(at, [])):
                pieces = self._pieces(word)
                reached = paths[at + len(word)]
                for path in beam:
                    score, state = path.score + cost, path.state
                    for number in pieces:
                        score += likely(state, number) if number else _UNKNOWN
                        state = after(state, number)
                    if state not in reached or score > reached[state].score:
                        reached[state] = _Path(score, state, path, change)
        return max(paths[-1].values(), key=_score)

    def _arcs(self, run: str, at: int, proposals: list[tuple[str, float]]) -> list[tuple[str, float, tuple[int, str] | None]]:
        numbers = self._language.numbers
        arcs: list[tuple[str, float, tuple[int, str] | None]] = [(run[at], 0.0, None)]
        for end in range(at + _SHORTEST, min(at + LONGEST, len(run)) + 1):
            if run[at:end] in numbers:
                arcs.append((run[at:end], 0.0, None))
        return arcs + [(word, cost, (at, word)) for word, cost in proposals]

    def _pieces(self, word: str) -> Sequence[int]:
        """The numbers of a word's parts that the language model knows, 0 for what it does not: the longest first."""
        numbers = self._language.numbers
        if word in numbers:
            return (numbers[word],)
        end = next((end for end in range(len(word) - 1, 0, -1) if word[:end] in numbers), 1)
        rest = self._pieces(word[end:]) if end < len(word) else ()
        return (numbers.get(word[:end], 0), *rest)


def _changes(path: _Path) -> list[tuple[int, str]]:
    found = []
    step: _Path | None = path
    while step is not None:
        if step.change:
            found.append(step.change)
        step = step.before
    return found[::-1]
