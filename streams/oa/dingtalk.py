"""DingTalk: a task becomes an approval process instance.

Contract: https://open.dingtalk.com/document/orgapp/create-an-approval-instance,
https://open.dingtalk.com/document/orgapp/obtain-an-approval-list-of-instance-ids,
https://open.dingtalk.com/document/orgapp/obtains-the-details-of-a-single-approval-instance-pop and
https://open.dingtalk.com/document/orgapp/obtain-the-access_token-of-an-internal-app.
DingTalk has no idempotency key, so where an instance may be there already its list is read first (streams/oa/once.py).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import httpx

from schemas.task import TaskTrigger
from streams.errors import PermanentSinkError, RetryableSinkError
from streams.oa.form import Suite, text_of
from streams.oa.office import TaskFailedError, exchange
from streams.oa.once import Once
from streams.oa.token import Granted, Token

_OK, _UNAUTHORISED, _FORBIDDEN, _TOO_MANY, _SERVER_ERROR = 200, 401, 403, 429, 500
_ANY_DEPARTMENT = -1
_PAGE = 20


class DingTalk:
    """Delivers tasks as instances of one process (VOC_OA_TEMPLATE)."""

    def __init__(self, client: httpx.AsyncClient, suite: Suite) -> None:
        self._client, self._suite = client, suite
        self._token = Token(self._grant)
        self._once = Once(self)

    async def deliver(self, task: TaskTrigger) -> str | None:
        """Start the process, unless it was started before; the instance's id. Raises as `Office.deliver` does."""
        return await self._once.make(task, lambda: self._create(task))

    async def _create(self, task: TaskTrigger) -> str:
        body = {
            "processCode": self._suite.template,
            "originatorUserId": self._suite.creator,
            "deptId": _ANY_DEPARTMENT,
            "formComponentValues": [{"name": field.control, "value": text_of(task, field.name)} for field in self._suite.fields],
        }
        content = await self._call("POST", "/v1.0/workflow/processInstances", json=body)
        return str(content["instanceId"])

    async def numbers(self, begin: datetime, end: datetime) -> AsyncIterator[str]:
        """Instances of the process that were started in [begin, end)."""
        body: dict[str, Any] = {
            "processCode": self._suite.template,
            "startTime": int(begin.timestamp() * 1000),
            "endTime": int(end.timestamp() * 1000),
            "userIds": [self._suite.creator],
            "maxResults": _PAGE,
            "nextToken": 0,
        }
        while True:
            page = (await self._call("POST", "/v1.0/workflow/processes/instanceIds/query", json=body))["result"]
            for number in page.get("list", ()):
                yield str(number)
            if not page.get("nextToken"):
                return
            body["nextToken"] = int(page["nextToken"])

    async def key(self, number: str) -> str | None:
        """What the instance's field for `task_id` says."""
        control = self._suite.control("task_id")
        found = await self._call("GET", "/v1.0/workflow/processInstances", params={"processInstanceId": number})
        values = found["result"].get("formComponentValues", ())
        return next((str(one["value"]) for one in values if one.get("name") == control and one.get("value")), None)

    async def _call(self, method: str, path: str, **content: Any) -> dict[str, Any]:
        """DingTalk's answer of 200. Raises as `Office.deliver` does."""
        headers = {"x-acs-dingtalk-access-token": await self._token.get()}
        status, answer = await self._send(method, path, headers=headers, **content)
        if status == _OK and ("instanceId" in answer or "result" in answer):
            return answer
        code = answer.get("code")
        if status == _UNAUTHORISED or code == "InvalidAuthentication":
            self._token.refused()
            raise RetryableSinkError("DingTalk refused the access token")
        if status in {_FORBIDDEN, _TOO_MANY}:
            raise RetryableSinkError(f"DingTalk answered {status} with code {code}: too fast, or the application lacks a permission")
        if status >= _SERVER_ERROR or code in {"ServiceUnavailable", "systemError"}:
            raise TaskFailedError(f"DingTalk answered {status} with code {code}")
        raise PermanentSinkError(f"DingTalk refused the instance with code {code}: check VOC_OA_TEMPLATE, VOC_OA_CREATOR, VOC_OA_FIELDS")

    async def _grant(self) -> Granted:
        body = {"appKey": self._suite.app, "appSecret": self._suite.secret}
        status, content = await self._send("POST", "/v1.0/oauth2/accessToken", json=body)
        if status != _OK or "accessToken" not in content:
            raise RetryableSinkError(f"DingTalk grants no token, code {content.get('code')}: check VOC_OA_APP and VOC_OA_APP_SECRET")
        return Granted(content["accessToken"], float(content["expireIn"]))

    async def _send(self, method: str, path: str, **content: Any) -> tuple[int, dict[str, Any]]:
        return await exchange(self._client, self._client.build_request(method, self._suite.url + path, **content))
