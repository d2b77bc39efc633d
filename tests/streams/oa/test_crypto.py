"""Seals and signatures, against the examples that the suites publish."""

from __future__ import annotations

import pytest

from streams.errors import ConfigurationError
from streams.oa.crypto import Seal, SealError, feishu_open

KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
SEALED = (
    "RypEvHKD8QQKFhvQ6QleEB4J58tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0QADHHhGd3QczcdCUpj911L3vg3W/sYYvuJTs3TUUkSUXxaccAS0qh"
    "xchrRYt66wiSpGLYL42aM6A8dTT+6k4aSknmPj48kzJs8qLjvd4Xgpue06DOdnLxAUHzM6+kDZ+HMZfJYuR+LtwGc2hgf5gsijff0ekUNXZiqATP7PF5mZxZ3Izoun1s"
    "4zG4LUMnvw2r+KqCKIw+3IQH03v+BCA9nMELNqbSf6tiWSrXJB3LAVGUcallcrw8V2t9EL4EhzJWrQUax5wLVMNS0+rUPA3k22Ncx4XXZS9o0MBH27Bo6BpNelZpS+/u"
    "h9KsNlY6bHCmJU9p8g7m3fVKn28H3KDYA5Pl/T8Z1ptDAVe0lXdQ2YoyyH2uyPIGHBZZIs2pDBS8R07+qN+E7Q=="
)


def test_wecoms_example_is_signed_and_opened() -> None:
    seal = Seal("QDG6eK", KEY)
    assert seal.signature("1409659813", "1372623149", SEALED) == "477715d11cdb4164915debcba66cb864d751f3e6"
    message = seal.open(SEALED)
    assert message.receiver == "wx5823bf96d3bd56c7"
    assert message.text.startswith(b"<xml><ToUserName><![CDATA[wx5823bf96d3bd56c7]]>")


def test_feishus_example_is_opened() -> None:
    assert feishu_open("test key", "P37w+VZImNgPEO1RBhJ6RtKl7n6zymIbEG1pReEzghk=") == b"hello world"


def test_what_is_closed_can_be_opened() -> None:
    seal = Seal("token", KEY)
    message = seal.open(seal.close("成功".encode(), "ding123"))
    assert (message.text.decode(), message.receiver) == ("成功", "ding123")


@pytest.mark.parametrize("sealed", ["", "no base64!", "QUJD", SEALED[:64], SEALED[64:]])
def test_what_is_not_sealed_with_the_key_is_refused(sealed: str) -> None:
    with pytest.raises(SealError):
        Seal("token", KEY[::-1].replace("C2B", "A2B")).open(sealed)


@pytest.mark.parametrize("key", ["short", KEY + "AAAA", "!" * 43])
def test_a_key_that_is_none_is_named(key: str) -> None:
    with pytest.raises(ConfigurationError, match="VOC_OA_AES_KEY"):
        Seal("token", key)
