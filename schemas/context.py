"""`voc.context.v1`: business facts about a customer."""

from __future__ import annotations

from uuid import UUID

from schemas.base import Event, Instant, Name, Word


class ContextKind(Word):
    ORDER = "order"
    DEPOSIT = "deposit"
    LOAN_DECISION = "loan_decision"
    DELIVERY_EXCEPTION = "delivery_exception"
    REPAIR_ORDER = "repair_order"
    FOLLOW_UP = "follow_up"
    IDENTITY_LINK = "identity_link"


class ContextEvent(Event):
    """One fact: `kind` says what happened, `status` how it ended (refused, late, cancelled, ...).

    An `identity_link` says that `linked_customer_id` is the same person as `customer_id`.
    """

    context_id: UUID
    source: Name
    source_id: Name
    customer_id: Name
    kind: ContextKind
    status: Name | None = None
    linked_customer_id: Name | None = None
    order_id: Name | None = None
    dealer: Name | None = None
    model: Name | None = None
    details: dict[Name, str] = {}
    occurred_at: Instant
    ingested_at: Instant
