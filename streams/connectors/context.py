"""Business facts of customers, from CRM, DMS and loan systems: posted to the gateway, or loaded from a file."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Self
from zoneinfo import ZoneInfo

import orjson
from pydantic import ValidationError, model_validator
from starlette.requests import Request
from starlette.responses import Response

from schemas.base import Event, Instant, Name, Value
from schemas.context import ContextEvent, ContextKind
from schemas.ids import make_id
from streams.connectors.auth import Source
from streams.connectors.body import parse_records
from streams.connectors.channels import SourceId
from streams.connectors.envelope import Fault
from streams.connectors.files import Table
from streams.connectors.problems import MAX_ERRORS, Problem
from streams.connectors.times import parse_time

Reject = Callable[[int, tuple[Fault, ...]], None]

_HEADERS = {
    "编号": "source_id", "单号": "source_id", "客户编号": "customer_id", "客户号": "customer_id", "类型": "kind", "事件类型": "kind",
    "状态": "status", "结果": "status", "关联客户编号": "linked_customer_id", "订单号": "order_id", "门店": "dealer", "经销商": "dealer",
    "车型": "model", "时间": "occurred_at", "发生时间": "occurred_at",
}  # fmt: skip
_KINDS = {
    "订单": "order", "订金": "deposit", "定金": "deposit", "贷款审批": "loan_decision", "交付异常": "delivery_exception",
    "工单": "repair_order", "维修工单": "repair_order", "跟进": "follow_up", "回访": "follow_up", "身份关联": "identity_link",
}  # fmt: skip


class FactRecord(Value):
    """One fact as its source sends it; `voc.context.v1` documents the fields."""

    source_id: SourceId
    customer_id: Name
    kind: ContextKind
    status: Name | None = None
    linked_customer_id: Name | None = None
    order_id: Name | None = None
    dealer: Name | None = None
    model: Name | None = None
    details: dict[Name, str] = {}
    occurred_at: Instant

    @model_validator(mode="after")
    def _links_name_two_customers(self) -> Self:
        if (self.kind is ContextKind.IDENTITY_LINK) != (self.linked_customer_id is not None):
            raise ValueError("linked_customer_id: an identity_link has one, no other kind does")
        return self


def read_fact(record: object, source: str, ingested_at: datetime) -> ContextEvent | tuple[Fault, ...]:
    """The event of a decoded JSON object, or what is wrong with it, without the values."""
    try:
        fact = FactRecord.model_validate(record)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        return tuple(Fault(".".join(map(str, one["loc"])) or "record", str(one["msg"]).removeprefix("Value error, ")) for one in problems)
    fields = {name: getattr(fact, name) for name in FactRecord.model_fields}
    return ContextEvent(context_id=make_id("context", source, fact.source_id), source=source, ingested_at=ingested_at, **fields)


def read_facts(table: Table, source: str, zone: ZoneInfo, ingested_at: datetime, reject: Reject) -> Iterator[ContextEvent]:
    """The facts of a file. Columns are the record's fields, or their Chinese names; `reject` takes the line of what is refused."""
    for row in table.rows():
        if row.fault:
            reject(row.line, (row.fault,))
            continue
        record: dict[str, Any] = {_HEADERS.get(name, name): value for name, value in row.cells.items()}
        record["kind"] = _KINDS.get(str(record.get("kind")), record.get("kind"))
        try:
            record["occurred_at"] = parse_time(record.get("occurred_at"), zone, ())
        except ValueError as error:
            reject(row.line, (Fault("occurred_at", str(error)),))
            continue
        fact = read_fact(record, source, ingested_at)
        if isinstance(fact, ContextEvent):
            yield fact
        else:
            reject(row.line, fact)


class ContextRoute:
    """`POST /v1/context`: one record, `{"events": [...]}`, or JSON Lines; all of them or none."""

    def __init__(
        self,
        authentic: Callable[[Request], Awaitable[tuple[Source, bytes]]],
        admit: Callable[[Source, int], None],
        publish: Callable[[Sequence[Event]], Awaitable[None]],
    ) -> None:
        self._authentic, self._admit, self._publish = authentic, admit, publish

    async def take(self, request: Request) -> Response:
        """202 after the broker acknowledged every fact."""
        source, body = await self._authentic(request)
        records = parse_records(request, body)
        self._admit(source, len(records))
        now = datetime.now(UTC)
        read = [read_fact(record, source.name, now) for record in records]
        errors = [
            {"index": index, "field": fault.field, "detail": fault.reason}
            for index, one in enumerate(read)
            if not isinstance(one, ContextEvent)
            for fault in one
        ]
        if errors:
            first = errors[0]
            detail = f"event {first['index']}: {first['field']}: {first['detail']}; nothing was accepted"
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, errors[:MAX_ERRORS])
        facts = [one for one in read if isinstance(one, ContextEvent)]
        await self._publish(facts)
        answer = orjson.dumps({"accepted": len(facts), "context_ids": [one.context_id for one in facts]})
        return Response(answer, HTTPStatus.ACCEPTED, media_type="application/json")
