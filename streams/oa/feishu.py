"""Feishu (Lark): a task becomes an approval instance.

Contract: https://open.feishu.cn/document/server-docs/approval-v4/instance/create and
https://open.feishu.cn/document/server-docs/authentication-management/access-token/tenant_access_token_internal.
The instance's `uuid` is Feishu's idempotency key: a second creation is refused with code 60012, which means that the
approval is there already. Its event carries the `uuid` too.
"""

from __future__ import annotations

from typing import Any

import httpx
import orjson

from schemas.ids import make_id
from schemas.task import TaskTrigger
from streams.errors import PermanentSinkError, RetryableSinkError
from streams.oa.form import Suite, text_of
from streams.oa.office import TaskFailedError, exchange
from streams.oa.token import Granted, Token

_ALREADY_THERE = 60012
_TOKEN_REFUSED = frozenset({99991661, 99991663, 99991664, 99991668, 99991671})
_TOO_FAST = frozenset({99991400, 11232})
_TRY_AGAIN = frozenset({1395001, 1399999})
_SERVER_ERROR = 500


def instance_uuid(task: TaskTrigger) -> str:
    """What Feishu knows the approval of a task's round by."""
    return str(make_id("delivery", task.task_id, task.round)).upper()


class Feishu:
    """Delivers tasks as approval instances of one approval definition (VOC_OA_TEMPLATE)."""

    def __init__(self, client: httpx.AsyncClient, suite: Suite) -> None:
        self._client, self._suite = client, suite
        self._token = Token(self._grant)

    async def deliver(self, task: TaskTrigger) -> str | None:
        """Create the instance; its code. Raises as `Office.deliver` does."""
        uuid = instance_uuid(task)
        form = [{"id": field.control, "type": "textarea", "value": text_of(task, field.name)} for field in self._suite.fields]
        body = {
            "approval_code": self._suite.template,
            "user_id": self._suite.creator,
            "form": orjson.dumps(form).decode(),
            "uuid": uuid,
        }
        headers = {"Authorization": f"Bearer {await self._token.get()}"}
        status, content = await self._post("/open-apis/approval/v4/instances", body, headers)
        code = content.get("code")
        if code == 0:
            return str(content["data"]["instance_code"])
        if code == _ALREADY_THERE:
            return uuid
        if code in _TOKEN_REFUSED:
            self._token.refused()
            raise RetryableSinkError(f"Feishu refused the access token with code {code}")
        if code in _TOO_FAST:
            raise RetryableSinkError(f"Feishu asks for patience with code {code}")
        if code in _TRY_AGAIN or status >= _SERVER_ERROR:
            raise TaskFailedError(f"Feishu answered {status} with code {code}")
        raise PermanentSinkError(f"Feishu refused the instance with code {code}: check VOC_OA_TEMPLATE, VOC_OA_CREATOR, VOC_OA_FIELDS")

    async def _grant(self) -> Granted:
        body = {"app_id": self._suite.app, "app_secret": self._suite.secret}
        _, content = await self._post("/open-apis/auth/v3/tenant_access_token/internal", body, {})
        if content.get("code") != 0:
            raise RetryableSinkError(f"Feishu grants no token, code {content.get('code')}: check VOC_OA_APP and VOC_OA_APP_SECRET")
        return Granted(content["tenant_access_token"], float(content["expire"]))

    async def _post(self, path: str, body: dict[str, Any], headers: dict[str, str]) -> tuple[int, dict[str, Any]]:
        request = self._client.build_request("POST", self._suite.url + path, json=body, headers=headers)
        return await exchange(self._client, request)
