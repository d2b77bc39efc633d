"""Print every pain point as it is coded: python examples/consume_coded.py [KAFKA]. Needs only aiokafka."""

import asyncio
import json
import sys

from aiokafka import AIOKafkaConsumer


async def main(kafka: str) -> None:
    async with AIOKafkaConsumer("voc.coded.v1", bootstrap_servers=kafka, group_id="my-service", auto_offset_reset="earliest") as coded:
        async for record in coded:
            utterance = json.loads(record.value)  # keep the highest `revision` of each `utterance_id`
            for opinion in utterance["opinions"]:
                if opinion["point"] == "pain":
                    print(opinion["tag"], opinion["owner"], utterance["text"], flush=True)


asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:9092"))
