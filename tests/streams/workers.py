"""Worker processes, and the supervisor that a real deployment would put over them."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from streams.local.processes import ChildProcess
from streams.settings import Settings

ROOT = Path(__file__).parents[2]
_TICK_S = 0.1
_LONGEST_DRAIN_S = 30.0


def worker(settings: Settings, folder: Path, name: str = "worker") -> ChildProcess:
    """A worker of the copying step, not started; its log is `folder`/`name`.log."""
    argv = (sys.executable, "-m", "tests.streams.copying", str(folder / name))
    return ChildProcess(name, argv, folder / f"{name}.log", env={**settings.environment(), "PYTHONPATH": str(ROOT)}, cwd=ROOT)


def voc_workers(settings: Settings, folder: Path, steps: str, count: int = 2) -> list[ChildProcess]:
    """Workers of steps of the product, not started; logs and data of each are in `folder`."""
    argv = (sys.executable, "-m", "streams.cli", "worker", "--steps", steps)
    return [
        ChildProcess(f"w{n}", argv, folder / f"w{n}.log", env={**settings.environment(), "VOC_DATA": str(folder / str(n))}, cwd=ROOT)
        for n in range(count)
    ]


@asynccontextmanager
async def supervised(workers: Sequence[ChildProcess]) -> AsyncIterator[None]:
    """Start each worker, and start it again when it ends; all are killed at the end."""

    async def supervise() -> None:
        while True:
            for worker in workers:
                worker.start()
            await asyncio.sleep(_TICK_S)

    supervisor = asyncio.create_task(supervise())
    try:
        yield
    finally:
        supervisor.cancel()
        with suppress(asyncio.CancelledError):
            await supervisor
        for worker in workers:
            worker.kill()


class Workers:
    """Some workers of the copying step, each started again when it ends: `async with Workers(settings, folder, 2) as workers`."""

    def __init__(self, settings: Settings, folder: Path, count: int) -> None:
        self.running = [worker(settings, folder, f"worker-{number}") for number in range(count)]
        self.ends: list[int | None] = []
        self._settings, self._folder = settings, folder
        self._supervisor: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Workers:
        for process in self.running:
            process.start()
        self._supervisor = asyncio.create_task(self._supervise())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._supervisor is not None:
            self._supervisor.cancel()
            with suppress(asyncio.CancelledError):
                await self._supervisor
        for process in self.running:
            process.signal(signal.SIGTERM)
        for process in self.running:
            process.stop()

    def add(self) -> None:
        """One more worker, which makes the groups rebalance."""
        process = worker(self._settings, self._folder, f"worker-{len(self.running)}-{len(self.ends)}-{os.urandom(2).hex()}")
        process.start()
        self.running.append(process)

    async def remove(self) -> int | None:
        """End the oldest worker by SIGTERM; its exit code."""
        process = self.running.pop(0)
        process.signal(signal.SIGTERM)
        await asyncio.to_thread(process.wait, _LONGEST_DRAIN_S)
        return process.exit_code

    async def _supervise(self) -> None:
        while True:
            for process in self.running:
                if not process.running:
                    self.ends.append(process.exit_code)
                    process.start()
            await asyncio.sleep(_TICK_S)
