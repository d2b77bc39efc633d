"""WeCom: a task becomes an approval application.

Contract: https://developer.work.weixin.qq.com/document/path/91853 (submit), path/91816 (numbers), path/91983 (details) and
path/91039 (token). WeCom answers 200 and says in `errcode` what went wrong. It has no idempotency key, so where an
application may be there already its list is read first (streams/oa/once.py).
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

_BUSY = -1
_TOKEN_REFUSED = frozenset({40001, 40014, 42001})
_TOO_FAST = frozenset({45009, 45033})
_SERVER_ERROR = 500
_LONGEST_SUMMARY = 20
_PAGE = 100


class WeCom:
    """Delivers tasks as applications of one approval template (VOC_OA_TEMPLATE), by its own approvers."""

    def __init__(self, client: httpx.AsyncClient, suite: Suite) -> None:
        self._client, self._suite = client, suite
        self._token = Token(self._grant)
        self._once = Once(self)

    async def deliver(self, task: TaskTrigger) -> str | None:
        """Submit the application, unless it was submitted before; its number. Raises as `Office.deliver` does."""
        return await self._once.make(task, lambda: self._create(task))

    async def _create(self, task: TaskTrigger) -> str:
        controls = [(field.control, text_of(task, field.name)) for field in self._suite.fields]
        body = {
            "creator_userid": self._suite.creator,
            "template_id": self._suite.template,
            "use_template_approver": 1,
            "apply_data": {
                "contents": [{"control": control.partition("-")[0], "id": control, "value": {"text": text}} for control, text in controls]
            },
            "summary_list": [{"summary_info": [{"text": task.summary[:_LONGEST_SUMMARY], "lang": "zh_CN"}]}],
        }
        return str((await self._call("applyevent", body))["sp_no"])

    async def numbers(self, begin: datetime, end: datetime) -> AsyncIterator[str]:
        """Applications of the template that were submitted in [begin, end)."""
        filters = [{"key": "template_id", "value": self._suite.template}, {"key": "creator", "value": self._suite.creator}]
        times = {"starttime": str(int(begin.timestamp())), "endtime": str(int(end.timestamp()))}
        body: dict[str, Any] = {**times, "new_cursor": "", "size": _PAGE, "filters": filters}
        while True:
            page = await self._call("getapprovalinfo", body)
            for number in page.get("sp_no_list", ()):
                yield str(number)
            if not page.get("new_next_cursor"):
                return
            body["new_cursor"] = page["new_next_cursor"]

    async def key(self, number: str) -> str | None:
        """What the application's control for `task_id` says."""
        control = self._suite.control("task_id")
        info = (await self._call("getapprovaldetail", {"sp_no": number}))["info"]
        values = info.get("apply_data", {}).get("contents", ())
        return next((one["value"]["text"] for one in values if one.get("id") == control and one["value"].get("text")), None)

    async def _call(self, name: str, body: dict[str, Any]) -> dict[str, Any]:
        """WeCom's answer with `errcode` 0. Raises as `Office.deliver` does."""
        parameters = {"access_token": await self._token.get()}
        request = self._client.build_request("POST", f"{self._suite.url}/cgi-bin/oa/{name}", params=parameters, json=body)
        status, content = await exchange(self._client, request)
        code = content.get("errcode")
        if code == 0:
            return content
        if code in _TOKEN_REFUSED:
            self._token.refused()
            raise RetryableSinkError(f"WeCom refused the access token with code {code}")
        if code in _TOO_FAST:
            raise RetryableSinkError(f"WeCom asks for patience with code {code}")
        if code == _BUSY or status >= _SERVER_ERROR:
            raise TaskFailedError(f"WeCom answered {status} with code {code}")
        raise PermanentSinkError(f"WeCom refused the application with code {code}: check VOC_OA_TEMPLATE, VOC_OA_CREATOR, VOC_OA_FIELDS")

    async def _grant(self) -> Granted:
        parameters = {"corpid": self._suite.app, "corpsecret": self._suite.secret}
        request = self._client.build_request("GET", f"{self._suite.url}/cgi-bin/gettoken", params=parameters)
        content: dict[str, Any]
        _, content = await exchange(self._client, request)
        if content.get("errcode") != 0:
            raise RetryableSinkError(f"WeCom grants no token, code {content.get('errcode')}: check VOC_OA_APP and VOC_OA_APP_SECRET")
        return Granted(content["access_token"], float(content["expires_in"]))
