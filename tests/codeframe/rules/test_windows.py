"""A seeded year: what is planted is found within one window, and quiet tags stay quiet."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import numpy as np
import pytest

from codeframe.rules.load import load_rules
from codeframe.rules.model import Aggregate, Trend
from codeframe.rules.windows import Alarm, Counts, alarms

RULES = {rule.id: rule for rule in load_rules(None).rules if isinstance(rule, Aggregate | Trend)}
DAYS = 365
TAGS = 120
WEEK = np.array([1.0, 0.9, 0.9, 0.95, 1.1, 1.4, 1.3])


def year(seed: int) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """Counts by tag and day: from rare to common tags, a week's rhythm, a slow season, and more scatter than Poisson's."""
    random = np.random.default_rng(seed)
    level = np.geomspace(0.05, 40, TAGS)[:, None]
    season = 1 + 0.15 * np.sin(np.arange(DAYS) / DAYS * 2 * np.pi)
    rates = level * season * WEEK[np.arange(DAYS) % 7] * random.gamma(8, 1 / 8, size=(TAGS, DAYS))
    counts: np.ndarray[tuple[int, int], np.dtype[np.int64]] = random.poisson(rates)
    return counts


def fired_in(rule: Aggregate | Trend, days: dict[str, np.ndarray[tuple[int, int], np.dtype[np.int64]]]) -> list[Alarm]:
    """Every alarm of a year in each scope, after the rule's cool-down."""
    size, counts, last, found = rule.window // timedelta(days=1), Counts(), dict[tuple[object, str], int](), list[Alarm]()
    for name, by_tag in days.items():
        scope = (*("云途",) * (len(rule.scope) - 1), name)[: len(rule.scope)]
        for at in range(DAYS // size):
            block = by_tag[:, at * size : (at + 1) * size].sum(axis=1)
            for tag, count in enumerate(block):
                if count:
                    counts.add(f"tag.{tag}", scope, at, int(count))
            counts.add_totals(scope, at, int(block.sum()), int(block.sum()))
    for at in range(DAYS // size):
        for alarm in alarms(rule, counts, at):
            key = (alarm.scope, alarm.tag)
            if key not in last or (at - last[key]) * rule.window >= rule.cool_down:
                last[key] = at
                found.append(alarm)
    return found


def fired(rule: Aggregate | Trend, days: np.ndarray[tuple[int, int], np.dtype[np.int64]]) -> list[Alarm]:
    """The same without a scope."""
    return fired_in(rule, {"": days})


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_planted_surges_are_found_within_one_window(seed: int) -> None:
    rule = RULES["surge"]
    days = year(seed)
    random = np.random.default_rng(seed + 100)
    planted = {int(tag): int(random.integers(60, DAYS - 3)) for tag in random.choice(TAGS, 20, replace=False)}
    for tag, day in planted.items():
        days[tag, day] += max(20, int(days[tag, day - 28 : day].mean() * 8))
    found = {(alarm.tag, alarm.window) for alarm in fired(rule, days)}
    missed = {tag: day for tag, day in planted.items() if not {(f"tag.{tag}", day), (f"tag.{tag}", day + 1)} & found}
    assert missed == {}


@pytest.mark.parametrize("rule", ["surge", "rising"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_quiet_tag_fires_more_than_once_a_month(rule: str, seed: int) -> None:
    found = fired(RULES[rule], year(seed))
    size = RULES[rule].window // timedelta(days=1)
    by_month = Counter((alarm.tag, alarm.window * size // 30) for alarm in found)
    assert not by_month or max(by_month.values()) == 1
    assert len(found) <= TAGS * 12 * 0.01, "and hardly any fires at all"


@pytest.mark.parametrize("rule", ["surge_dealer", "surge_model"])
def test_a_years_scoped_rules_find_what_is_planted_and_leave_quiet_tags_alone(rule: str) -> None:
    """Forty tags at each of six dealers (or models), three of them with a planted surge, alone in its scope."""
    of, days = RULES[rule], {f"S{number}": year(number + 10)[::3] for number in range(6)}
    size, random = of.window // timedelta(days=1), np.random.default_rng(9)
    planted = {(f"S{number}", int(random.integers(40))): 100 + 40 * number for number in range(3)}
    for (scope, tag), day in planted.items():
        begin = day // size * size
        days[scope][tag, begin : begin + size] += max(20, int(days[scope][tag, begin - 28 : begin].mean() * 8))
    found = {(alarm.scope[-1], int(alarm.tag.removeprefix("tag.")), alarm.window * size) for alarm in fired_in(of, days)}
    missed = [key for key, day in planted.items() if not {(*key, day // size * size), (*key, day // size * size + size)} & found]
    assert missed == []
    quiet = Counter((scope, tag, day // 30) for scope, tag, day in found if (scope, tag) not in planted)
    assert not quiet or max(quiet.values()) == 1
    assert quiet.total() <= 6 * 40 * 12 * 0.01


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_planted_rise_is_found_within_eleven_weeks(seed: int) -> None:
    days = year(seed)
    tag = 90  # about 10 a day
    days[tag, 200:] = np.random.default_rng(seed).poisson(days[tag, 100:200].mean() * np.exp(np.arange(DAYS - 200) / 40))
    first = min(alarm.window for alarm in fired(RULES["rising"], days) if alarm.tag == f"tag.{tag}")
    assert 200 < first * 7 < 200 + 77


def test_without_half_a_baseline_nothing_fires() -> None:
    rule = RULES["surge"]
    counts = Counts()
    for at in range(13):
        counts.add_totals((), at, 100, 100)
    counts.add("tag.early", (), 12, 90)
    assert list(alarms(rule, counts, 12)) == []
    for at in range(13, 16):
        counts.add_totals((), at, 100, 100)
    counts.add("tag.new", (), 15, 90)
    assert [alarm.tag for alarm in alarms(rule, counts, 15)] == ["tag.new"]


def test_an_unknown_dealer_makes_no_alarm() -> None:
    rule = RULES["surge_dealer"]
    counts = Counts()
    for at in range(29):
        counts.add_totals(("",), at, 100, 100)
    counts.add("tag.x", ("",), 28, 90)
    counts.add("tag.x", ("D1",), 28, 90)
    assert [alarm.scope for alarm in alarms(rule, counts, 28)] == [("D1",)]
