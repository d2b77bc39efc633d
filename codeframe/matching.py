"""Which tags a clause gives: terms alone, and patterns whose parts stand in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from codeframe.reader import Clause, Hit
from codeframe.vocabulary import Vocabulary

Stretch: TypeAlias = tuple[int, int]


@dataclass(slots=True, eq=False)
class Match:
    """A tag found at [start, end). `aspect` is what it is about; `parts` are the words that made it.

    `polarity` is what they say of themselves: -1, 1, or 0 where opinion words decide. `rule` is the
    pattern's number, or -1 for a term.
    """

    tag: int
    polarity: int
    start: int
    end: int
    aspect: Stretch
    parts: tuple[Hit, ...]
    rule: int = -1


class Matcher:
    """Finds the tags of clauses by a vocabulary's terms and patterns."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.rules = vocabulary.rules
        size = self._size = len(vocabulary.literals)
        self._links = {one * size + other: tuple(links) for (one, other), links in vocabulary.links.items()}
        self._reach = max((link.gap for links in vocabulary.links.values() for link in links), default=0)

    def matches(self, clause: Clause) -> list[Match]:
        """The tags of a clause, by where they start. One that only names what a longer one judges is left out."""
        found = self._by_pattern(clause.links) if len(clause.links) > 1 else []
        for start, end, literal in clause.terms:
            for tag, polarity in literal.terms:
                if not any(other.start <= start and end <= other.end and (other.tag == tag or not polarity) for other in found):
                    found.append(Match(tag, polarity, start, end, (start, end), ((start, end, literal),)))
        if len(found) > 1:
            found.sort(key=_start)
        return found

    def _by_pattern(self, hits: list[Hit]) -> list[Match]:
        best: dict[int, Match] = {}
        chains: dict[tuple[int, int], list[tuple[Hit, ...]]] = {}
        get, size, reach = self._links.get, self._size, self._reach
        for at, hit in enumerate(hits):
            start, _, literal = hit
            for back in range(at - 1, -1, -1):
                earlier = hits[back]
                gap = start - earlier[1]
                if gap < 0:
                    continue
                if gap > reach:
                    break
                links = get(earlier[2].id * size + literal.id)
                if links is None:
                    continue
                for rule, part, widest in links:
                    if gap > widest:
                        continue
                    for chain in ((earlier,),) if part == 0 else chains.get((rule, back * 16 + part), ()):
                        longer = (*chain, hit)
                        if part + 1 < self.rules[rule].last:
                            chains.setdefault((rule, at * 16 + part + 1), []).append(longer)
                        else:
                            self._keep(best, rule, longer)
        return list(best.values())

    def _keep(self, best: dict[int, Match], number: int, parts: tuple[Hit, ...]) -> None:
        """Of a tag's matches in a clause the tightest stands."""
        rule = self.rules[number]
        start, end = parts[0][0], parts[-1][1]
        known = best.get(rule.tag)
        if known is None or end - start < known.end - known.start:
            best[rule.tag] = Match(rule.tag, rule.polarity, start, end, (start, parts[0][1]), parts, number)


def _start(match: Match) -> int:
    return match.start
