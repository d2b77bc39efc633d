"""How office suites seal and sign their event callbacks.

All of them: AES-256 in CBC mode with PKCS#7 padding.
DingTalk and WeCom: https://developer.work.weixin.qq.com/document/path/90968. The key is the base64 of 43 characters, its
first 16 bytes the IV; sealed is 16 random bytes, the length of the message (4 bytes, big-endian), the message, and who
it is for. The signature is the SHA-1 of the sorted token, timestamp, nonce and sealed text.
Feishu: https://open.feishu.cn/document/server-docs/event-subscription-guide/event-subscription-configure-/encrypt-key-encryption-configuration-case.
The key is the SHA-256 of the Encrypt Key, the IV stands before the text. The signature is the SHA-256 of timestamp, nonce,
Encrypt Key and body.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from typing import NamedTuple

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from streams.errors import ConfigurationError

_BLOCK = 16
_RANDOM, _LENGTH = 16, 4
_WIDE = 256
"""DingTalk and WeCom pad to 32 bytes; in bits."""


class SealError(Exception):
    """What should be sealed is not: another key, or not sealed at all."""


class Message(NamedTuple):
    """What was sealed, and whom for."""

    text: bytes
    receiver: str


class Seal:
    """Seals and signs as DingTalk and WeCom do."""

    def __init__(self, token: str, key: str) -> None:
        """Raises ConfigurationError for a key that is none."""
        self._token = token
        try:
            self._key = base64.b64decode(key + "=", validate=True)
        except binascii.Error:
            self._key = b""
        if len(self._key) != hashlib.sha256().digest_size:
            raise ConfigurationError("VOC_OA_AES_KEY: expected the 43 characters that the suite shows")

    def signature(self, timestamp: str, nonce: str, sealed: str) -> str:
        """The signature of a sealed text."""
        parts = sorted((self._token, timestamp, nonce, sealed))
        return hashlib.sha1("".join(parts).encode()).hexdigest()  # noqa: S324 - the suites' choice

    def open(self, sealed: str) -> Message:
        """The message. Raises SealError."""
        text = _decrypt(self._key, self._key[:_BLOCK], _unbase64(sealed), _WIDE)[_RANDOM:]
        length = int.from_bytes(text[:_LENGTH], "big")
        if length > len(text) - _LENGTH:
            raise SealError("is not sealed with this key")
        rest = text[_LENGTH:]
        return Message(rest[:length], rest[length:].decode(errors="replace"))

    def close(self, text: bytes, receiver: str) -> str:
        """The text, sealed."""
        plain = os.urandom(_RANDOM) + len(text).to_bytes(_LENGTH, "big") + text + receiver.encode()
        padder = PKCS7(_WIDE).padder()
        encryptor = Cipher(algorithms.AES256(self._key), modes.CBC(self._key[:_BLOCK])).encryptor()
        return base64.b64encode(encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()).decode()


def feishu_signature(key: str, timestamp: str, nonce: str, body: bytes) -> str:
    """The `X-Lark-Signature` of a body."""
    return hashlib.sha256(f"{timestamp}{nonce}{key}".encode() + body).hexdigest()


def feishu_open(key: str, sealed: str) -> bytes:
    """The event. Raises SealError."""
    content = _unbase64(sealed)
    return _decrypt(hashlib.sha256(key.encode()).digest(), content[:_BLOCK], content[_BLOCK:], algorithms.AES.block_size)


def _unbase64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise SealError("is not base64") from None


def _decrypt(key: bytes, start: bytes, sealed: bytes, block_bits: int) -> bytes:
    if len(start) != _BLOCK or not sealed or len(sealed) % _BLOCK:
        raise SealError("is not whole")
    decryptor = Cipher(algorithms.AES256(key), modes.CBC(start)).decryptor()
    unpadder = PKCS7(block_bits).unpadder()
    try:
        return unpadder.update(decryptor.update(sealed) + decryptor.finalize()) + unpadder.finalize()
    except ValueError:
        raise SealError("is not sealed with this key") from None
