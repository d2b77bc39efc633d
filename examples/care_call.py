"""Start a journey: a care call after a pain at delivery. python examples/care_call.py [KAFKA]. Needs only aiokafka."""

import asyncio
import json
import sys

from aiokafka import AIOKafkaConsumer


async def main(kafka: str) -> None:
    topics = ("voc.coded.v1", "voc.tasks.v1")
    consumer = AIOKafkaConsumer(*topics, bootstrap_servers=kafka, group_id="care-calls", auto_offset_reset="earliest")
    called: set[str] = set()  # in earnest: a table with the customer as its key
    async with consumer:
        async for record in consumer:
            event = json.loads(record.value)
            customer = event.get("customer_id")
            pains = [o["tag"] for o in event.get("opinions", []) if o["point"] == "pain" and o["tag"].startswith("delivery.")]
            if customer and customer not in called and (pains or event.get("plan_template") == "care_call"):
                called.add(customer)
                print("care call:", customer, "because of", *(pains or [event["tag"]]), flush=True)


asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:9092"))
