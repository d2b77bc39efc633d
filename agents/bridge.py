"""Deliver each task to the company's OA.  voc.tasks.v1 -> the OA, voc.task-events.v1

Delivery: at least once under an idempotency key, so the OA takes each once.  Order: per task.  The OA away: the step
waits, nothing is dropped.  A task that the OA will never take: dead letter `undeliverable`.  Only this step knows the OA.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from streams.oa.delivery import open_courier
from streams.settings import Settings
from streams.step import BatchHandler, batch_step
from streams.topics import TASK_EVENTS, TASKS


@batch_step(reads=(TASKS,), writes=(TASK_EVENTS,), outside="OA")
@asynccontextmanager
async def bridge(settings: Settings) -> AsyncIterator[BatchHandler]:
    """Deliver tasks to the OA."""
    async with open_courier(settings) as courier:
        yield courier.deliver
