"""A TCP proxy before ClickHouse that can be slow, or answer 500."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from enum import Enum

_CHUNK = 65_536
_SLOW_S = 1.0
_REFUSAL = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Mode(Enum):
    PASS = "pass"
    SLOW = "slow"
    FAIL = "fail"


class Proxy:
    """Listens on `port` of loopback, and passes connections on to `target`."""

    def __init__(self, target: int) -> None:
        self.mode = Mode.PASS
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._target)) as server:
            threading.Thread(target=_pump, args=(server, client), daemon=True).start()
            while data := client.recv(_CHUNK):
                if self.mode is Mode.FAIL:
                    client.sendall(_REFUSAL)
                    return
                if self.mode is Mode.SLOW:
                    time.sleep(_SLOW_S)
                server.sendall(data)


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(_CHUNK):
            target.sendall(data)
        target.shutdown(socket.SHUT_RDWR)
