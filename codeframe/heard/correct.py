"""Correction by sound: words that recognition heard as others that sound alike (剥香 for 波箱).

A lattice over a text: its own words as they stand, and beside them words that sound like the characters in their place. Words of the code
frame come in more cheaply than others. A language model scores the paths; a change costs what
its characters and its distance in sound cost, so that text which makes sense stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

from codeframe.frame import Frame
from codeframe.heard.language import START, LanguageModel, State
from codeframe.heard.sounds import HAN, folded, syllables
from codeframe.lexicon.language import load_lexicons
from codeframe.pattern import parse

_SHORTEST, _LONGEST = 2, 6
_BEAM = 8
_CHANGE = -1.0
_CHANGED = -1.6
_ORDINARY = -1.5
_TRADE = -2.0
"""A character of a word of the trade, or of feeling, that stands there already."""
_OTHER_TONE = -0.4
_NEAR_SOUND = -2.0
_LEAST_GAIN = 2.0
_UNKNOWN = -16.0
_FREQUENT, _FREQUENT_CHARACTER = -13.0, -8.5
"""Log-probabilities from which words and single characters of the language are put in."""


class Change(NamedTuple):
    """[start, end) of the text, the word put there, what was heard, and its share of how much more sense the text makes."""

    start: int
    end: int
    word: str
    heard: str
    gain: float


class _Candidate(NamedTuple):
    """A word that may be put in, how it is said, and what it costs to put it in at all."""

    word: str
    said: tuple[str, ...]
    cost: float


@dataclass(frozen=True, slots=True)
class _Path:
    score: float
    state: State
    before: _Path | None
    change: tuple[int, str] | None = None


class Corrector:
    """Knows words by their sound: those of a frame, and those of the language. `kept` are others that are never touched."""

    def __init__(self, words: Iterable[str], language: LanguageModel, kept: Iterable[str] = ()) -> None:
        self._language = language
        self._by_sound: dict[tuple[str, ...], list[_Candidate]] = {}
        known = {word for word in words if _SHORTEST <= len(word) <= _LONGEST and HAN.fullmatch(word)}
        self._kept = known.union(word for word in kept if len(word) >= _SHORTEST)
        for word in sorted(self._kept):
            self._know(word, 0.0)
        for number, word in enumerate(language.words):
            likely = language.alone[number]
            if word and word not in self._kept and likely > (_FREQUENT if len(word) >= _SHORTEST else _FREQUENT_CHARACTER):
                self._know(word, _ORDINARY)

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

        A single doubtful place in a text that makes sense is left as it is: all changes together must gain enough.
        """
        changes = [
            change._replace(start=match.start() + change.start, end=match.start() + change.end)
            for match in HAN.finditer(text)
            for change in self._correct_run(match[0])
        ]
        if sum(change.gain for change in changes) < _LEAST_GAIN:
            return text, []
        for change in changes:
            text = text[: change.start] + change.word + text[change.end :]
        return text, changes

    def _know(self, word: str, cost: float) -> None:
        said = tuple(syllables(word))
        if len(said) == len(word):
            self._by_sound.setdefault(tuple(map(folded, said)), []).append(_Candidate(word, said, cost))

    def _correct_run(self, run: str) -> list[Change]:
        said = syllables(run)
        if len(said) != len(run):
            return []
        kept = self._untouched(run)
        sounds = [folded(one) for one in said]
        proposals = {at: found for at in range(len(run)) if (found := self._proposals(run, said, sounds, at, kept))}
        if not proposals:
            return []
        as_heard, best = self._best(run, {}), self._best(run, proposals)
        changes = _changes(best)
        gain = round((best.score - as_heard.score) / max(1, len(changes)), 2)
        return [Change(at, at + len(word), word, run[at : at + len(word)], gain) for at, word in changes]

    def _untouched(self, run: str) -> list[bool]:
        """Which characters belong to a word of the trade, or of feeling, as they stand."""
        kept = [False] * len(run)
        for at in range(len(run)):
            for end in range(min(at + _LONGEST, len(run)), at + _SHORTEST - 1, -1):
                if run[at:end] in self._kept:
                    kept[at:end] = [True] * (end - at)
                    break
        return kept

    def _proposals(self, run: str, said: list[str], sounds: list[str], at: int, kept: list[bool]) -> list[tuple[str, float]]:
        """Words that sound like the text at a place but are not it, with what the change costs."""
        found = []
        for end in range(at + 1, min(at + _LONGEST, len(run)) + 1):
            heard = run[at:end]
            for word, exact, cost in self._by_sound.get(tuple(sounds[at:end]), ()):
                changed = [at + number for number, (one, other) in enumerate(zip(word, heard, strict=True)) if one != other]
                if changed:
                    apart = sum(_apart(one, other) for one, other in zip(exact, said[at:end], strict=True))
                    trade = _TRADE * sum(kept[number] for number in changed)
                    found.append((word, _CHANGE + _CHANGED * len(changed) + apart + trade + cost))
        return found

    def _best(self, run: str, proposals: dict[int, list[tuple[str, float]]]) -> _Path:
        paths: list[dict[State, _Path]] = [{} for _ in range(len(run) + 1)]
        paths[0][START] = _Path(0.0, START, None)
        for at in range(len(run)):
            beam = sorted(paths[at].values(), key=lambda path: -path.score)[:_BEAM]
            for word, cost, change in self._arcs(run, at, proposals.get(at, [])):
                pieces = self._pieces(word)
                for path in beam:
                    score, state = path.score + cost, path.state
                    for number in pieces:
                        score += self._language.score(state, number) if number else _UNKNOWN
                        state = self._language.after(state, number)
                    reached = paths[at + len(word)]
                    if state not in reached or score > reached[state].score:
                        reached[state] = _Path(score, state, path, change)
        return max(paths[-1].values(), key=lambda path: path.score)

    def _arcs(self, run: str, at: int, proposals: list[tuple[str, float]]) -> list[tuple[str, float, tuple[int, str] | None]]:
        numbers = self._language.numbers
        arcs: list[tuple[str, float, tuple[int, str] | None]] = [(run[at], 0.0, None)]
        for end in range(at + _SHORTEST, min(at + _LONGEST, len(run)) + 1):
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


def _apart(one: str, other: str) -> float:
    """What hearing a toned syllable as another costs."""
    if one == other:
        return 0.0
    if one[:-1] == other[:-1]:
        return _OTHER_TONE
    return _NEAR_SOUND


def _changes(path: _Path) -> list[tuple[int, str]]:
    found = []
    step: _Path | None = path
    while step is not None:
        if step.change:
            found.append(step.change)
        step = step.before
    return found[::-1]
