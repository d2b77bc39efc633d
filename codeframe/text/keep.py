"""Words that redaction leaves alone: brands, models, cities, dealers."""

from __future__ import annotations

from collections.abc import Collection

from ahocorasick_rs import AhoCorasick

from codeframe.folding import fold


class Keep:
    """Finds kept words in folded texts. Words of one character, such as the model 唐, are surnames too and are not kept."""

    def __init__(self, words: Collection[str]) -> None:
        folded = {fold(word.strip()) for word in words}
        self._automaton = AhoCorasick(sorted(word for word in folded if len(word) > 1))

    def spans(self, folded: str) -> list[tuple[int, int]]:
        """Start and end of every kept word."""
        return [(start, end) for _, start, end in self._automaton.find_matches_as_indexes(folded, overlapping=True)]
