"""Child processes of a local stack: started, watched and ended together with their parent.

A child runs in a session of its own, so that Ctrl-C reaches only the parent, which then ends its children in order.
On Linux the kernel also sends SIGTERM to a child whose parent has died in any way, so none is left behind; it does so
when the *thread* that started the child ends, so start children from the main thread.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from streams.errors import ConfigurationError, UnavailableError

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
_POLL = 0.02


def free_port() -> int:
    """A loopback TCP port that nothing uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def require_free_port(port: int, user: str, option: str, host: str = "127.0.0.1") -> None:
    """Raise ConfigurationError, naming the port and `option`, unless `user` can listen on `port`."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            reason = f"port {port}, wanted by {user}, cannot be used ({error.strerror})"
            raise ConfigurationError(f"{reason}: end the program that has it, or choose another by {option}") from None


class ChildProcess:
    """One child process, whose output goes to a log file.

    `stdin` is written to its standard input, which is then closed: the place for secrets, since arguments can be read
    by every user of the machine.
    """

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        log: Path,
        *,
        env: Mapping[str, str] | None = None,
        stdin: bytes = b"",
        cwd: Path | None = None,
    ) -> None:
        self.name = name
        self.argv = tuple(argv)
        self.log = log
        self._env = None if env is None else {**os.environ, **env}
        self._stdin = stdin
        self._cwd = cwd
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Process id; UnavailableError when it was never started."""
        if self._process is None:
            raise UnavailableError(f"{self.name} was not started")
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """Exit code, negative for a signal; None while it runs or before it was started."""
        return None if self._process is None else self._process.poll()

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it; nothing if it runs."""
        if self.running:
            return
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603
                self.argv,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._env,
                cwd=self._cwd,
                start_new_session=True,
                preexec_fn=_die_with(os.getpid()),  # noqa: PLW1509
            )
        assert self._process.stdin is not None  # noqa: S101
        with self._process.stdin as pipe:
            pipe.write(self._stdin)

    def wait_ready(self, ready: Callable[[], bool], timeout: float = 30.0) -> None:
        """Wait until `ready()`; UnavailableError with the end of the log if it ends first or takes longer than `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while not ready():
            self.check()
            if time.monotonic() > deadline:
                raise UnavailableError(f"{self.name} was not ready after {timeout:g} s; its log, {self.log}, ends:\n{self.log_tail()}")
            time.sleep(_POLL)

    def check(self) -> None:
        """UnavailableError, with the end of the log, unless it runs."""
        if not self.running:
            raise UnavailableError(f"{self.name} ended with exit code {self.exit_code}; its log, {self.log}, ends:\n{self.log_tail()}")

    def log_tail(self, lines: int = 12) -> str:
        """The last lines of its log."""
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal; nothing if it has ended."""
        if self._process is not None:
            self._process.send_signal(number)

    def wait(self, timeout: float) -> bool:
        """Whether it ended within `timeout` seconds."""
        if self._process is None:
            return True
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return False
        return True

    def stop(self, timeout: float = 15.0) -> None:
        """SIGTERM, then SIGKILL when it has not ended after `timeout` seconds."""
        self.signal(signal.SIGTERM)
        if not self.wait(timeout):
            self.kill()

    def kill(self) -> None:
        """SIGKILL, and wait for the end."""
        self.signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()


def _die_with(parent: int) -> Callable[[], None] | None:
    if _LIBC is None:
        return None
    libc = _LIBC

    def prepare() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died before the line above
            os._exit(1)

    return prepare
