"""What the torture suite sends: seeded texts, and malformed records of ten kinds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

import orjson

from schemas.common import Channel
from schemas.ids import raw_event_id
from schemas.raw_text import RawText
from streams.codec import encode

HUGE = 5_000_000
POISON = "鸩"
"""A character that ClickHouse is told to refuse."""

_DANGER = "刹车突然失灵，差点撞上，{0}，必须马上解决"
_SAID = (
    "订金说好七个工作日退，{0}，一个月了还没到账",
    "变速箱顿挫很明显，低速给油的时候特别难受，{0}",
    "销售态度很好，讲解很耐心，{0}",
    "提车等了三个月还没消息，{0}",
    "车机老是死机，屏幕黑了，{0}",
    "空间大，后排坐着舒服，{0}",
    "The dealer never called me back, {0}",
)
_DANGER_SHARE, _BAD_SHARE = 0.02, 0.01


@dataclass
class Sent:
    """What a scenario has sent: event ids, conversations whose texts must make a task, and malformed values by key."""

    events: set[str] = field(default_factory=set)
    dangers: set[str] = field(default_factory=set)
    poisoned: set[str] = field(default_factory=set)
    malformed: dict[bytes | None, bytes | None] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.events) + len(self.malformed)


class Source:
    """The feedback of one scenario. `records` makes the next ones and notes them in `sent`."""

    def __init__(self, scenario: str, seed: int, *, bad: bool = False, poison: bool = False) -> None:
        self.name = f"torture-{scenario}"
        self.sent = Sent()
        self._random = Random(f"{seed}.{scenario}")
        self._bad, self._poison = bad, poison
        self._count = 0

    def records(self, count: int) -> list[tuple[bytes | None, bytes | None]]:
        """Keys and values of `count` records for the raw-text topic."""
        return [self._malformed() if self._bad and self._random.random() < _BAD_SHARE else self._text() for _ in range(count)]

    def _text(self, **fields: object) -> tuple[bytes, bytes]:
        raw = self._raw()
        self.sent.events.add(str(raw.event_id))
        if POISON in raw.text:
            self.sent.poisoned.add(str(raw.event_id))
        elif "刹车" in raw.text:
            self.sent.dangers.add(raw.conversation_id)
        return raw.conversation_id.encode(), encode(raw)

    def _raw(self) -> RawText:
        self._count += 1
        number, now = self._count, datetime.now(UTC)
        danger = self._random.random() < _DANGER_SHARE
        text = (_DANGER if danger else self._random.choice(_SAID)).format(f"编号{number}")
        if self._poison and self._random.random() < _BAD_SHARE:
            text = f"{POISON}{number}"
        return RawText(
            event_id=raw_event_id(self.name, str(number)),
            source=self.name,
            source_id=str(number),
            channel=self._random.choice((Channel.HOTLINE, Channel.STORE, Channel.PRIVATE_DOMAIN, Channel.SURVEY)),
            text=text,
            conversation_id=f"{self.name}-{number}",
            occurred_at=now,
            ingested_at=now,
        )

    def _malformed(self) -> tuple[bytes, bytes | None]:
        at = len(self.sent.malformed)
        key = f"{self.name}-bad-{at}".encode()
        value = list(KINDS.values())[at % len(KINDS)](self._raw())
        self.sent.malformed[key] = value
        return key, value


def _changed(**fields: object) -> Callable[[RawText], bytes]:
    return lambda raw: orjson.dumps({**orjson.loads(encode(raw)), **fields})


def _from_the_future(raw: RawText) -> bytes:
    return encode(raw.model_copy(update={"occurred_at": raw.occurred_at + timedelta(days=400)}))


KINDS: dict[str, Callable[[RawText], bytes | None]] = {
    "truncated JSON": lambda raw: encode(raw)[:-20],
    "wrong type": _changed(text=17),
    "null value": lambda raw: None,
    "5 MB value": lambda raw: encode(raw).replace(b'"text":"', b'"text":"' + b"x" * HUGE),
    "bad UTF-8": lambda raw: encode(raw).replace("编".encode(), b"\xff\xfe"),
    "unknown version": _changed(schema_version=9),
    "future timestamp": _from_the_future,
    "unknown field": _changed(colour="red"),
    "missing field": lambda raw: orjson.dumps({name: value for name, value in orjson.loads(encode(raw)).items() if name != "source_id"}),
    "no timezone": _changed(occurred_at="2026-01-01T00:00:00"),
}
