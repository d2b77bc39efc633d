"""Children of a local stack: never left behind, never a mystery when they fail."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from streams.errors import ConfigurationError, UnavailableError
from streams.local.processes import ChildProcess, free_port, require_free_port

_SLEEP = (sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)")
_STUBBORN = (sys.executable, "-c", "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(60)")
_PARENT = """
import sys, time
from pathlib import Path
from streams.local.processes import ChildProcess
child = ChildProcess("child", (sys.executable, "-c", "import time; time.sleep(60)"), Path(sys.argv[1]))
child.start()
print(child.pid, flush=True)
time.sleep(60)
"""


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def _up(child: ChildProcess) -> bool:
    return "up" in child.log_tail()


def test_a_taken_port_is_named_with_the_way_out() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(ConfigurationError, match=rf"port {port}, wanted by the gateway.*--port-gateway"):
            require_free_port(port, "the gateway", "--port-gateway")


def test_a_free_port_is_free() -> None:
    require_free_port(free_port(), "nobody", "--port")


def test_stop_ends_a_child_and_keeps_its_output(tmp_path: Path) -> None:
    child = ChildProcess("sleeper", _SLEEP, tmp_path / "logs" / "sleeper.log")
    child.start()
    child.wait_ready(lambda: _up(child))
    child.stop()
    assert not child.running
    assert child.exit_code == -signal.SIGTERM
    assert child.log_tail() == "up"


def test_a_child_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    child = ChildProcess("stubborn", _STUBBORN, tmp_path / "log")
    child.start()
    child.wait_ready(lambda: _up(child))
    child.stop(timeout=0.2)
    assert child.exit_code == -signal.SIGKILL


def test_a_child_that_fails_says_what_its_log_says(tmp_path: Path) -> None:
    child = ChildProcess("broken", (sys.executable, "-c", "raise SystemExit('no such frame')"), tmp_path / "log")
    child.start()
    with pytest.raises(UnavailableError, match=r"broken ended with exit code 1(?s:.*)no such frame"):
        child.wait_ready(lambda: False)


def test_a_child_that_is_never_ready_is_reported(tmp_path: Path) -> None:
    child = ChildProcess("slow", _SLEEP, tmp_path / "log")
    child.start()
    try:
        with pytest.raises(UnavailableError, match=r"slow was not ready after 0\.1 s"):
            child.wait_ready(lambda: False, timeout=0.1)
    finally:
        child.kill()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's")
def test_a_child_dies_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen((sys.executable, "-c", _PARENT, str(tmp_path / "log")), stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert _alive(pid)
        os.kill(parent.pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while _alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _alive(pid)


def test_secrets_reach_a_child_by_standard_input(tmp_path: Path) -> None:
    code = "import sys; print('got', sys.stdin.read())"
    child = ChildProcess("reader", (sys.executable, "-c", code), tmp_path / "log", stdin=b"secret")
    child.start()
    assert child.wait(10)
    assert child.log_tail() == "got secret"
