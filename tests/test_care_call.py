"""The journey example does what it says, as a program of its own against a real broker."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from uuid import uuid4

from schemas.coded import CodedUtterance
from schemas.task import TaskTrigger
from streams.admin import create_topics
from streams.local.broker import EmbeddedBroker
from streams.local.processes import free_port
from streams.outbox import Outbox
from streams.settings import Settings
from tests.golden import example

PROGRAM = Path(__file__).parent.parent / "examples" / "care_call.py"


async def test_a_delivery_pain_and_a_care_task_start_a_call_each_customer_once(tmp_path: Path) -> None:
    broker = EmbeddedBroker(free_port(), tmp_path)  # its own: the example reads topics without a prefix
    broker.start()
    broker.wait_ready()
    settings = Settings(kafka=broker.bootstrap)
    await create_topics(settings)
    late = {"tag": "delivery.handover.late", "point": "pain"}
    events = [
        example(CodedUtterance, "voc.coded.v1/deposit", utterance_id=uuid4(), customer_id="other"),
        example(CodedUtterance, "voc.coded.v1/deposit", utterance_id=uuid4(), customer_id="anna", opinion=late),
        example(CodedUtterance, "voc.coded.v1/deposit", utterance_id=uuid4(), customer_id="anna", opinion=late),
        example(TaskTrigger, "voc.tasks.v1/deposit", customer_id="bert", plan_template="care_call"),
    ]
    async with Outbox(settings) as outbox:
        await outbox.publish(events)
    program = await asyncio.create_subprocess_exec(sys.executable, str(PROGRAM), broker.bootstrap, stdout=asyncio.subprocess.PIPE)
    assert program.stdout is not None
    try:
        lines = {(await asyncio.wait_for(program.stdout.readline(), 30)).decode().strip() for _ in range(2)}
    finally:
        program.kill()
        await program.wait()
        broker.stop()
    assert lines == {"care call: anna because of delivery.handover.late", "care call: bert because of order.deposit.refund_slow"}
