"""A simulated world of causes: customers with a symptom, its planted cause, and unkind evidence of it.

Unkind: what customers say and what systems record depend on each other; cues are missing or point elsewhere; records
are missing, late or misdated; some causes are none that anybody knows; dealers differ, and a third of them are renamed.
`best` answers by this world's own numbers: no attribution can do better on average.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.worlds.wording import FILLERS, SYMPTOMS, Planted
from schemas.context import ContextEvent, ContextKind
from schemas.ids import make_id

OUTSIDE = "unknown"
MONTHS = 12
RENAMED_IN = 7

_DEALERS, _MODELS = 60, 8
_OUTSIDE_SHARE = 0.08
_TALKS = (0.35, 0.85)
_MISLED = 0.07
_TAG_IF_SAID, _TAG_UNSAID, _TAG_STRAY = 0.5, 0.06, 0.03
_FACT, _FACT_IF_TALKATIVE, _FACT_STRAY = 0.7, 0.2, 0.07
_LOST, _MISDATED, _LATE = 0.1, 0.05, 0.25
_KNOWN = (0.6, 0.95)
_DIGITAL, _RENAMED = 0.6, 1 / 3
_START = datetime(2025, 1, 1, tzinfo=UTC)


class Customer(NamedTuple):
    """One customer's symptom. `late` are facts that arrive after the words were coded."""

    number: int
    month: int
    symptom: str
    cause: str
    dealer: str
    model: str
    text: str
    tags: tuple[str, ...]
    said_at: datetime
    events: tuple[ContextEvent, ...]
    late: tuple[ContextEvent, ...]
    best: str


_Who = tuple[int, int, str, str, str]


class _Law(NamedTuple):
    """The law of one symptom: planted causes, probabilities of their wordings, and the causes' shares in the world."""

    planted: tuple[Planted, ...]
    words: tuple[NDArray[np.float64], ...]
    share: NDArray[np.float64]
    facts: tuple[tuple[str, str], ...]
    tags: tuple[str, ...]
    spoken: dict[tuple[int, int, int, frozenset[str]], float]


def make(seed: int, size: int) -> list[Customer]:
    """The customers of the world `seed`."""
    random = np.random.default_rng([seed, 1])
    laws = {symptom: _law(random, planted) for symptom, (_, planted) in SYMPTOMS.items()}
    tilt = {symptom: random.normal(0, 0.7, (_DEALERS, len(law.planted) + 1)) for symptom, law in laws.items()}
    by_model = {symptom: random.normal(0, 0.35, (_MODELS, len(law.planted) + 1)) for symptom, law in laws.items()}
    digital = random.random(_DEALERS) < _DIGITAL
    renamed = random.random(_DEALERS) < _RENAMED
    symptoms = list(laws)
    customers = []
    for number in range(size):
        symptom = symptoms[random.integers(len(symptoms))]
        law, dealer, model = laws[symptom], int(random.integers(_DEALERS)), int(random.integers(_MODELS))
        odds = law.share * np.exp(tilt[symptom][dealer] + by_model[symptom][model])
        month = int(random.integers(MONTHS))
        name = f"D{dealer:03d}{'N' if renamed[dealer] and month >= RENAMED_IN else ''}"
        who = (number, month, symptom, name, f"M{model}")
        customers.append(_customer(random, who, law, odds / odds.sum(), _KNOWN[int(digital[dealer])]))
    return customers


def _law(random: np.random.Generator, planted: tuple[Planted, ...]) -> _Law:
    words = tuple(random.dirichlet(np.full(len(one.says), 3.0)) for one in planted)
    share = np.append(random.dirichlet(np.full(len(planted), 4.0)) * (1 - _OUTSIDE_SHARE), _OUTSIDE_SHARE)
    facts = tuple(sorted({one.fact for one in planted if one.fact}))
    tags = tuple(sorted({one.tag for one in planted if one.tag}))
    return _Law(planted, words, share, facts, tags, _spoken(planted, words))


def _spoken(planted: tuple[Planted, ...], words: tuple[NDArray[np.float64], ...]) -> dict[tuple[int, int, int, frozenset[str]], float]:
    """P(own wording said, the wordings said | cause, talkative)."""
    law: dict[tuple[int, int, int, frozenset[str]], float] = defaultdict(float)
    for cause, talkative in product(range(len(planted) + 1), (0, 1)):
        own: list[tuple[int, frozenset[str], float]] = [(0, frozenset(), 1.0)]
        if cause < len(planted):
            own = [(0, frozenset(), 1 - _TALKS[talkative])]
            own += [(1, frozenset({w}), _TALKS[talkative] * p) for w, p in zip(planted[cause].says, words[cause], strict=True)]
        others = [at for at in range(len(planted)) if at != cause]
        stray: list[tuple[frozenset[str], float]] = [(frozenset(), 1 - _MISLED)]
        stray += [(frozenset({w}), _MISLED * p / len(others)) for at in others for w, p in zip(planted[at].says, words[at], strict=True)]
        for (said, mine, p), (also, q) in product(own, stray):
            law[cause, talkative, said, mine | also] += p * q
    return law


def _customer(random: np.random.Generator, who: _Who, law: _Law, prior: NDArray[np.float64], known_share: float) -> Customer:
    number, month, symptom, dealer, model = who
    cause = int(random.choice(prior.size, p=prior))
    talkative = int(random.integers(2))
    own: list[str] = []
    if cause < len(law.planted) and random.random() < _TALKS[talkative]:
        own.append(str(random.choice(law.planted[cause].says, p=law.words[cause])))
    said = set(own)
    if random.random() < _MISLED:
        other = int(random.choice([at for at in range(len(law.planted)) if at != cause]))
        said.add(str(random.choice(law.planted[other].says, p=law.words[other])))
    tags = tuple(tag for tag in law.tags if random.random() < _tag_chance(law, cause, bool(own), tag))
    known = bool(random.random() < known_share)
    said_at = _START + timedelta(days=30.4 * (month + float(random.random())))
    seen: set[tuple[str, str]] = set()
    events, late = [], []
    for fact in law.facts if known else ():
        if random.random() >= _fact_chance(law, cause, talkative, fact) or random.random() < _LOST:
            continue
        misdated = random.random() < _MISDATED
        event = _event(number, fact, said_at - timedelta(days=400 if misdated else float(random.uniform(0.5, 12))))
        if not misdated:
            seen.add(fact)
        (late if random.random() < _LATE else events).append(event)
    if known:
        events.append(_event(number, ("order", "placed"), said_at - timedelta(days=20)))
    best = _best(law, prior, frozenset(said), tags, seen if known else None)
    pieces = [str(random.choice(FILLERS)), SYMPTOMS[symptom][0], *sorted(said), str(random.choice(FILLERS))]
    order = random.permutation(len(pieces))
    return Customer(
        number, month, symptom, law.planted[cause].cause if cause < len(law.planted) else OUTSIDE, dealer, model,
        "，".join(pieces[at] for at in order), tags, said_at, tuple(events), tuple(late), best,
    )  # fmt: skip


def _tag_chance(law: _Law, cause: int, said: bool, tag: str) -> float:
    if cause < len(law.planted) and law.planted[cause].tag == tag:
        return _TAG_IF_SAID if said else _TAG_UNSAID
    return _TAG_STRAY


def _fact_chance(law: _Law, cause: int, talkative: int, fact: tuple[str, str]) -> float:
    if cause < len(law.planted) and law.planted[cause].fact == fact:
        return _FACT + _FACT_IF_TALKATIVE * talkative
    return _FACT_STRAY


def _best(law: _Law, prior: NDArray[np.float64], said: frozenset[str], tags: tuple[str, ...], facts: set[tuple[str, str]] | None) -> str:
    """The likeliest cause by the world's own law."""
    posterior = np.zeros(prior.size)
    for cause, talkative, own in product(range(prior.size), (0, 1), (0, 1)):
        likelihood = law.spoken.get((cause, talkative, own, said), 0.0) * 0.5
        for tag in law.tags if likelihood else ():
            chance = _tag_chance(law, cause, bool(own), tag)
            likelihood *= chance if tag in tags else 1 - chance
        for fact in law.facts if likelihood and facts is not None else ():
            chance = _fact_chance(law, cause, talkative, fact) * (1 - _LOST) * (1 - _MISDATED)
            likelihood *= chance if facts and fact in facts else 1 - chance
        posterior[cause] += prior[cause] * likelihood
    answer = int(posterior.argmax())
    return law.planted[answer].cause if answer < len(law.planted) else OUTSIDE


def _event(number: int, fact: tuple[str, str], at: datetime) -> ContextEvent:
    kind, status = fact
    source_id = f"{number}-{kind}-{status}"
    return ContextEvent(
        context_id=make_id("world", source_id), source="world", source_id=source_id, customer_id=f"C{number}",
        kind=ContextKind(kind), status=status, occurred_at=at, ingested_at=at,
    )  # fmt: skip
