"""The whole pipeline on Apache Kafka, ClickHouse and the OA sandbox, with workers that are started again when they end."""

from __future__ import annotations

import asyncio
import random
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from streams.admin import create_topics
from streams.local.clickhouse import EmbeddedClickHouse
from streams.local.keys import with_keys
from streams.local.processes import ChildProcess, free_port
from streams.migrate import migrate
from streams.settings import Settings
from tests.kafka_cluster import KafkaCluster
from tests.torture.proxy import Proxy

STEPS = "clean,code,store,trigger,bridge"
ROOT = Path(__file__).parents[2]
_TICK_S = 0.1
_READY_S = 120.0


class Rig:
    """Servers and workers. A context manager; everything of it lives in `folder`."""

    def __init__(self, folder: Path, seed: int = 1, nodes: int = 1, steps: str = STEPS) -> None:
        self.folder = folder
        self.random = random.Random(seed)
        self.cluster = KafkaCluster(folder / "kafka", nodes)
        self.clickhouse = EmbeddedClickHouse(free_port(), folder / "clickhouse")
        self.proxy = Proxy(self.clickhouse.port)
        self.workers: list[ChildProcess] = []
        self.restarts = 0
        self._made, self._steps = 0, steps
        oa = free_port()
        self.settings = with_keys(
            Settings.model_validate(
                {
                    "kafka": self.cluster.bootstrap,
                    "clickhouse": self.clickhouse.url.replace(str(self.clickhouse.port), str(self.proxy.port)),
                    "data": folder / "data",
                    "metrics_port": 0,
                    "oa_url": f"http://127.0.0.1:{oa}/oa/tasks",
                    "replication": min(nodes, 3),
                    "session_timeout": 6.0,
                    "stall_timeout": 30.0,
                }
            )
        )
        self.oa = self._voc("oa", "oa-sandbox", "--port", str(oa))

    def __enter__(self) -> Self:
        try:
            self.cluster.start()
            self.clickhouse.start()
            self.clickhouse.wait_ready(60.0)
            migrate(self.settings)
            asyncio.run(create_topics(self.settings))
            self.oa.start()
            self.oa.wait_ready(self._oa_answers, 60.0)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.set_workers(0)
        for process in (self.oa, self.clickhouse.process):
            process.stop()
        self.cluster.stop()
        self.proxy.close()

    def set_workers(self, count: int, env: Mapping[str, str] | None = None) -> None:
        """Start or end (by SIGTERM) workers until there are `count`."""
        while len(self.workers) < count:
            self._made += 1
            process = self._voc(f"worker-{self._made}", "worker", "--steps", self._steps, env=env)
            process.start()
            self.workers.append(process)
        ending = self.workers[: len(self.workers) - count]
        self.workers = self.workers[len(ending) :]
        for process in ending:
            process.signal(signal.SIGTERM)
        for process in ending:
            process.stop(30.0)

    def run(self, seconds: float) -> None:
        """Let time pass, starting again what has ended."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self.tick()
            time.sleep(min(_TICK_S, left))

    def tick(self) -> None:
        """Start again the workers that have ended."""
        for process in self.workers:
            if not process.running:
                self.restarts += 1
                process.start()

    def kill(self) -> None:
        """SIGKILL for one of the workers."""
        self.random.choice(self.workers).signal(signal.SIGKILL)

    def shifted_clock(self) -> tuple[dict[str, str], Path]:
        """Environment of a worker whose clock is ahead by the seconds in the file, an int64."""
        library, shift = self.folder / "clock.so", self.folder / "clock"
        shift.write_bytes((0).to_bytes(8, "little", signed=True))
        source = Path(__file__).with_name("clock.c")
        subprocess.run(("cc", "-shared", "-fPIC", "-O2", "-o", str(library), str(source)), check=True)
        return {"LD_PRELOAD": str(library), "TORTURE_CLOCK": str(shift)}, shift

    def _voc(self, name: str, *arguments: str, env: Mapping[str, str] | None = None) -> ChildProcess:
        code = "from streams.cli import main; main()"
        settings = self.settings.model_copy(update={"data": self.folder / name})
        full = {**settings.environment(), **(env or {})}
        return ChildProcess(name, (sys.executable, "-c", code, *arguments), self.folder / f"{name}.log", env=full, cwd=ROOT)

    def _oa_answers(self) -> bool:
        try:
            return httpx.get(self.settings.oa_url, timeout=2.0).is_success
        except httpx.HTTPError:
            return False
