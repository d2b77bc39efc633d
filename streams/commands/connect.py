"""`voc watch FOLDER` and `voc connect TOPIC`: sources that are read for as long as they run."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import click

from schemas.common import Channel
from streams.admin import create_topics
from streams.commands.ingest import choose_channel
from streams.connectors.folder import Feed
from streams.connectors.folder import watch as watch_folder
from streams.connectors.kafka_topic import Link
from streams.connectors.kafka_topic import connect as connect_topic
from streams.connectors.mapping import Mapping, load_mapping
from streams.connectors.plan import name_source, plan_topic
from streams.settings import Settings

_CHANNELS = click.Choice([str(channel) for channel in Channel])


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--channel", type=_CHANNELS, help="Class of channel; the mapping's if not given.")
@click.option("--source", help="Name of the source system; the mapping's, else the folder's name, if not given.")
@click.option(
    "--mapping", type=click.Path(path_type=Path), help="YAML that says which column is what; headers are recognised if not given."
)
@click.option("--kafka", help="Kafka bootstrap servers; VOC_KAFKA if not given.")
@click.option("--poll", type=click.FloatRange(min=0.05), default=1.0, show_default=True, help="Seconds for which a file must rest.")
@click.option("--recordings", is_flag=True, help="Take recordings, with sidecar JSON or call lists, instead of files of text.")
def watch(
    folder: Path, channel: str | None, source: str | None, mapping: Path | None, kafka: str | None, poll: float, recordings: bool
) -> None:
    """Load files that come into FOLDER, then move them to its done/ or failed/."""
    rules = load_mapping(mapping) if mapping else Mapping()
    name = name_source(source or rules.source or folder.resolve().name)
    feed = Feed(folder, choose_channel(channel, rules), name, rules)
    settings = Settings(kafka=kafka) if kafka else Settings()
    if recordings:
        from streams.connectors.recordings import watch_recordings  # noqa: PLC0415 - needs the extra `voice`

        _run(watch_recordings(folder, feed.channel, name, settings, poll), settings)
    else:
        _run(watch_folder(feed, settings, poll), settings)


@click.command()
@click.argument("topic")
@click.option("--mapping", type=click.Path(path_type=Path), required=True, help="YAML that says which field of a record is what.")
@click.option("--channel", type=_CHANNELS, help="Class of channel; the mapping's if not given.")
@click.option("--source", help="Name of the source system; the mapping's, else the topic's name, if not given.")
@click.option("--from", "servers", help="Bootstrap servers of the Kafka that has TOPIC; the pipeline's if not given.")
@click.option("--kafka", help="Bootstrap servers of the pipeline's Kafka; VOC_KAFKA if not given.")
def connect(topic: str, mapping: Path, channel: str | None, source: str | None, servers: str | None, kafka: str | None) -> None:
    """Take JSON records from TOPIC, a Kafka topic of the company's own."""
    rules = load_mapping(mapping)
    settings = Settings(kafka=kafka) if kafka else Settings()
    plan = plan_topic(topic, choose_channel(channel, rules), source, rules)
    _run(connect_topic(Link(servers or settings.kafka, topic, plan), settings), settings)


def _run(work: Coroutine[Any, Any, None], settings: Settings) -> None:
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    asyncio.run(_until_signalled(work, settings))


async def _until_signalled(work: Coroutine[Any, Any, None], settings: Settings) -> None:
    await create_topics(settings)
    running = asyncio.create_task(work)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    try:
        await running
    except asyncio.CancelledError:
        logging.getLogger("tingjian").info("stopped")
