"""The whole local stack: what it takes in is stored, also when it is ended at once."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Timer
from urllib.parse import urlsplit

import clickhouse_connect
import httpx
import pytest

from streams.errors import ConfigurationError, UnavailableError
from streams.local import stack as stack_module
from streams.local.clickhouse import EmbeddedClickHouse
from streams.local.keys import SOURCE, keys_file, with_keys
from streams.local.processes import ChildProcess, free_port, require_free_port
from streams.local.stack import Embedded, Stack, on_free_ports
from streams.local.status import read_flow
from streams.settings import Settings

_SENT = 40


def _send(settings: Settings) -> None:
    key = with_keys(settings).gateway_keys.get_secret_value().removeprefix(f"{SOURCE}:")
    now = datetime.now(UTC).isoformat()
    records = [
        {"source_id": f"s{number}", "text": f"订金退得慢，第{number}位客户", "customer_id": f"c{number}", "occurred_at": now}
        for number in range(_SENT)
    ]
    answer = httpx.post(f"{_gateway(settings)}/v1/feedback/store", json={"events": records}, headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 202, answer.text


def _gateway(settings: Settings) -> str:
    return f"http://{settings.gateway_host}:{settings.gateway_port}"


def _stored(folder: Path) -> int:
    server = EmbeddedClickHouse(free_port(), folder)
    server.start()
    try:
        server.wait_ready()
        with clickhouse_connect.get_client(dsn=server.url) as client:
            return int(client.query("SELECT uniqExact(event_id) FROM utterances FINAL").result_rows[0][0])
    finally:
        server.stop()


def _ready(settings: Settings) -> bool:
    try:
        return httpx.get(f"{_gateway(settings)}/readyz").is_success
    except httpx.HTTPError:
        return False


def test_voc_up_stores_what_it_took_in_before_ctrl_c_ends_it(tmp_path: Path) -> None:
    settings = on_free_ports(Settings(data=tmp_path))
    ports = {
        "kafka": settings.kafka.split(":")[1],
        "clickhouse": str(urlsplit(settings.clickhouse).port),
        "gateway": str(settings.gateway_port),
        "oa": str(urlsplit(settings.oa_url).port),
        "metrics": str(settings.metrics_port),
    }
    options = [word for name, port in ports.items() for word in (f"--port-{name}", port)]
    up = ChildProcess("voc up", (sys.executable, "-m", "streams.cli", "up", "--data", str(tmp_path), *options), tmp_path / "up.log")
    up.start()
    try:
        up.wait_ready(lambda: _ready(settings), 90)
        _send(settings)
        up.signal(signal.SIGINT)
        assert up.wait(120)
    finally:
        up.stop()
    assert up.exit_code == 0, up.log_tail()
    assert "were not finished" not in up.log_tail(1000)
    for port in ports.values():
        require_free_port(int(port), "nobody", "--port")
    assert _stored(tmp_path) == _SENT


def test_ctrl_c_is_heard_while_the_broker_is_asked_though_a_client_swallows_its_cancellation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def swallowing(settings: Settings, steps: tuple[str, ...]) -> dict[str, int]:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(1)
        return {}

    monkeypatch.setattr(stack_module, "_lag", swallowing)
    Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        Stack(Settings(data=tmp_path), Embedded()).lag()


@pytest.mark.slow
def test_a_worker_that_dies_is_started_again_and_finishes(tmp_path: Path) -> None:
    said: list[str] = []
    settings = on_free_ports(Settings(data=tmp_path, session_timeout=3))
    with Stack(settings, Embedded(oa=False), steps=("clean", "code", "store"), say=said.append) as stack:
        _send(settings)
        flow = read_flow(settings.metrics_port)
        worker = next(service for service in stack.services if service.name == "worker")
        worker.process.signal(signal.SIGKILL)
    assert flow is not None
    assert worker.restarts >= 1
    assert not any("not finished" in line for line in said)
    assert all(not service.process.running for service in stack.services)
    assert _stored(tmp_path) == _SENT


def test_a_taken_port_is_named_before_anything_starts(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        settings = on_free_ports(Settings(data=tmp_path)).model_copy(update={"gateway_port": other.getsockname()[1]})
        stack = Stack(settings)
        with pytest.raises(ConfigurationError, match=r"the gateway.*--port-gateway"):
            stack.start()
        assert stack.services == []


def test_a_stack_that_cannot_start_leaves_nothing_behind(tmp_path: Path) -> None:
    settings = on_free_ports(Settings(data=tmp_path))
    stack = Stack(settings, Embedded(oa=False), steps=("no-such-step",))
    with pytest.raises(UnavailableError, match=r"the worker ended with exit code 1(?s:.*)no-such-step"), stack:
        pass
    assert [service.name for service in stack.services] == ["broker", "ClickHouse", "worker"]
    assert not any(service.process.running for service in stack.services)


def test_keys_are_made_once_and_kept_private(tmp_path: Path) -> None:
    first, second = with_keys(Settings(data=tmp_path)), with_keys(Settings(data=tmp_path))
    assert first.gateway_keys == second.gateway_keys
    assert first.oa_secret.get_secret_value()
    assert keys_file(first).stat().st_mode & 0o077 == 0
    given = with_keys(Settings(data=tmp_path, gateway_keys="crm:0123456789"))
    assert given.gateway_keys.get_secret_value() == "crm:0123456789"
