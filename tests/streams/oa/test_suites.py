"""Feishu, DingTalk and WeCom: what goes over the wire, and what is made of each documented answer, on a real server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from agents.bridge import bridge
from schemas.dead_letter import Reason
from schemas.task import TaskTrigger
from streams.errors import ConfigurationError
from streams.settings import Settings
from streams.step import Refusal, Result
from tests.golden import example
from tests.streams.oa.serving import serving


def task(**changes: Any) -> TaskTrigger:
    """A task that was made now."""
    return example(TaskTrigger, "voc.tasks.v1/deposit", **{"task_id": uuid4(), "created_at": datetime.now(UTC).isoformat(), **changes})


TASK = example(TaskTrigger, "voc.tasks.v1/deposit", owner_name="销售经理")

Answers = dict[str, tuple[int, dict[str, Any]]]

# Answers in the shapes that the suites document.
GRANTS = {
    "feishu": {"code": 0, "msg": "ok", "tenant_access_token": "t-caecc734c2e3328a62489fe0648c4b98779515d3", "expire": 7200},
    "dingtalk": {"accessToken": "fw8ef8we8f76e6f7s8dxxxx", "expireIn": 7200},
    "wecom": {"errcode": 0, "errmsg": "ok", "access_token": "accesstoken000001", "expires_in": 7200},
}
MADE: Answers = {
    "feishu": (200, {"code": 0, "msg": "success", "data": {"instance_code": "81D31358-93AF-92D6-7425-01A5D67C4E71"}}),
    "dingtalk": (200, {"instanceId": "7dd4fbbc-xxxx-xxxx-xxxx-a8a0f7bf67dd"}),
    "wecom": (200, {"errcode": 0, "errmsg": "ok", "sp_no": "201909270001"}),
}
NUMBERS = {"feishu": "81D31358-93AF-92D6-7425-01A5D67C4E71", "dingtalk": "7dd4fbbc-xxxx-xxxx-xxxx-a8a0f7bf67dd", "wecom": "201909270001"}
FIELDS = {
    "feishu": "summary=widget1,verbatim=widget2,task_id=widget3",
    "dingtalk": "summary=事项,verbatim=原话,task_id=任务号",
    "wecom": "summary=Text-1640339319582,verbatim=Textarea-1640339319583,task_id=Text-1640339319584",
}


class FakeSuite:
    """A server that answers in a suite's shapes and keeps what it was sent."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.answers: list[tuple[int, dict[str, Any]]] = []
        self.sent: list[tuple[Request, dict[str, Any]]] = []
        self.grants = 0
        self.made: dict[str, str] = {}
        self.lists = 0
        self.drop = self.unreadable = 0

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/open-apis/auth/v3/tenant_access_token/internal", self.grant, methods=["POST"]),
                Route("/v1.0/oauth2/accessToken", self.grant, methods=["POST"]),
                Route("/cgi-bin/gettoken", self.grant),
                Route("/open-apis/approval/v4/instances", self.make, methods=["POST"]),
                Route("/v1.0/workflow/processInstances", self.make, methods=["POST"]),
                Route("/v1.0/workflow/processInstances", self.detail),
                Route("/v1.0/workflow/processes/instanceIds/query", self.list, methods=["POST"]),
                Route("/cgi-bin/oa/getapprovalinfo", self.list, methods=["POST"]),
                Route("/cgi-bin/oa/getapprovaldetail", self.detail, methods=["POST"]),
                Route("/cgi-bin/oa/applyevent", self.make, methods=["POST"]),
            ]
        )

    async def grant(self, _: Request) -> Response:
        self.grants += 1
        return JSONResponse(GRANTS[self.kind])

    async def make(self, request: Request) -> Response:
        body = orjson.loads(await request.body())
        self.sent.append((request, body))
        if self.answers:
            status, content = self.answers.pop(0)
            return JSONResponse(content, status)
        if self.kind == "feishu":
            if body["uuid"] in self.made.values():
                return JSONResponse({"code": 60012, "msg": "uuid conflict"}, 400)
            key = body["uuid"]
        elif self.kind == "dingtalk":
            key = next(one["value"] for one in body["formComponentValues"] if one["name"] == "任务号")
        else:
            key = next(one["value"]["text"] for one in body["apply_data"]["contents"] if one["id"] == "Text-1640339319584")
        self.made[NUMBERS[self.kind] if not self.made else f"{NUMBERS[self.kind]}-{len(self.made)}"] = key
        if self.drop:
            self.drop -= 1
            return Dropped()
        number, answer = list(self.made)[-1], orjson.dumps(MADE[self.kind][1]).decode()
        return Response(answer.replace(NUMBERS[self.kind], number), media_type="application/json")

    async def list(self, request: Request) -> Response:
        """Two a page, as the suites document."""
        self.lists += 1
        if self.unreadable:
            self.unreadable -= 1
            status, content = WRONG[self.kind]
            return JSONResponse(content, status)
        body, numbers = orjson.loads(await request.body()), [*self.made]
        at = int(body.get("nextToken") or body.get("new_cursor") or 0)
        page, more = numbers[at : at + 2], at + 2 < len(numbers)
        if self.kind == "dingtalk":
            assert body["startTime"] < body["endTime"]
            return JSONResponse({"success": True, "result": {"list": page, **({"nextToken": str(at + 2)} if more else {})}})
        assert int(body["starttime"]) < int(body["endtime"])
        return JSONResponse({"errcode": 0, "errmsg": "ok", "sp_no_list": page, **({"new_next_cursor": str(at + 2)} if more else {})})

    async def detail(self, request: Request) -> Response:
        if self.kind == "dingtalk":
            key = self.made[request.query_params["processInstanceId"]]
            values = [{"componentType": "TextField", "name": "任务号", "id": "TextField-1", "value": key}]
            return JSONResponse({"success": "true", "result": {"title": "x", "status": "RUNNING", "formComponentValues": values}})
        number = orjson.loads(await request.body())["sp_no"]
        contents = [{"control": "Text", "id": "Text-1640339319584", "value": {"text": self.made[number]}}]
        return JSONResponse({"errcode": 0, "errmsg": "ok", "info": {"sp_no": number, "apply_data": {"contents": contents}}})


class Dropped(Response):
    """The connection breaks before an answer."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"100")]})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})
        raise ConnectionResetError


@pytest.fixture(params=["feishu", "dingtalk", "wecom"])
async def suite(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[FakeSuite, Settings]]:
    fake = FakeSuite(request.param)
    async with serving(fake.app()) as url:
        yield (
            fake,
            Settings(
                data=tmp_path,
                oa_kind=request.param,
                oa_url=url,
                oa_app="cli_slkdjalasdkjasd",
                oa_app_secret=SecretStr("dskLLdkasdjlasdKK"),
                oa_template="7C468A54-8745-2245-9675-08B7C63E7A85",
                oa_creator="f7cb567e",
                oa_fields=FIELDS[request.param],
            ),
        )


async def deliver(settings: Settings, *tasks: TaskTrigger) -> list[Result]:
    async with bridge.open(settings) as handle:
        return list(await handle(tasks))


def number(result: Result) -> str | None:
    assert isinstance(result, tuple), result
    found: str | None = result[1].external_id
    return found


async def test_a_task_becomes_an_approval_and_its_number_comes_back(suite: tuple[FakeSuite, Settings]) -> None:
    fake, settings = suite
    (result,) = await deliver(settings, TASK)
    assert number(result) == NUMBERS[fake.kind]
    (request, body) = fake.sent[0]
    text = orjson.dumps(body).decode()
    assert "客户要求退订金一个月未到账" in text
    assert f"{TASK.task_id}.0" in text
    if fake.kind == "feishu":
        assert request.headers["authorization"] == f"Bearer {GRANTS['feishu']['tenant_access_token']}"
        assert isinstance(body["form"], str), "the form is JSON inside JSON"
        assert orjson.loads(body["form"])[0] == {"id": "widget1", "type": "textarea", "value": "客户要求退订金一个月未到账"}
        assert len(body["uuid"]) == 36
    if fake.kind == "dingtalk":
        assert request.headers["x-acs-dingtalk-access-token"] == GRANTS["dingtalk"]["accessToken"]
        assert body["formComponentValues"][0] == {"name": "事项", "value": "客户要求退订金一个月未到账"}
    if fake.kind == "wecom":
        assert request.query_params["access_token"] == GRANTS["wecom"]["access_token"]
        contents = body["apply_data"]["contents"]
        assert contents[0] == {"control": "Text", "id": "Text-1640339319582", "value": {"text": "客户要求退订金一个月未到账"}}
        assert contents[1]["control"] == "Textarea"


async def test_one_token_serves_many_tasks(suite: tuple[FakeSuite, Settings]) -> None:
    fake, settings = suite
    await deliver(settings, *(task() for _ in range(5)))
    assert (fake.grants, len(fake.sent)) == (1, 5)


EXPIRED: Answers = {
    "feishu": (
        400,
        {"code": 99991663, "msg": "Invalid access token for authorization."},
    ),
    "dingtalk": (401, {"code": "InvalidAuthentication", "message": "不合法的access_token", "requestid": "x"}),
    "wecom": (200, {"errcode": 42001, "errmsg": "access_token expired"}),
}
BUSY: Answers = {
    "feishu": (400, {"code": 1395001, "msg": "There have been some errors. Please try again later"}),
    "dingtalk": (503, {"code": "ServiceUnavailable", "message": "服务暂不可用", "requestid": "x"}),
    "wecom": (200, {"errcode": -1, "errmsg": "system busy"}),
}
LIMITED: Answers = {
    "feishu": (400, {"code": 99991400, "msg": "request trigger frequency limit"}),
    "dingtalk": (403, {"code": "Forbidden.AccessDenied.QpsLimitForApi", "message": "请求过快", "requestid": "x"}),
    "wecom": (200, {"errcode": 45009, "errmsg": "api freq out of limit"}),
}
WRONG: Answers = {
    "feishu": (400, {"code": 1390001, "msg": "param is invalid"}),
    "dingtalk": (400, {"code": "processCodeError", "message": "模板不存在", "requestid": "x"}),
    "wecom": (200, {"errcode": 301056, "errmsg": "审批模板ID不正确"}),
}


async def test_an_expired_token_a_busy_server_and_a_rate_limit_are_tried_again(suite: tuple[FakeSuite, Settings]) -> None:
    fake, settings = suite
    fake.answers = [EXPIRED[fake.kind], BUSY[fake.kind], LIMITED[fake.kind]]
    (result,) = await deliver(settings, TASK)
    assert number(result) == NUMBERS[fake.kind]
    assert (fake.grants, len(fake.sent)) == (2, 4)


async def test_a_form_that_does_not_fit_is_a_dead_letter_that_says_what_to_check(suite: tuple[FakeSuite, Settings]) -> None:
    fake, settings = suite
    fake.answers = [WRONG[fake.kind]]
    (result,) = await deliver(settings, TASK)
    assert isinstance(result, Refusal)
    assert result.reason is Reason.UNDELIVERABLE
    assert "VOC_OA_TEMPLATE" in result.detail
    assert "订金" not in result.detail


async def test_feishu_says_that_it_has_the_task_already(tmp_path: Path) -> None:
    fake = FakeSuite("feishu")
    fake.answers = [(400, {"code": 60012, "msg": "uuid conflict"})]
    async with serving(fake.app()) as url:
        settings = Settings(
            data=tmp_path,
            oa_kind="feishu",
            oa_url=url,
            oa_app="a",
            oa_app_secret=SecretStr("s"),
            oa_template="t",
            oa_creator="u",
            oa_fields="summary=w",
        )
        (result,) = await deliver(settings, TASK)
    assert number(result) == fake.sent[0][1]["uuid"]


async def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="VOC_OA_APP: is not set; wecom needs it"):
        await deliver(Settings(data=tmp_path, oa_kind="wecom"), TASK)
    with pytest.raises(ConfigurationError, match="VOC_OA_FIELDS: nonsense=1: expected field=control"):
        await deliver(Settings(data=tmp_path, oa_kind="wecom", oa_app="a", oa_fields="nonsense=1"), TASK)


async def test_an_answer_that_is_lost_on_its_way_makes_no_second_approval(suite: tuple[FakeSuite, Settings]) -> None:
    fake, settings = suite
    fake.drop = 2
    tasks = [task() for _ in range(5)]
    results = await deliver(settings, *tasks)
    assert len(fake.made) == len(set(fake.made.values())) == 5
    if fake.kind != "feishu":  # which answers with the uuid that it was given
        assert {number(result) for result in results} == set(fake.made)


async def test_a_worker_that_starts_again_finds_what_the_one_before_it_made(suite: tuple[FakeSuite, Settings]) -> None:
    fake, settings = suite
    tasks = [task(created_at="2026-03-01T00:00:00Z") for _ in range(5)]
    await deliver(settings, *tasks[:3])
    await deliver(settings, *tasks)
    assert len(fake.made) == len(set(fake.made.values())) == 5


async def test_later_evidence_makes_no_second_approval_but_a_new_round_does(suite: tuple[FakeSuite, Settings]) -> None:
    fake, settings = suite
    first = task()
    await deliver(settings, first)
    await deliver(settings, first.model_copy(update={"revision": 2}))
    assert len(fake.made) == 1
    await deliver(settings, first.model_copy(update={"revision": 1001, "round": 1}))
    assert len(fake.made) == 2


async def test_a_fresh_task_costs_one_call(suite: tuple[FakeSuite, Settings]) -> None:
    fake, settings = suite
    await deliver(settings, *(task() for _ in range(3)))
    assert (len(fake.sent), fake.lists) == (3, 0)


async def test_a_form_without_the_tasks_id_is_refused_where_it_is_needed(suite: tuple[FakeSuite, Settings]) -> None:
    fake, settings = suite
    without = settings.model_copy(update={"oa_fields": "summary=Text-1"})
    if fake.kind == "feishu":
        await deliver(without, task())
        return
    with pytest.raises(ConfigurationError, match="VOC_OA_FIELDS: has no task_id"):
        await deliver(without, task())


async def test_a_list_that_may_not_be_read_makes_the_task_wait_rather_than_come_twice(suite: tuple[FakeSuite, Settings]) -> None:
    fake, settings = suite
    if fake.kind == "feishu":
        return
    fake.unreadable = 2
    (result,) = await deliver(settings, task(created_at="2026-03-01T00:00:00Z"))
    assert number(result) == NUMBERS[fake.kind]
    assert (len(fake.sent), fake.unreadable) == (1, 0)
