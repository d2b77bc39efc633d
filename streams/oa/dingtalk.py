"""DingTalk: a task becomes an approval process instance.

Contract: https://open.dingtalk.com/document/orgapp/create-an-approval-instance and
https://open.dingtalk.com/document/orgapp/obtain-the-access_token-of-an-internal-app.
DingTalk has no idempotency key: where its answer is lost on the way, the next attempt makes a second instance. Both carry
the task's id if VOC_OA_FIELDS has `task_id`.
"""

from __future__ import annotations

from typing import Any

import httpx

from schemas.task import TaskTrigger
from streams.errors import PermanentSinkError, RetryableSinkError
from streams.oa.form import Suite, text_of
from streams.oa.office import TaskFailedError, exchange
from streams.oa.token import Granted, Token

_OK, _UNAUTHORISED, _FORBIDDEN, _TOO_MANY, _SERVER_ERROR = 200, 401, 403, 429, 500
_ANY_DEPARTMENT = -1


class DingTalk:
    """Delivers tasks as instances of one process (VOC_OA_TEMPLATE)."""

    def __init__(self, client: httpx.AsyncClient, suite: Suite) -> None:
        self._client, self._suite = client, suite
        self._token = Token(self._grant)

    async def deliver(self, task: TaskTrigger) -> str | None:
        """Start the process; the instance's id. Raises as `Office.deliver` does."""
        body = {
            "processCode": self._suite.template,
            "originatorUserId": self._suite.creator,
            "deptId": _ANY_DEPARTMENT,
            "formComponentValues": [{"name": field.control, "value": text_of(task, field.name)} for field in self._suite.fields],
        }
        headers = {"x-acs-dingtalk-access-token": await self._token.get()}
        status, content = await self._post("/v1.0/workflow/processInstances", body, headers)
        if status == _OK and content.get("instanceId"):
            return str(content["instanceId"])
        code = content.get("code")
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
        status, content = await self._post("/v1.0/oauth2/accessToken", body, {})
        if status != _OK or "accessToken" not in content:
            raise RetryableSinkError(f"DingTalk grants no token, code {content.get('code')}: check VOC_OA_APP and VOC_OA_APP_SECRET")
        return Granted(content["accessToken"], float(content["expireIn"]))

    async def _post(self, path: str, body: dict[str, Any], headers: dict[str, str]) -> tuple[int, dict[str, Any]]:
        request = self._client.build_request("POST", self._suite.url + path, json=body, headers=headers)
        return await exchange(self._client, request)
