"""What is remembered of customers: their business facts and what they lately said, bounded by time and number.

The memory is a function of two logs, the facts and the coded utterances of the same customers, in any order and with
repetitions; so it can be thrown away and made again from them. Times are those of the events, never a clock's.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from codeframe.causes.attribution import Attributor, situation_of
from schemas.coded import CodedUtterance, Point, Tier
from schemas.context import ContextEvent, ContextKind
from schemas.ids import make_id

MOST_CUSTOMERS = 200_000
MOST_EACH = 50
MOST_LINKED = 10
"""Other accounts of one person. One with more is a shop's telephone or a test account, and is joined to no further one."""

LINKED_FROM = "linked_from"
"""Detail of a fact that was handed on from another account of the same person."""

_ATTRIBUTED = frozenset({Point.PAIN, Point.ITCH})


@dataclass(slots=True)
class Known:
    """What is known of one customer: when anything was last heard, facts by id, utterances by id (the highest revision), and
    other accounts of the same person, with whether they were told of each other."""

    latest: datetime
    facts: dict[UUID, ContextEvent] = field(default_factory=dict)
    said: dict[UUID, CodedUtterance] = field(default_factory=dict)
    links: dict[str, bool] = field(default_factory=dict)


class Memory:
    """The customers of one partition. `facts_for` and `said_for` are how long facts and utterances are kept."""

    def __init__(self, attributor: Attributor, facts_for: timedelta, said_for: timedelta) -> None:
        self._attributor = attributor
        self._tags = attributor.graph.candidates.keys()
        self._facts_for, self._said_for = facts_for, said_for
        self._customers: OrderedDict[str, Known] = OrderedDict()

    def __len__(self) -> int:
        return len(self._customers)

    def hear(self, coded: CodedUtterance) -> None:
        """Take note of a coded utterance; lower revisions than the one known are ignored."""
        known = self._known(_key(coded), coded.coded_at)
        before = known.said.get(coded.utterance_id)
        if before is not None and before.revision > coded.revision:
            return
        if any(one.point in _ATTRIBUTED for one in coded.opinions):
            known.said[coded.utterance_id] = coded
            _trim(known.said, coded.occurred_at - self._said_for)
        else:
            known.said.pop(coded.utterance_id, None)

    def learn(self, fact: ContextEvent) -> bool:
        """Take note of a fact or a link; whether it is new."""
        known = self._known(fact.customer_id, fact.ingested_at)
        if fact.kind is ContextKind.IDENTITY_LINK:
            other = fact.linked_customer_id
            if other is None or other == fact.customer_id or other in known.links or len(known.links) >= MOST_LINKED:
                return False
            known.links[other] = False
            return True
        if known.facts.get(fact.context_id) == fact:
            return False
        known.facts[fact.context_id] = fact
        _trim(known.facts, fact.occurred_at - self._facts_for)
        return fact.context_id in known.facts

    def handed_on(self, fact: ContextEvent) -> Iterator[ContextEvent]:
        """What the person's other accounts must be told after `fact`: this account's facts, and links.

        Links are closed transitively: an account that hears of another tells it, and all that it knew, of each other, once.
        So every account of a person comes to know all others (a union of sets, gossiped, since they lie in different
        partitions), and a fact needs one hop: what was handed on goes no further.
        """
        known = self._known(fact.customer_id, fact.ingested_at)
        if fact.kind is not ContextKind.IDENTITY_LINK:
            yield from (copy for other in sorted(known.links) for copy in _copies(fact, other))
            return
        other = fact.linked_customer_id
        if other is None or known.links.get(other, True):
            return
        known.links[other] = True
        if fact.details.get(LINKED_FROM) != other:
            yield _link(fact, other, fact.customer_id)
        for third in sorted(known.links.keys() - {other}):
            yield _link(fact, other, third)
            yield _link(fact, third, other)
        yield from (copy for one in known.facts.values() for copy in _copies(one, other))

    def forget(self, before: datetime) -> None:
        """Forget customers of whom nothing was heard since `before`."""
        while self._customers and next(iter(self._customers.values())).latest < before:
            self._customers.popitem(last=False)

    def correct(self, coded: CodedUtterance, now: datetime) -> CodedUtterance | None:
        """The utterance with the causes that all known evidence gives, one revision up; None where they are what they were,
        or where a person decided."""
        known = self._customers.get(_key(coded))
        latest = known.said.get(coded.utterance_id) if known else None
        if known is None or latest is None or latest.versions.tier is Tier.HUMAN:
            return None
        beside = [one for one in known.said.values() if one.conversation_id == latest.conversation_id]
        text = "\n".join([latest.text, *(one.text for one in beside if one is not latest)])
        tags = dict.fromkeys(opinion.tag for one in (latest, *beside) for opinion in one.opinions)
        where = situation_of(text, tags, latest.occurred_at, latest.attributes, tuple(known.facts.values()))
        named = self._attributor.attribute(latest.opinions, where)
        # A tag that the frame in force no longer has keeps the causes that it got from its own.
        opinions = tuple(new if new.tag in self._tags else old for new, old in zip(named, latest.opinions, strict=True))
        if opinions == latest.opinions:
            return None
        corrected = latest.model_copy(update={"opinions": opinions, "revision": latest.revision + 1, "coded_at": now})
        known.said[corrected.utterance_id] = corrected
        return corrected

    def correct_customer(self, customer: str, now: datetime) -> list[CodedUtterance]:
        """The corrections of everything that a customer lately said."""
        known = self._customers.get(customer)
        return self._all(list(known.said.values()), now) if known else []

    def correct_conversation(self, coded: CodedUtterance, now: datetime) -> list[CodedUtterance]:
        """The corrections of an utterance and of what was said beside it."""
        known = self._customers.get(_key(coded))
        beside = [one for one in known.said.values() if one.conversation_id == coded.conversation_id] if known else []
        return self._all(beside, now)

    def correct_all(self, now: datetime) -> list[CodedUtterance]:
        """The corrections of everything remembered: after the memory was made again."""
        return [one for customer in list(self._customers) for one in self.correct_customer(customer, now)]

    def _all(self, said: Iterable[CodedUtterance], now: datetime) -> list[CodedUtterance]:
        return [corrected for one in said if (corrected := self.correct(one, now))]

    def _known(self, customer: str, at: datetime) -> Known:
        known = self._customers.get(customer)
        if known is None:
            known = self._customers[customer] = Known(at)
            if len(self._customers) > MOST_CUSTOMERS:
                self._customers.popitem(last=False)
        else:
            self._customers.move_to_end(customer)
        known.latest = max(known.latest, at)
        return known


def _key(coded: CodedUtterance) -> str:
    return coded.customer_id or coded.conversation_id


def _copies(fact: ContextEvent, other: str) -> Iterator[ContextEvent]:
    """A fact for another account, with an id of its own that a replay makes again; none if it came from one."""
    if LINKED_FROM not in fact.details:
        details = {**fact.details, LINKED_FROM: fact.customer_id}
        copy_id = make_id("linked", fact.context_id, other)
        yield fact.model_copy(update={"customer_id": other, "context_id": copy_id, "details": details})


def _link(cause: ContextEvent, one: str, other: str) -> ContextEvent:
    """What `one` is told: that `other` is the same person. The same id by whichever way it hears of it."""
    told = {"customer_id": one, "linked_customer_id": other, "context_id": make_id("link", one, other)}
    return cause.model_copy(update={**told, "details": {**cause.details, LINKED_FROM: cause.customer_id}})


def _trim(kept: dict[UUID, ContextEvent] | dict[UUID, CodedUtterance], oldest: datetime) -> None:
    """Forget what is older than `oldest`, and the oldest above the number kept."""
    for key in [key for key, one in kept.items() if one.occurred_at < oldest]:
        del kept[key]
    for key in sorted(kept, key=lambda one: kept[one].occurred_at)[: max(len(kept) - MOST_EACH, 0)]:
        del kept[key]
