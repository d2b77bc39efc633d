"""Words that redaction leaves alone: brands, models, cities, dealers."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ahocorasick import Automaton

from codeframe.folding import fold


class Keep:
    """Finds kept words in folded texts. Words of one character, such as the model 唐, are surnames too and are not kept."""

    def __init__(self, words: Collection[str]) -> None:
        self._automaton = Automaton()
        for word in {fold(word.strip()) for word in words}:
            if len(word) > 1:
                self._automaton.add_word(word, len(word))
        if self._automaton:
            self._automaton.make_automaton()

    def spans(self, folded: str) -> list[tuple[int, int]]:
        """Start and end of every kept word."""
        return list(self._spans(folded)) if self._automaton else []

    def _spans(self, folded: str) -> Iterator[tuple[int, int]]:
        for last, length in self._automaton.iter(folded):
            yield last + 1 - length, last + 1
