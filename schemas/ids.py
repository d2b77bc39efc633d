"""Deterministic event ids: UUIDv5 over source identity, so that a replay makes the same ids.

Every id is `uuid5(NAMESPACE, kind + parts)`. Parts are joined by the unit separator U+001F, which no
source identifier carries, so ("a", "bc") and ("ab", "c") differ.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha1
from uuid import UUID, SafeUUID

NAMESPACE = UUID("6f2b9a52-6d0e-5c7b-9a63-2f6d1f0a7c11")
_SEPARATOR = "\x1f"
_VERSION_5 = 5 << 76 | 1 << 63
_REST = (1 << 128) - 1 - (0xF << 76) - (0b11 << 62)
_new, _fill = object.__new__, object.__setattr__


def make_id(kind: str, *parts: str | int | UUID) -> UUID:
    """The id of the `kind` of thing that these parts identify (RFC 9562, version 5)."""
    name = _SEPARATOR.join((kind, *map(str, parts)))
    return _version_5(sha1(NAMESPACE.bytes + name.encode(), usedforsecurity=False).digest())


def _version_5(digest: bytes) -> UUID:
    """The UUID of a digest's first 128 bits, its version and variant set (RFC 9562, 5.5), made without the checks of `UUID`."""
    made = _new(UUID)
    _fill(made, "int", int.from_bytes(digest[:16]) & _REST | _VERSION_5)
    _fill(made, "is_safe", SafeUUID.unknown)
    return made


def raw_event_id(source: str, source_id: str) -> UUID:
    """The id of a raw event: the source system's name and its own id for the record."""
    return make_id("raw", source, source_id)


def utterance_id(event_id: UUID, seq: int) -> UUID:
    """The id of the `seq`-th utterance (from 0) of a raw event."""
    return make_id("utterance", event_id, seq)


def opinion_ids(utterance: UUID) -> Callable[[str], UUID]:
    """`opinion_id` of one utterance for many tags: what they share is hashed once."""
    shared = sha1(NAMESPACE.bytes + _SEPARATOR.join(("opinion", str(utterance), "")).encode(), usedforsecurity=False)

    def named(tag: str) -> UUID:
        digest = shared.copy()
        digest.update(tag.encode())
        return _version_5(digest.digest())

    return named


def opinion_id(utterance: UUID, tag: str) -> UUID:
    """The id of an opinion: one a tag in an utterance, so a deeper coder's revision keeps it."""
    return make_id("opinion", utterance, tag)


def dead_letter_id(step: str, topic: str, partition: int, offset: int) -> UUID:
    """The id of a dead letter: the step that refused it and the record's position."""
    return make_id("dead-letter", step, topic, partition, offset)
