"""What Feishu, DingTalk and WeCom tell of their approvals: their documented requests, over real HTTP, to a real gateway and broker."""

from __future__ import annotations

import base64
import hashlib
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7
from prometheus_client import REGISTRY
from pydantic import SecretStr

from schemas.task import TaskTrigger
from schemas.task_event import TaskEvent
from streams.admin import create_topics
from streams.connectors.gateway import Gateway
from streams.errors import ConfigurationError
from streams.local.broker import EmbeddedBroker
from streams.oa.crypto import Seal, feishu_signature
from streams.oa.feishu import instance_uuid
from streams.outbox import Outbox
from streams.settings import Settings
from streams.topics import TASK_EVENTS
from tests.golden import example
from tests.streams.connectors.conftest import read_topic
from tests.streams.oa.serving import serving

TOKEN, KEY = "QDG6eK", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
CORP = "wx5823bf96d3bd56c7"
NUMBER = "81D31358-93AF-92D6-7425-01A5D67C4E71"

AGREED, REFUSED, STARTED, WITHDRAWN = "agreed", "refused", "started", "withdrawn"
FEISHU = {STARTED: "PENDING", AGREED: "APPROVED", REFUSED: "REJECTED", WITHDRAWN: "CANCELED"}
WECOM = {STARTED: 1, AGREED: 2, REFUSED: 3, WITHDRAWN: 4}
DINGTALK: dict[str, dict[str, str]] = {
    STARTED: {"type": "start"},
    AGREED: {"type": "finish", "result": "agree"},
    REFUSED: {"type": "finish", "result": "refuse"},
    WITHDRAWN: {"type": "terminate"},
}


class Caller:
    """Calls back as a suite does."""

    def __init__(self, kind: str, url: str, *, key: str = KEY, at: float | None = None) -> None:
        self.kind, self._url, self._key = kind, url, key
        self._seal = Seal(TOKEN, key)
        self._at = at or time.time()

    async def tell(self, verdict: str, number: str = NUMBER, *, corp: str = CORP) -> httpx.Response:
        now = int(time.time())
        if self.kind == "feishu":
            event = {
                "app_id": "cli_xxx",
                "tenant_key": "xxx",
                "type": "approval_instance",
                "approval_code": "7C468A54-8745-2245-9675-08B7C63E7A85",
                "instance_code": number,
                "status": FEISHU[verdict],
                "operate_time": str(now * 1000),
                "instance_operate_time": str(now * 1000),
            }
            return await self.feishu(
                {"ts": f"{now}.7171419", "uuid": uuid4().hex, "token": TOKEN, "type": "event_callback", "event": event}
            )
        if self.kind == "dingtalk":
            return await self.dingtalk(
                {
                    "EventType": "bpms_instance_change",
                    "processInstanceId": number,
                    "corpId": "corpidxxxxxxxxxxxxx",
                    "createTime": now * 1000,
                    "finishTime": now * 1000,
                    "title": "自测-1016",
                    "url": "https://aflow.dingtalk.com/dingtalk/mobile/homepage.htm",
                    "staffId": "manager75",
                    "processCode": "xxx",
                    **DINGTALK[verdict],
                }
            )
        return await self.wecom(
            f"<xml><ToUserName><![CDATA[{CORP}]]></ToUserName><FromUserName><![CDATA[sys]]></FromUserName><CreateTime>{now}</CreateTime>"
            "<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[sys_approval_change]]></Event><AgentID>3010040</AgentID><ApprovalInfo>"
            f"<SpNo>{number}</SpNo><SpName><![CDATA[客户之声]]></SpName><SpStatus>{WECOM[verdict]}</SpStatus>"
            "<TemplateId><![CDATA[3TmAwyL]]></TemplateId><ApplyTime>1571728461</ApplyTime><Applyer><UserId><![CDATA[voc]]></UserId></Applyer>"
            f"<SpRecord><SpStatus>{WECOM[verdict]}</SpStatus><ApproverAttr>1</ApproverAttr><Details><Approver><UserId><![CDATA[WangFang]]>"
            f"</UserId></Approver><Speech/><SpStatus>{WECOM[verdict]}</SpStatus><SpTime>0</SpTime></Details></SpRecord>"
            "<StatuChangeEvent>2</StatuChangeEvent></ApprovalInfo></xml>",
            corp,
        )

    async def feishu(self, event: dict[str, Any], *, signed: bool = True) -> httpx.Response:
        plain, start = orjson.dumps(event), os.urandom(16)
        padder = PKCS7(128).padder()
        encryptor = Cipher(algorithms.AES256(hashlib.sha256(self._key.encode()).digest()), modes.CBC(start)).encryptor()
        sealed = start + encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()
        body = orjson.dumps({"encrypt": base64.b64encode(sealed).decode()})
        stamp = str(int(self._at))
        headers = {"x-lark-request-timestamp": stamp, "x-lark-request-nonce": "n1"}
        headers["x-lark-signature"] = feishu_signature(self._key, stamp, "n1", body)
        return await self._post(body, {}, headers if signed else {})

    async def dingtalk(self, event: dict[str, Any]) -> httpx.Response:
        sealed, stamp = self._seal.close(orjson.dumps(event), "suite4xxxxxxxxxxxxxxx"), str(int(self._at * 1000))
        query = {"signature": self._seal.signature(stamp, "n1", sealed), "timestamp": stamp, "nonce": "n1"}
        return await self._post(orjson.dumps({"encrypt": sealed}), query, {})

    async def wecom(self, event: str, corp: str = CORP) -> httpx.Response:
        sealed = self._seal.close(event.encode(), corp)
        body = f"<xml><ToUserName><![CDATA[{CORP}]]></ToUserName><AgentID>3010040</AgentID><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"
        return await self._post(body.encode(), self.query(sealed), {})

    def query(self, sealed: str) -> dict[str, str]:
        stamp = str(int(self._at))
        return {"msg_signature": self._seal.signature(stamp, "n1", sealed), "timestamp": stamp, "nonce": "n1"}

    async def verify(self) -> httpx.Response:
        """What a suite asks when its administrator enters the address."""
        if self.kind == "feishu":
            return await self.feishu({"challenge": "ajls384kdjx98XX", "token": TOKEN, "type": "url_verification"}, signed=False)
        if self.kind == "dingtalk":
            return await self.dingtalk({"EventType": "check_url"})
        sealed = self._seal.close(b"1616140317555161061", CORP)
        async with httpx.AsyncClient(trust_env=False) as client:
            return await client.get(f"{self._url}/v1/oa/events", params={**self.query(sealed), "echostr": sealed})

    async def _post(self, body: bytes, query: dict[str, str], headers: dict[str, str]) -> httpx.Response:
        async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
            return await client.post(f"{self._url}/v1/oa/events", content=body, params=query, headers=headers)


@pytest.fixture(params=["feishu", "dingtalk", "wecom"])
async def settings(request: pytest.FixtureRequest, broker: EmbeddedBroker, tmp_path: Path) -> Settings:
    made = Settings(
        kafka=broker.bootstrap,
        topic_prefix=f"t{uuid4().hex[:8]}.",
        partitions=2,
        data=tmp_path,
        gateway_keys=SecretStr("crm:key-of-the-tests"),
        oa_kind=request.param,
        oa_app=CORP,
        oa_token=SecretStr(TOKEN),
        oa_aes_key=SecretStr(KEY),
    )
    await create_topics(made)
    return made


@pytest.fixture
async def caller(settings: Settings) -> AsyncIterator[Caller]:
    async with serving(Gateway(settings).app()) as url:
        yield Caller(settings.oa_kind, url)


@pytest.fixture
async def task(settings: Settings) -> TaskTrigger:
    """A task that the suite has as NUMBER."""
    made = example(TaskTrigger, "voc.tasks.v1/deposit", task_id=uuid4())
    delivered = {"task_id": made.task_id, "task_event_id": uuid4(), "action": "delivered", "actor": "bridge", "actor_role": "system"}
    step = example(TaskEvent, "voc.task-events.v1/accepted").model_dump() | {**delivered, "external_id": NUMBER}
    async with Outbox(settings) as outbox:
        await outbox.publish([made, TaskEvent.model_validate(step)])
    return made


async def kept(settings: Settings) -> list[TaskEvent]:
    values = await read_topic(settings, TASK_EVENTS.in_pipeline(settings.topic_prefix))
    return [event for event in map(TaskEvent.model_validate_json, values) if event.action != "delivered"]


async def actions(settings: Settings) -> list[str]:
    return [event.action.value for event in await kept(settings) if event.legal]


def counted(outcome: str) -> float:
    return REGISTRY.get_sample_value("voc_callbacks_total", {"outcome": outcome}) or 0.0


async def test_the_address_is_verified(settings: Settings, caller: Caller) -> None:
    answer = await caller.verify()
    assert answer.status_code == 200
    if settings.oa_kind == "feishu":
        assert answer.json() == {"challenge": "ajls384kdjx98XX"}
    elif settings.oa_kind == "wecom":
        assert answer.text == "1616140317555161061"
    else:
        check_success(answer)


def check_success(answer: httpx.Response) -> None:
    """DingTalk asks for a sealed and signed `success`."""
    content, seal = answer.json(), Seal(TOKEN, KEY)
    assert content["msg_signature"] == seal.signature(content["timeStamp"], content["nonce"], content["encrypt"])
    assert seal.open(content["encrypt"]) == (b"success", "suite4xxxxxxxxxxxxxxx")


async def test_an_approval_comes_back_as_the_steps_of_its_task(settings: Settings, caller: Caller, task: TaskTrigger) -> None:
    for verdict in (STARTED, REFUSED, AGREED):
        answer = await caller.tell(verdict)
        assert answer.status_code == 200, answer.text
    if settings.oa_kind == "dingtalk":
        check_success(answer)
    assert await actions(settings) == ["assigned", "planned", "sent_back", "planned", "approved"]
    events = await kept(settings)
    assert {event.task_id for event in events} == {task.task_id}
    assert {event.external_id for event in events} == {NUMBER}
    assert events[-1].actor == ("WangFang" if settings.oa_kind == "wecom" else settings.oa_kind)
    assert [event.actor_role.value for event in events if event.action == "approved"] == ["management"]


async def test_an_approval_may_stand_for_the_work(settings: Settings, task: TaskTrigger) -> None:
    async with serving(Gateway(settings.model_copy(update={"oa_approval": "work"})).app()) as url:
        caller = Caller(settings.oa_kind, url)
        await caller.tell(REFUSED)
        await caller.tell(AGREED)
    assert await actions(settings) == ["assigned", "planned", "approved", "done", "refused", "done", "accepted"]


async def test_what_a_suite_says_twice_counts_once(settings: Settings, caller: Caller, task: TaskTrigger) -> None:
    before = counted("repeated")
    for _ in range(3):
        assert (await caller.tell(AGREED)).status_code == 200
    assert await actions(settings) == ["assigned", "planned", "approved"]
    assert counted("repeated") == before + 2


async def test_what_the_state_forbids_is_kept_as_refused(settings: Settings, caller: Caller, task: TaskTrigger) -> None:
    await caller.tell(AGREED)
    before = counted("illegal")
    assert (await caller.tell(WITHDRAWN)).status_code == 200
    last = (await kept(settings))[-1]
    assert (last.action.value, last.legal, last.reason) == ("sent_back", False, "sent_back cannot follow approved; it follows planned")
    assert counted("illegal") == before + 1


async def test_an_approval_that_belongs_to_no_task_is_kept(settings: Settings, caller: Caller) -> None:
    before = counted("unknown_task")
    assert (await caller.tell(AGREED, "another")).status_code == 200
    (event,) = await kept(settings)
    assert (event.legal, event.reason, event.external_id) == (False, "no task has this number", "another")
    assert counted("unknown_task") == before + 1


async def test_what_is_forged_expired_oversized_or_unreadable_is_refused_and_counted(
    settings: Settings, caller: Caller, task: TaskTrigger
) -> None:
    kinds = ("forged", "expired", "oversized", "invalid")
    before = {kind: counted(kind) for kind in kinds}
    url = caller._url
    answers = [
        await Caller(settings.oa_kind, url, key=KEY[::-1].replace("C2B", "A2B")).tell(AGREED),
        await Caller(settings.oa_kind, url, at=time.time() - 90_000).tell(AGREED),
        await caller._post(b"x" * 70_000, {}, {}),
        await caller._post(b"neither JSON nor XML", {}, {}),
    ]
    assert [answer.status_code for answer in answers] == [401, 401, 413, 422]
    assert {kind: counted(kind) - before[kind] for kind in kinds} == dict.fromkeys(kinds, 1)
    if settings.oa_kind == "wecom":
        assert (await caller.tell(AGREED, corp="another company")).status_code == 401
    assert await kept(settings) == []


async def test_other_events_are_answered_and_left_alone(settings: Settings, caller: Caller) -> None:
    if settings.oa_kind == "feishu":
        answer = await caller.feishu({"token": TOKEN, "type": "event_callback", "event": {"type": "approval_task", "status": "PENDING"}})
    elif settings.oa_kind == "dingtalk":
        answer = await caller.dingtalk({"EventType": "bpms_task_change", "processInstanceId": NUMBER})
    else:
        answer = await caller.wecom("<xml><MsgType>event</MsgType><Event>enter_agent</Event></xml>")
    assert answer.status_code == 200
    assert await kept(settings) == []


async def test_feishu_names_an_approval_by_the_tasks_uuid_too(broker: EmbeddedBroker, settings: Settings, caller: Caller) -> None:
    """Where the answer to the creation was lost, the bridge knows the uuid only."""
    if settings.oa_kind != "feishu":
        return
    task = example(TaskTrigger, "voc.tasks.v1/deposit", task_id=uuid4())
    async with Outbox(settings) as outbox:
        await outbox.publish([task])
    event = {"type": "approval_instance", "instance_code": "other", "uuid": instance_uuid(task), "status": "APPROVED"}
    event["instance_operate_time"] = "1666079207003"
    await caller.feishu({"token": TOKEN, "type": "event_callback", "event": event})
    assert {event.task_id for event in await kept(settings)} == {task.task_id}


async def test_without_a_token_there_are_no_callbacks_and_without_a_key_no_gateway(settings: Settings) -> None:
    async with serving(Gateway(settings.model_copy(update={"oa_token": SecretStr("")})).app()) as url:
        assert (await Caller(settings.oa_kind, url).tell(AGREED)).status_code == 404
    with pytest.raises(ConfigurationError, match="VOC_OA_AES_KEY: is not set"):
        Gateway(settings.model_copy(update={"oa_aes_key": SecretStr("")})).app()
