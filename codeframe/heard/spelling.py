"""From syllables to characters: the words that best explain what was heard.

Mandarin has some 1,300 syllables for its thousands of characters, so a recogniser may hear syllables and a language model spell them.
A beam runs over the positions; at each, every word whose syllables are among the alternatives heard there goes on every kept beginning.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from codeframe.heard.language import START, LanguageModel, State

Alternatives: TypeAlias = Sequence[tuple[str, float]]
"""What a position may have been: toned syllables ("bo1") with their log-probabilities, the best first."""

_BEAM = 8
_HOMOPHONES = 10
_LIKELY = -4.0
_MISSED = -9.0


@dataclass(frozen=True, slots=True)
class _Start:
    """The beginning of a text up to a position: its score, its last word, and how it came there."""

    score: float
    word: int
    before: _Start | None


class Speller:
    """Spells with a language model. `weight` is what its log-probabilities count beside the acoustic ones."""

    def __init__(self, language: LanguageModel, weight: float = 0.55) -> None:
        self._language, self._weight = language, weight
        lexicon: dict[tuple[str, ...], list[tuple[float, int]]] = {}
        for number, reading, odds in language.readings:
            lexicon.setdefault(tuple(reading.split(" ")), []).append((odds, number))
        self._lexicon = {said: self._likeliest(words) for said, words in lexicon.items()}
        self._begins = {said[:end] for said in lexicon for end in range(1, len(said))}

    def _likeliest(self, words: list[tuple[float, int]]) -> list[tuple[float, int]]:
        """Of words that sound alike the most frequent ones, with what their reading costs."""
        best = sorted(words, key=lambda word: -word[0] - self._language.alone[word[1]])[:_HOMOPHONES]
        return [(self._weight * odds, number) for odds, number in best]

    def spell(self, heard: Sequence[Alternatives]) -> str:
        """The best text for what was heard, a list of alternatives a position."""
        starts: list[dict[State, _Start]] = [{} for _ in range(len(heard) + 1)]
        starts[0][START] = _Start(0.0, 0, None)
        score_of, after = self._language.score, self._language.after
        for at in range(len(heard)):
            kept = sorted(starts[at].items(), key=lambda start: -start[1].score)[:_BEAM]
            for length, word, acoustic in self._words_from(heard, at):
                reached = starts[at + length]
                for state, start in kept:
                    score = start.score + acoustic + self._weight * score_of(state, word)
                    key = after(state, word)
                    if key not in reached or score > reached[key].score:
                        reached[key] = _Start(score, word, start)
            if kept and not starts[at + 1]:  # a syllable that no word has: nothing is spelled
                starts[at + 1][START] = _Start(kept[0][1].score + _MISSED, 0, kept[0][1])
        return self._text(max(starts[-1].values(), key=lambda start: start.score))

    def _words_from(self, heard: Sequence[Alternatives], at: int) -> list[tuple[int, int, float]]:
        """(length, word, acoustic score) of every word that may begin at a position."""
        found: list[tuple[int, int, float]] = []
        begun: list[tuple[tuple[str, ...], float]] = [((), 0.0)]
        for length, alternatives in enumerate(heard[at:], 1):
            likely = [(one, p) for one, p in alternatives if p > alternatives[0][1] + _LIKELY]
            grown = [((*syllables, one), score + p) for syllables, score in begun for one, p in likely]
            found += [(length, word, score + odds) for syllables, score in grown for odds, word in self._lexicon.get(syllables, ())]
            begun = [(syllables, score) for syllables, score in grown if syllables in self._begins]
            if not begun:
                break
        return found

    def _text(self, start: _Start) -> str:
        words = []
        step: _Start | None = start
        while step is not None:
            words.append(self._language.words[step.word])
            step = step.before
        return "".join(reversed(words))
