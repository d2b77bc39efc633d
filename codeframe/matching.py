"""Which tags a clause gives: terms alone, and patterns whose parts stand in order."""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter
from typing import TypeAlias

import msgspec
import numpy as np

from codeframe.reader import Batch, Hits, Ints
from codeframe.vocabulary import Link, Literal, Vocabulary

_start = attrgetter("start")
_CARRIED_HAN, _CARRIED_LATIN = 4, 16
"""How far from the start of its clause a word may stand to be said of the clause before."""

_LIKELY = (1 << 18) - 1
"""The lower bits of a pair's key: most pairs that stand in no pattern are told by them, without a search."""

Hit: TypeAlias = tuple[int, int, Literal]
"""Where a literal stands, [start, end) of the batch's folded text."""


class Match(msgspec.Struct, eq=False, gc=False):
    """A tag found at [start, end). `aspect` is what it is about; `parts` are the words that made it.

    `polarity` is what they say of themselves: -1, 1, or 0 where opinion words decide. `rule` is the
    pattern's number, or -1 for a term.
    """

    tag: int
    polarity: int
    start: int
    end: int
    aspect: tuple[int, int]
    parts: tuple[Hit, ...]
    rule: int = -1


class Clause(msgspec.Struct, eq=False, gc=False):
    """A clause in which tags were found. `following` are the cue words of the next clause of its sentence,
    where that names nothing itself; `cues` and `sentence_cues` are bits of `Cue`. `text` is the batch's."""

    text: str
    start: int
    end: int
    asked: bool
    matches: list[Match]
    signs: list[Hit]
    following: list[Hit]
    cues: int
    sentence_cues: int


class Matcher:
    """Finds the tags of clauses by a vocabulary's terms and patterns. Immutable."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.rules = vocabulary.rules
        self._family = vocabulary.families
        self._literals = list(vocabulary.literals.values())
        self._cues = np.array([literal.cues for literal in self._literals])
        self._latin = np.array([literal.latin for literal in self._literals])
        self._count = len(self._literals)
        self._links = {one * self._count + other: tuple(links) for (one, other), links in vocabulary.links.items()}
        self._keys = np.array(sorted(self._links) or [-1])
        self._likely = np.zeros(_LIKELY + 1, bool)
        self._likely[self._keys & _LIKELY] = True
        self._leads = np.isin(np.arange(self._count), self._keys // self._count)
        self._follows = np.isin(np.arange(self._count), self._keys % self._count)
        self._reach = max((link.gap for links in self._links.values() for link in links), default=0)

    def clauses(self, batch: Batch) -> Iterator[Clause]:
        """The clauses that give tags, in order."""
        found = self._patterns(batch.links)
        terms = batch.terms
        for start, end, number, at in zip(terms.start.tolist(), terms.end.tolist(), terms.id.tolist(), terms.clause.tolist(), strict=True):
            literal = self._literals[number]
            matches = found.setdefault(at, [])
            for tag, polarity in literal.terms:
                if not (matches and _said_by_pattern(tag, polarity, start, end, matches)):
                    matches.append(Match(tag, polarity, start, end, (start, end), ((start, end, literal),)))
        self._carry(batch, found)
        return self._describe(batch, found)

    def _carry(self, batch: Batch, found: dict[int, list[Match]]) -> None:
        """What a clause that names nothing says of the clause before it: 刹车软，还老异响."""
        hits = batch.links
        if not hits.id.size:
            return
        near = hits.start - batch.clause_start[hits.clause] <= np.where(self._latin[hits.id], _CARRIED_LATIN, _CARRIED_HAN)
        named = np.zeros(batch.clause_start.size, bool)
        named[list(found)] = True
        before = hits.clause - 1
        which = np.flatnonzero(near & self._follows[hits.id] & named[before] & ~named[hits.clause] & ~batch.hard[before])
        for clause, later in zip(hits.clause[which].tolist(), self._hits(hits, which), strict=True):
            for match in found[clause - 1]:
                for link in self._links.get(match.parts[0][2].id * self._count + later[2].id, ()):
                    if link.gap and self.rules[link.rule].last == 1:
                        found.setdefault(-clause, []).append(self._match(link.rule, (match.parts[0], later)))
        for carried in [clause for clause in found if clause < 0]:
            best: dict[int, Match] = {}
            for match in found.pop(carried):
                _keep(best, match)
            found[-carried] = list(best.values())

    def _describe(self, batch: Batch, found: dict[int, list[Match]]) -> Iterator[Clause]:
        """The clauses of the matches, with their cue words."""
        hits = batch.signs
        cues = self._cues[hits.id] if hits.id.size else np.zeros(0, np.int64)
        at = np.array(sorted(found), np.int64)
        first, last, after = (np.searchsorted(hits.clause, at + step).tolist() for step in (0, 1, 2))
        sentence: Ints = np.cumsum(batch.hard) - batch.hard
        sentence_cues = _together(sentence[hits.clause], cues, int(sentence[-1]) + 1)[sentence[at]].tolist()
        rows = zip(at.tolist(), batch.clause_start[at].tolist(), batch.clause_end[at].tolist(), batch.asked[at].tolist(), strict=True)
        hard = batch.hard[at].tolist()
        every = list(self._hits(hits))
        for row, (number, start, end, asked) in enumerate(rows):
            matches = found[number]
            if len(matches) > 1:
                matches = self._sharpest(matches)
            signs, bits = every[first[row] : last[row]], 0
            for sign in signs:
                bits |= sign[2].cues
            following = every[last[row] : after[row]] if not hard[row] and number + 1 not in found else []
            yield Clause(batch.folded, start, end, asked, matches, signs, following, bits, sentence_cues[row])

    def _sharpest(self, matches: list[Match]) -> list[Match]:
        """Sorted, without those whose every word is part of a word of another that says more of the same: 发动机噪音小 is
        not 噪音小 too, and 暖风不热 is not 暖风."""
        matches.sort(key=_start)
        return [one for one in matches if not any(_inside(one, other) and self._says_more(other, one) for other in matches)]

    def _says_more(self, other: Match, one: Match) -> bool:
        named = not one.polarity and other.polarity
        return bool(named or self._family[other.tag] == self._family[one.tag]) and _blunter(one, other)

    def _patterns(self, hits: Hits) -> dict[int, list[Match]]:
        """Matches of patterns by clause; of a tag's in a clause the tightest stands."""
        found: dict[int, list[Match]] = {}
        chains: dict[tuple[int, int, int], list[tuple[Hit, ...]]] = {}
        for one, other, clause, earlier, later, links in self._pairs(hits):
            gap = later[0] - earlier[1]
            for rule, part, widest in links:
                if gap > widest:
                    continue
                for parts in ((earlier,),) if not part else chains.get((rule, one, part), ()):
                    longer = (*parts, later)
                    if part + 1 < self.rules[rule].last:
                        chains.setdefault((rule, other, part + 1), []).append(longer)
                    else:
                        found.setdefault(clause, []).append(self._match(rule, longer))
        return {clause: self._tightest(matches) if len(matches) > 1 else matches for clause, matches in found.items()}

    def _tightest(self, matches: list[Match]) -> list[Match]:
        """One a tag, without those that reach over a nearer subject: in 变速箱顿挫发动机抖动 the shake is the engine's alone."""
        best: dict[int, Match] = {}
        for match in matches:
            if not any(other.end == match.end and self._nearer(other, match) and _ended(match, other, matches) for other in matches):
                _keep(best, match)
        return list(best.values())

    def _nearer(self, other: Match, match: Match) -> bool:
        """Whether `other` says the same of a later subject."""
        last, same = match.parts[-1], other.parts[-1]
        return match.aspect[1] <= other.start and last[:2] == same[:2] and self._family[match.tag] != self._family[other.tag]

    def _pairs(self, hits: Hits) -> Iterator[tuple[int, int, int, Hit, Hit, tuple[Link, ...]]]:
        """Two hits of a clause that stand in a row in some pattern, by where the second starts: their places, the clause, and both."""
        leads = np.flatnonzero(self._leads[hits.id])
        ones: list[Ints] = []
        others: list[Ints] = []
        step = 0
        while leads.size:
            step += 1
            leads = leads[leads + step < hits.id.size]
            later = leads + step
            gap = hits.start[later] - hits.end[leads]
            near = (hits.clause[later] == hits.clause[leads]) & (gap <= self._reach)
            leads, later, gap = leads[near], later[near], gap[near]
            apart = (gap >= 0) & self._follows[hits.id[later]]
            ones.append(leads[apart])
            others.append(later[apart])
        if not ones:
            return iter(())
        one, other = np.concatenate(ones), np.concatenate(others)
        key = hits.id[one] * self._count + hits.id[other]
        known = np.flatnonzero(self._likely[key & _LIKELY])
        known = known[self._keys[np.minimum(np.searchsorted(self._keys, key[known]), self._keys.size - 1)] == key[known]]
        one, other, key = one[known], other[known], key[known]
        order = np.lexsort((one, other))
        one, other = one[order], other[order]
        links = map(self._links.__getitem__, key[order].tolist())
        hit_pairs = (self._hits(hits, one), self._hits(hits, other))
        return zip(one.tolist(), other.tolist(), hits.clause[other].tolist(), *hit_pairs, links, strict=True)

    def _hits(self, hits: Hits, which: Ints | slice = slice(None)) -> Iterator[Hit]:
        literals = map(self._literals.__getitem__, hits.id[which].tolist())
        return zip(hits.start[which].tolist(), hits.end[which].tolist(), literals, strict=True)

    def _match(self, number: int, parts: tuple[Hit, ...]) -> Match:
        rule = self.rules[number]
        return Match(rule.tag, rule.polarity, parts[0][0], parts[-1][1], parts[0][:2], parts, number)


def _said_by_pattern(tag: int, polarity: int, start: int, end: int, matches: list[Match]) -> bool:
    """Whether a pattern around a term says the same, or says of what it names how it is."""
    return any(one.start <= start and end <= one.end and one.rule >= 0 and (one.tag == tag or not polarity) for one in matches)


def _inside(one: Match, other: Match) -> bool:
    """Whether `one` stands inside `other`, which is longer."""
    return other.start <= one.start and one.end <= other.end and other.end - other.start > one.end - one.start


def _blunter(one: Match, other: Match) -> bool:
    """Whether each word of `one` stands inside a word of `other`."""
    return all(any(outer[0] <= start and end <= outer[1] for outer in other.parts) for start, end, _ in one.parts)


def _ended(match: Match, other: Match, matches: list[Match]) -> bool:
    """Whether what is said of the subject of `match` ends before the subject of `other`: 转向及发动机异响 is said of both."""
    return any(one.parts[0][:2] == match.parts[0][:2] and one.end <= other.start for one in matches)


def _keep(best: dict[int, Match], match: Match) -> None:
    known = best.get(match.tag)
    if known is None or match.end - match.start < known.end - known.start:
        best[match.tag] = match


def _together(group: Ints, bits: Ints, count: int) -> Ints:
    """The bits of each group, or-ed."""
    result = np.zeros(count, np.int64)
    np.bitwise_or.at(result, group, bits)
    return result
