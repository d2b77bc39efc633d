"""Whether an opinion meets a rule's conditions."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from codeframe.rules.model import When
from schemas.coded import CodedUtterance, Opinion


def meets(when: When, coded: CodedUtterance, opinion: Opinion) -> bool:
    """Every condition that is given holds, by any of its values."""
    return (
        _one_of(opinion.severity, when.severity)
        and _one_of(opinion.intent, when.intent)
        and _one_of(opinion.point, when.point)
        and _one_of(opinion.sentiment, when.sentiment)
        and _one_of(coded.channel, when.channel)
        and (when.vip is None or coded.attributes.vip == when.vip)
        and opinion.confidence >= when.min_confidence
        and tag_matches(opinion.tag, when.tags)
        and (not when.words or any(word in coded.text for word in when.words))
    )


def tag_matches(tag: str, patterns: Iterable[str]) -> bool:
    """Whether a tag is one of these ids or wildcards; any tag is, of none."""
    patterns = tuple(patterns)
    return not patterns or any(fnmatchcase(tag, pattern) for pattern in patterns)


def _one_of(value: object, wanted: tuple[object, ...]) -> bool:
    return not wanted or value in wanted
