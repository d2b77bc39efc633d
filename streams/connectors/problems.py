"""Errors as HTTP answers: problem details for HTTP APIs, RFC 9457."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import orjson
from starlette.responses import Response

from streams.errors import TingjianError

MEDIA_TYPE = "application/problem+json"
MAX_ERRORS = 100
"""Errors that one answer lists at most."""


class Problem(TingjianError):
    """A request that is refused. `errors` holds `{index, field, detail}`, one a fault, for records of a batch."""

    def __init__(
        self, status: HTTPStatus, detail: str, errors: list[dict[str, Any]] | None = None, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.errors, self.headers = status, detail, errors or [], headers or {}

    def response(self) -> Response:
        """The answer; its `type` points into the gateway's own documentation."""
        body: dict[str, Any] = {
            "type": f"/docs#problem-{self.status.value}",
            "title": self.status.phrase,
            "status": self.status.value,
            "detail": self.detail,
        }
        if self.errors:
            body["errors"] = self.errors[:MAX_ERRORS]
        return Response(orjson.dumps(body), self.status.value, self.headers, MEDIA_TYPE)
