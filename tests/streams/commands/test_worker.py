"""How a worker ends: a real process that is told to."""

from __future__ import annotations

import signal
from pathlib import Path

from streams.commands.worker import EXIT_DRAIN_TIMED_OUT
from streams.local.broker import EmbeddedBroker
from streams.local.processes import ChildProcess, free_port
from tests.streams.running import settings_for
from tests.streams.workers import worker

_DRAIN_S, _LATE_S = 2.0, 20.0
_SLOW_JOIN_S = 40.0


def catches(process: ChildProcess, number: signal.Signals) -> bool:
    """Whether it has a handler for a signal: a worker has, once its topics are there."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    caught = next(line.split()[1] for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(int(caught, 16) >> number - 1 & 1)


def test_a_worker_that_starts_on_a_frozen_broker_ends_in_its_time_when_it_is_told_to(tmp_path: Path) -> None:
    broker = EmbeddedBroker(free_port(), tmp_path)
    settings = settings_for(broker.bootstrap, "start.", tmp_path, drain_timeout=_DRAIN_S, rebalance_timeout=_SLOW_JOIN_S)
    process = worker(settings, tmp_path)
    try:
        broker.start()
        broker.wait_ready()
        process.start()
        process.wait_ready(lambda: catches(process, signal.SIGTERM), 60.0)
        broker.process.signal(signal.SIGSTOP)  # while the worker connects and joins, which takes half of the rebalance timeout
        process.signal(signal.SIGTERM)
        assert process.wait(_DRAIN_S + _LATE_S), process.log_tail()
        assert process.exit_code == EXIT_DRAIN_TIMED_OUT, process.log_tail()
        assert "running copy" not in process.log.read_text()
    finally:
        process.kill()
        broker.process.kill()
