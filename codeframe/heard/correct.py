"""Correction by sound: words of the trade that recognition heard as others that sound alike (剥香 for 波箱).

A lattice over a text: its own words as they stand, and beside them every word of the code frame that sounds like the characters
in its place. A language model scores the paths; a change costs what its characters and its distance in sound cost, so that text which
makes sense stays as it is. Only words of the frame are ever put in, never another word of the language.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple, Self

from codeframe.frame import Frame
from codeframe.heard.language import START, LanguageModel
from codeframe.heard.sounds import HAN, folded, syllables
from codeframe.lexicon.language import load_lexicons
from codeframe.pattern import parse

_SHORTEST, _LONGEST = 2, 6
_BEAM = 8
_CHANGED = -2.2
_ORDINARY = -3.0
_NEAR_SOUND = -1.0
_LEAST_GAIN = 2.0


class Change(NamedTuple):
    """[start, end) of the text, the word put there, what was heard, and by how much the text makes more sense with it."""

    start: int
    end: int
    word: str
    heard: str
    gain: float


@dataclass(frozen=True, slots=True)
class _Path:
    score: float
    word: int
    before: _Path | None
    change: tuple[int, str] | None = None


class Corrector:
    """Knows the words of a frame by their sound. `kept` are other words that are never touched.

    `changed` is the cost of a character that is not the one heard.
    """

    def __init__(self, words: Iterable[str], language: LanguageModel, kept: Iterable[str] = (), changed: float = _CHANGED) -> None:
        self._language, self._changed = language, changed
        self._by_sound: dict[tuple[str, ...], list[tuple[str, tuple[str, ...]]]] = {}
        known = sorted({word for word in words if _SHORTEST <= len(word) <= _LONGEST and HAN.fullmatch(word)})
        language.add(known)
        self._kept = frozenset(known).union(word for word in kept if len(word) >= _SHORTEST)
        for word in known:
            said = tuple(syllables(word))
            self._by_sound.setdefault(tuple(map(folded, said)), []).append((word, said))

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
        """The text with its misheard words put right, and each change. Offsets stay: a change keeps the number of characters."""
        changes = [
            change._replace(start=match.start() + change.start, end=match.start() + change.end)
            for match in HAN.finditer(text)
            for change in self._correct_run(match[0])
        ]
        for change in changes:
            text = text[: change.start] + change.word + text[change.end :]
        return text, changes

    def _correct_run(self, run: str) -> list[Change]:
        said = syllables(run)
        if len(said) != len(run):
            return []
        sounds = [folded(one) for one in said]
        kept = self._untouched(run)
        proposals = {at: found for at in range(len(run)) if (found := self._proposals(run, said, sounds, at, kept))}
        if not proposals:
            return []
        as_heard, best = self._best(run, {}), self._best(run, proposals)
        gain = round(best.score - as_heard.score, 2)
        if gain < _LEAST_GAIN:
            return []
        return [Change(at, at + len(word), word, run[at : at + len(word)], gain) for at, word in _changes(best)]

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
        """Words of the frame that sound like the text at a place but are not it, with what the change costs."""
        found = []
        for end in range(at + _SHORTEST, min(at + _LONGEST, len(run)) + 1):
            heard = run[at:end]
            for word, exact in self._by_sound.get(tuple(sounds[at:end]), ()):
                changed = [number for number, (one, other) in enumerate(zip(word, heard, strict=True)) if one != other]
                if changed and not any(kept[at + number] for number in changed):
                    near = sum(one != other for one, other in zip(exact, said[at:end], strict=True))
                    ordinary = _ORDINARY if heard in self._language.numbers else 0.0
                    found.append((word, self._changed * len(changed) + _NEAR_SOUND * near + ordinary))
        return found

    def _best(self, run: str, proposals: dict[int, list[tuple[str, float]]]) -> _Path:
        paths: list[dict[tuple[int, bool], _Path]] = [{} for _ in range(len(run) + 1)]
        paths[0][START, False] = _Path(0.0, START, None)
        for at in range(len(run)):
            beam = sorted(paths[at].values(), key=lambda path: -path.score)[:_BEAM]
            for word, cost, change in self._arcs(run, at, proposals.get(at, [])):
                reached, number = paths[at + len(word)], self._number(word)
                for path in beam:
                    score = path.score + cost + self._language.score(path.word, number)
                    key = (number, change is not None)
                    if key not in reached or score > reached[key].score:
                        reached[key] = _Path(score, number, path, change)
        return max(paths[-1].values(), key=lambda path: path.score)

    def _arcs(self, run: str, at: int, proposals: list[tuple[str, float]]) -> list[tuple[str, float, tuple[int, str] | None]]:
        numbers = self._language.numbers
        arcs: list[tuple[str, float, tuple[int, str] | None]] = [(run[at], 0.0, None)]
        for end in range(at + _SHORTEST, min(at + _LONGEST, len(run)) + 1):
            if run[at:end] in numbers:
                arcs.append((run[at:end], 0.0, None))
        return arcs + [(word, cost, (at, word)) for word, cost in proposals]

    def _number(self, word: str) -> int:
        if word not in self._language.numbers:
            self._language.add([word])
        return self._language.numbers[word]


def _changes(path: _Path) -> list[tuple[int, str]]:
    found = []
    step: _Path | None = path
    while step is not None:
        if step.change:
            found.append(step.change)
        step = step.before
    return found[::-1]
