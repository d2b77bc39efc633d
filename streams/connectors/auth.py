"""Who is calling the gateway: an API key a source, and signed bodies for sources that have a secret.

Signatures follow Standard Webhooks (https://www.standardwebhooks.com): the headers `webhook-id`,
`webhook-timestamp` (Unix seconds) and `webhook-signature` (`v1,` and the base64 HMAC-SHA256 of `id.timestamp.body`).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from http import HTTPStatus
from typing import NamedTuple

from streams.connectors.problems import Problem
from streams.errors import ConfigurationError

WINDOW_S = 300
"""How far a signature's timestamp may be from the gateway's clock, seconds."""

_SCHEME = "bearer "
_MIN_KEY = 8


class Source(NamedTuple):
    """A source system that may send: its name, API key and, if it signs, its secret."""

    name: str
    key: str
    secret: bytes | None


def parse_sources(text: str) -> tuple[Source, ...]:
    """Sources from `name:key[:base64 secret]`, comma-separated. Raises ConfigurationError, which never shows a key."""
    sources = tuple(_parse_source(number, part) for number, part in enumerate(filter(None, map(str.strip, text.split(","))), 1))
    if not sources:
        raise ConfigurationError("VOC_GATEWAY_KEYS: no source has a key; set source:key, or source:key:base64-secret for one that signs")
    if len({source.key for source in sources}) < len(sources):
        raise ConfigurationError("VOC_GATEWAY_KEYS: two sources have one key; every source needs its own")
    return sources


def _parse_source(number: int, part: str) -> Source:
    name, _, rest = part.partition(":")
    key, _, secret = rest.partition(":")
    if not name or len(key) < _MIN_KEY:
        raise ConfigurationError(
            f"VOC_GATEWAY_KEYS: entry {number}: expected source:key or source:key:secret, the key of {_MIN_KEY} characters or more"
        )
    return Source(name, key, _decode_secret(number, secret) if secret else None)


def _decode_secret(number: int, secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        raise ConfigurationError(
            f"VOC_GATEWAY_KEYS: entry {number}: the secret is not base64; make one with `openssl rand -base64 32`"
        ) from None


def sign(secret: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """The `webhook-signature` of a body."""
    digest = hmac.new(secret, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


class Gatekeeper:
    """Lets known sources in. A signature is good once, within its window; each attempt is signed anew."""

    def __init__(self, sources: tuple[Source, ...]) -> None:
        self._sources = sources
        self._used: dict[str, float] = {}

    def identify(self, headers: Mapping[str, str]) -> Source:
        """The source whose key the request carries. Compares with every key, in constant time."""
        given = headers.get("authorization", "")
        key = given[len(_SCHEME) :].strip().encode() if given.lower().startswith(_SCHEME) else b""
        found = [source for source in self._sources if hmac.compare_digest(key, source.key.encode())]
        if not found:
            raise _unauthorised("authorization: expected `Bearer <the API key of a source>`")
        return found[0]

    def check_signature(self, source: Source, headers: Mapping[str, str], body: bytes, now: float) -> None:
        """Refuse a body that the source's secret did not sign now. A source without a secret need not sign."""
        if source.secret is None:
            return
        message_id, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        if not message_id:
            raise _unauthorised("webhook-id: is missing; this source signs its requests")
        if not (stamp.isascii() and stamp.isdigit()) or abs(now - int(stamp)) > WINDOW_S:
            raise _unauthorised(f"webhook-timestamp: expected Unix seconds within {WINDOW_S} s of the gateway's clock")
        signature = sign(source.secret, message_id, int(stamp), body)
        given = headers.get("webhook-signature", "").split()
        if not any(hmac.compare_digest(signature.encode(), one.encode()) for one in given):
            raise _unauthorised("webhook-signature: does not match the body")
        self._use_once(signature, now)

    def _use_once(self, signature: str, now: float) -> None:
        while self._used and now - next(iter(self._used.values())) > 2 * WINDOW_S:
            del self._used[next(iter(self._used))]
        if signature in self._used:
            raise _unauthorised("webhook-signature: was used before; sign each attempt anew")
        self._used[signature] = now


def _unauthorised(detail: str) -> Problem:
    return Problem(HTTPStatus.UNAUTHORIZED, detail, headers={"WWW-Authenticate": 'Bearer realm="voc"'})
