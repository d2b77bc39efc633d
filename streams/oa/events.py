"""The event callbacks of Feishu, DingTalk and WeCom: authentic or not, what they say of an approval, and how to answer.

Feishu: approval_instance, https://open.feishu.cn/document/server-docs/approval-v4/event/common-event/approval-instance-event
DingTalk: bpms_instance_change, https://open.dingtalk.com/document/orgapp/approval-events
WeCom: sys_approval_change, https://developer.work.weixin.qq.com/document/path/91815
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NamedTuple, Protocol, TypeVar
from xml.etree.ElementTree import Element, ParseError

import orjson
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from starlette.responses import PlainTextResponse, Response

from streams.oa.crypto import Seal, SealError, feishu_open, feishu_signature
from streams.settings import Settings

WINDOW_S = 86_400
"""How old an event may be: the suites try again for hours. One that comes twice counts once anyway."""

_JSON = "application/json"

T = TypeVar("T")


class Verdict(StrEnum):
    """What an approval has come to."""

    STARTED = "started"
    AGREED = "agreed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Approval(NamedTuple):
    """What became of an approval: its numbers at the suite, and who decided, where the event says so."""

    numbers: tuple[str, ...]
    verdict: Verdict
    actor: str
    at: datetime


class EventFault(Exception):
    """An event that is not to be believed (`forged`, `expired`) or not to be read (`invalid`)."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.kind, self.detail = kind, detail


class Incoming(NamedTuple):
    """A request of a suite."""

    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


class Heard(NamedTuple):
    """What a request says, if it is of an approval, and what to answer once that is kept."""

    approval: Approval | None
    answer: Response


class Suite(Protocol):
    """Hears one suite's events."""

    def hear(self, incoming: Incoming) -> Heard:
        """Raises EventFault."""
        ...


class FeishuEvents:
    """Feishu's: sealed JSON, signed in its headers, with a token inside."""

    def __init__(self, settings: Settings) -> None:
        self._token, self._key = settings.oa_token.get_secret_value(), settings.oa_aes_key.get_secret_value()

    def hear(self, incoming: Incoming) -> Heard:
        sealed = _object(incoming.body).get("encrypt")
        event = _object(_opened(lambda: feishu_open(self._key, str(sealed))))
        if not hmac.compare_digest(str(event.get("token")).encode(), self._token.encode()):
            raise EventFault("forged", "token: is not the Verification Token")
        if event.get("type") == "url_verification":  # the one request that Feishu does not sign
            return Heard(None, _json({"challenge": event.get("challenge")}))
        stamp, nonce = incoming.headers.get("x-lark-request-timestamp", ""), incoming.headers.get("x-lark-request-nonce", "")
        _check(feishu_signature(self._key, stamp, nonce, incoming.body), incoming.headers.get("x-lark-signature", ""), stamp)
        return Heard(self._approval(event.get("event")), _json({}))

    def _approval(self, said: Any) -> Approval | None:
        if not isinstance(said, dict) or said.get("type") != "approval_instance":
            return None
        verdicts = {
            "PENDING": Verdict.STARTED,
            "APPROVED": Verdict.AGREED,
            "REJECTED": Verdict.REFUSED,
            **dict.fromkeys(("CANCELED", "DELETED", "REVERTED"), Verdict.WITHDRAWN),
        }
        verdict = verdicts.get(said.get("status", ""))
        numbers = tuple(str(said[name]) for name in ("instance_code", "uuid") if said.get(name))
        return Approval(numbers, verdict, "feishu", _moment(said.get("instance_operate_time"), 1000)) if verdict and numbers else None


class DingTalkEvents:
    """DingTalk's: sealed JSON, signed in its query; the answer is sealed too."""

    def __init__(self, settings: Settings) -> None:
        self._seal = Seal(settings.oa_token.get_secret_value(), settings.oa_aes_key.get_secret_value())

    def hear(self, incoming: Incoming) -> Heard:
        sealed = str(_object(incoming.body).get("encrypt"))
        stamp, nonce = incoming.query.get("timestamp", ""), incoming.query.get("nonce", "")
        given = incoming.query.get("msg_signature") or incoming.query.get("signature", "")
        _check(self._seal.signature(stamp, nonce, sealed), given, stamp)
        message = _opened(lambda: self._seal.open(sealed))
        return Heard(self._approval(_object(message.text)), self._success(message.receiver, stamp, nonce))

    def _approval(self, said: dict[str, Any]) -> Approval | None:
        if said.get("EventType") != "bpms_instance_change" or not said.get("processInstanceId"):
            return None
        verdicts = {("finish", "agree"): Verdict.AGREED, ("finish", "refuse"): Verdict.REFUSED, ("start", None): Verdict.STARTED}
        verdict = verdicts.get((said.get("type", ""), said.get("result")))
        if said.get("type") in {"terminate", "delete"}:
            verdict = Verdict.WITHDRAWN
        at = _moment(said.get("finishTime") or said.get("createTime"), 1000)
        return Approval((str(said["processInstanceId"]),), verdict, "dingtalk", at) if verdict else None

    def _success(self, receiver: str, stamp: str, nonce: str) -> Response:
        sealed = self._seal.close(b"success", receiver)
        return _json({"msg_signature": self._seal.signature(stamp, nonce, sealed), "timeStamp": stamp, "nonce": nonce, "encrypt": sealed})


class WeComEvents:
    """WeCom's: sealed XML, signed in its query."""

    def __init__(self, settings: Settings) -> None:
        self._seal = Seal(settings.oa_token.get_secret_value(), settings.oa_aes_key.get_secret_value())
        self._company = settings.oa_app

    def hear(self, incoming: Incoming) -> Heard:
        asked = incoming.query.get("echostr")
        sealed = asked or _text(_xml(incoming.body), "Encrypt")
        stamp, nonce = incoming.query.get("timestamp", ""), incoming.query.get("nonce", "")
        _check(self._seal.signature(stamp, nonce, sealed), incoming.query.get("msg_signature", ""), stamp)
        message = _opened(lambda: self._seal.open(sealed))
        if message.receiver != self._company:
            raise EventFault("forged", "receiver: is another company than VOC_OA_APP")
        if asked:
            return Heard(None, PlainTextResponse(message.text))
        return Heard(self._approval(_xml(message.text)), PlainTextResponse("success"))

    def _approval(self, said: Element) -> Approval | None:
        info = said.find("ApprovalInfo")
        if _text(said, "Event") != "sys_approval_change" or info is None or not _text(info, "SpNo"):
            return None
        verdicts = {"1": Verdict.STARTED, "2": Verdict.AGREED, "3": Verdict.REFUSED}
        verdicts |= dict.fromkeys(("4", "6", "7"), Verdict.WITHDRAWN)
        verdict = verdicts.get(_text(info, "SpStatus"))
        decided = [one for one in info.iter("Details") if _text(one, "SpStatus") in {"2", "3"}]
        actor = _text(decided[-1], "Approver/UserId") if decided else ""
        at = _moment(_text(said, "CreateTime"), 1)
        return Approval((_text(info, "SpNo"),), verdict, actor or "wecom", at) if verdict else None


SUITES: dict[str, type[FeishuEvents] | type[DingTalkEvents] | type[WeComEvents]] = {
    "feishu": FeishuEvents,
    "dingtalk": DingTalkEvents,
    "wecom": WeComEvents,
}


def _check(expected: str, given: str, stamp: str) -> None:
    if not hmac.compare_digest(expected.encode(), given.encode()):
        raise EventFault("forged", "signature: does not match")
    if abs(time.time() - _moment(stamp, 1000 if len(stamp) > len("1234567890") else 1).timestamp()) > WINDOW_S:
        raise EventFault("expired", f"timestamp: is more than {WINDOW_S} s from this clock")


def _opened(open_: Callable[[], T]) -> T:
    try:
        return open_()
    except SealError as error:
        raise EventFault("forged", f"encrypt: {error}") from None


def _object(text: bytes) -> dict[str, Any]:
    try:
        content = orjson.loads(text)
    except orjson.JSONDecodeError:
        content = None
    if not isinstance(content, dict):
        raise EventFault("invalid", "body: is no JSON object")
    return content


def _xml(text: bytes) -> Element:
    try:
        found: Element = fromstring(text)
    except (ParseError, DefusedXmlException, ValueError):
        raise EventFault("invalid", "body: is no XML") from None
    return found


def _text(element: Element, path: str) -> str:
    return (element.findtext(path) or "").strip()


def _moment(value: object, unit: int) -> datetime:
    """Unix time in units of a second's `unit`th part."""
    try:
        return datetime.fromtimestamp(int(str(value)) / unit, UTC)
    except (ValueError, OverflowError, OSError):
        raise EventFault("invalid", "time: expected Unix time") from None


def _json(content: dict[str, Any]) -> Response:
    return Response(orjson.dumps(content), media_type=_JSON)
