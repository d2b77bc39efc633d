"""Real Apache Kafka for tests and benchmarks: KRaft nodes on loopback, fresh data and free ports each time.

Needs Java 17 and Maven. The first use fetches Kafka's artefacts (54 MB) into deploy/kafka/libs. A node takes about
340 MB of memory and is up in about 5 s.
"""

from __future__ import annotations

import asyncio
import fcntl
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from string import Template
from types import TracebackType
from typing import Self

from aiokafka.admin import AIOKafkaAdminClient

from streams.errors import ConfigurationError, UnavailableError
from streams.local.broker import answers_kafka
from streams.local.processes import ChildProcess, free_port

KAFKA = Path(__file__).parents[1] / "deploy" / "kafka"
_CLUSTER_ID = "AAAAAAAAAAAAAAAAAAAAAA"
_JVM = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", f"-Dlog4j2.configurationFile={KAFKA / 'log4j2.xml'}")
_HEAP = ("-Xms128m", "-Xmx512m")


class KafkaNode:
    """One broker and controller."""

    def __init__(self, node_id: int, port: int, controller_port: int, folder: Path) -> None:
        self.node_id = node_id
        self.port = port
        self.controller_port = controller_port
        self.properties = folder / f"node-{node_id}.properties"
        argv = ("java", *_HEAP, *_JVM, "-cp", f"{KAFKA}/libs/*", "kafka.Kafka", str(self.properties))
        self.process = ChildProcess(f"Kafka node {node_id}", argv, folder / f"node-{node_id}.log")

    def ready(self) -> bool:
        """Whether it answers clients."""
        return answers_kafka("127.0.0.1", self.port)

    def kill(self) -> None:
        """SIGKILL: as if the machine had lost power."""
        self.process.kill()

    def freeze(self) -> None:
        """SIGSTOP: it keeps its connections and answers nothing."""
        self.process.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT after `freeze`."""
        self.process.signal(signal.SIGCONT)

    def restart(self, timeout: float = 60.0) -> None:
        """Start it again on the same data and ports, ending it first if it runs; return when it answers."""
        if self.process.running:
            self.process.stop(timeout=30.0)
        self.process.start()
        self.process.wait_ready(self.ready, timeout)


class KafkaCluster:
    """`nodes` Kafka nodes over a new `folder`. A context manager; `nodes[i]` can be killed, frozen, thawed, restarted."""

    def __init__(self, folder: Path, nodes: int = 1) -> None:
        self.folder = folder
        self.nodes = tuple(KafkaNode(number, free_port(), free_port(), folder) for number in range(1, nodes + 1))

    @property
    def bootstrap(self) -> str:
        """Bootstrap servers, host:port[,host:port]."""
        return ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)

    def start(self, timeout: float = 90.0) -> None:
        """Format the data folders and start every node; return when each answers."""
        fetch_kafka()
        self.folder.mkdir(parents=True, exist_ok=True)
        for node in self.nodes:
            self._format(node)
        for node in self.nodes:
            node.process.start()
        for node in self.nodes:
            node.process.wait_ready(node.ready, timeout)

    def stop(self) -> None:
        """End every node, frozen ones too."""
        for node in self.nodes:
            node.thaw()
            node.kill()

    def wait_in_sync(self, timeout: float = 60.0) -> None:
        """Wait until every replica of every partition is in sync, so that one more node may be lost."""
        deadline = time.monotonic() + timeout
        while not asyncio.run(_in_sync(self.bootstrap)):
            if time.monotonic() > deadline:
                raise UnavailableError(f"replicas were not in sync after {timeout:g} s")
            time.sleep(0.2)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def _format(self, node: KafkaNode) -> None:
        count = len(self.nodes)
        values = {
            "node_id": node.node_id,
            "port": node.port,
            "controller_port": node.controller_port,
            "voters": ",".join(f"{other.node_id}@127.0.0.1:{other.controller_port}" for other in self.nodes),
            "data": self.folder / f"data-{node.node_id}",
            "replicas": count,
            "min_isr": count // 2 + 1 if count > 1 else 1,
        }
        template = Template((KAFKA / "server.properties").read_text())
        node.properties.write_text(template.substitute(values))
        _tool("kafka.tools.StorageTool", ("format", "-t", _CLUSTER_ID, "-c", str(node.properties)))


def fetch_kafka() -> None:
    """Put Kafka's jars into deploy/kafka/libs, once. ConfigurationError when Java or Maven is not installed."""
    for program in ("java", "mvn"):
        if shutil.which(program) is None:
            raise ConfigurationError(f"Apache Kafka needs {program}: install Java 17 and Maven")
    libs = KAFKA / "libs"
    with (KAFKA / "pom.xml").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several test runs may share a checkout
        if libs.exists():
            return
        fetched = libs.with_name("libs.part")
        argv = ("mvn", "-q", "-B", "dependency:copy-dependencies", f"-DoutputDirectory={fetched}", "-DincludeScope=runtime")
        subprocess.run(argv, cwd=KAFKA, check=True)
        fetched.rename(libs)


def _tool(main: str, arguments: Sequence[str]) -> None:
    subprocess.run(("java", "-XX:TieredStopAtLevel=1", *_JVM, "-cp", f"{KAFKA}/libs/*", main, *arguments), check=True, capture_output=True)


async def _in_sync(bootstrap: str) -> bool:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        topics = await admin.describe_topics()
    finally:
        await admin.close()
    return all(set(partition["isr"]) == set(partition["replicas"]) for topic in topics for partition in topic["partitions"])
