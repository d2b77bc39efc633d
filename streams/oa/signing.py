"""Signatures of what goes to the OA and of what it calls back with.

Standard Webhooks (https://www.standardwebhooks.com), as on the gateway: the headers `webhook-id`,
`webhook-timestamp` (Unix seconds) and `webhook-signature` (`v1,` and the base64 HMAC-SHA256 of `id.timestamp.body`).
"""

from __future__ import annotations

import base64
import binascii
import hmac
import time
from collections.abc import Mapping
from typing import NamedTuple

from streams.connectors.auth import WINDOW_S, sign
from streams.errors import ConfigurationError
from streams.settings import Settings


def oa_secret(settings: Settings) -> bytes:
    """The secret shared with the OA; empty where none is set. Raises ConfigurationError, which never shows it."""
    try:
        return base64.b64decode(settings.oa_secret.get_secret_value().removeprefix("whsec_"), validate=True)
    except binascii.Error:
        raise ConfigurationError("VOC_OA_SECRET: is not base64; make one with `openssl rand -base64 32`") from None


def signed_headers(secret: bytes, message_id: str, body: bytes) -> dict[str, str]:
    """The headers of a signed message, signed now; unsigned without a secret."""
    now = int(time.time())
    headers = {"webhook-id": message_id, "webhook-timestamp": str(now)}
    return {**headers, "webhook-signature": sign(secret, message_id, now, body)} if secret else headers


class SignatureFault(NamedTuple):
    """What is wrong with a signature: `kind` is forged or expired; `detail` names the header."""

    kind: str
    detail: str


def signature_fault(secret: bytes, headers: Mapping[str, str], body: bytes, now: float) -> SignatureFault | None:
    """What is wrong with a message's signature, or None if it is good."""
    message_id, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not message_id or not (stamp.isascii() and stamp.isdigit()):
        return SignatureFault("forged", "webhook-id, webhook-timestamp: expected an id and Unix seconds")
    expected = sign(secret, message_id, int(stamp), body).encode()
    if not any(hmac.compare_digest(expected, given.encode()) for given in headers.get("webhook-signature", "").split()):
        return SignatureFault("forged", "webhook-signature: does not match the body")
    if abs(now - int(stamp)) > WINDOW_S:
        return SignatureFault("expired", f"webhook-timestamp: is more than {WINDOW_S} s from this clock")
    return None
