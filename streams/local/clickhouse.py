"""ClickHouse without a server: the real engine (chdb) in a process of its own, behind ClickHouse's HTTP interface.

    python -m streams.local.clickhouse --folder DIR --port 8123      # the password on standard input

Works, and was tried in the engine (26.9): MergeTree tables and their durability (also after SIGKILL),
ReplacingMergeTree(version, is_deleted) with FINAL, AggregatingMergeTree, projections, TTL, materialised views,
refreshable materialised views, parameterised views, dictionaries, asynchronous inserts, temporary tables of a session,
external tables, many clients at once (reads and writes run in parallel).

Does not:
* users, roles, quotas and row policies: there is one user, given at the start, who may do everything but manage access;
* `system.query_log` and the other system logs; the client's query id is echoed but not the engine's, so `KILL QUERY` by it
  finds nothing, and a client that goes away ends a streamed query only;
* Replicated and Shared tables, Keeper, `ON CLUSTER`;
* ClickHouse's own block compression (`compress=1`, `decompress=1`), br and snappy bodies; the native TCP protocol;
* `client_protocol_version` is ignored: Native blocks are in the plain form;
* `readonly` given to a session stays for the session.
The server reads any file that its process may read (`file()`): keep it on loopback, as it is by default.
"""

from __future__ import annotations

import sys
from pathlib import Path
from urllib.parse import quote

import click

from streams.local.processes import ChildProcess, require_free_port

_GRACE = 10


class EmbeddedClickHouse:
    """The server as a child process on 127.0.0.1:`port`. Its data and log are in `folder`; `database` is created."""

    def __init__(self, port: int, folder: Path, user: str = "voc", password: str = "voc", database: str = "voc") -> None:  # noqa: S107
        self.port = port
        self._login = f"{quote(user, safe='')}:{quote(password, safe='')}"
        self._database = database
        argv = (sys.executable, "-m", "streams.local.clickhouse", "--port", str(port), "--folder", str(folder / "clickhouse"))
        options = ("--user", user, "--database", database)
        self.process = ChildProcess("the embedded ClickHouse", argv + options, folder / "clickhouse.log", stdin=password.encode())

    @property
    def url(self) -> str:
        """http://user:password@host:port/database"""
        return f"http://{self._login}@127.0.0.1:{self.port}/{self._database}"

    def start(self) -> None:
        """Start it; ConfigurationError when the port is taken."""
        require_free_port(self.port, "the embedded ClickHouse", "--port-clickhouse")
        self.process.start()

    def wait_ready(self, timeout: float = 30.0) -> None:
        """Wait until it answers queries."""
        self.process.wait_ready(lambda: answers_clickhouse("127.0.0.1", self.port), timeout)

    def stop(self) -> None:
        """Let it finish what it does, close the engine and end it."""
        self.process.stop(timeout=_GRACE + 5.0)


def answers_clickhouse(host: str, port: int, timeout: float = 2.0) -> bool:
    """Whether a ClickHouse there answers /ping."""
    import httpx  # noqa: PLC0415

    try:
        return httpx.get(f"http://{host}:{port}/ping", timeout=timeout).text == "Ok.\n"
    except httpx.HTTPError:
        return False


@click.command()
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), required=True, help="Where the data are")
@click.option("--port", type=int, default=8123, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--user", default="default", show_default=True, help="Name of the one user; the password is read from standard input")
@click.option("--database", default="default", show_default=True, help="Database to create")
def serve(folder: Path, port: int, host: str, user: str, database: str) -> None:
    """Serve ClickHouse's HTTP interface over the engine in this process."""
    import uvicorn  # noqa: PLC0415

    from streams.local.clickhouse_engine import Engine  # noqa: PLC0415
    from streams.local.clickhouse_http import application  # noqa: PLC0415

    password = sys.stdin.readline().rstrip("\n")
    engine = Engine(folder)
    engine.create_database(database)
    app = application(engine, user, password)
    uvicorn.run(app, host=host, port=port, log_level="warning", access_log=False, timeout_graceful_shutdown=_GRACE)


if __name__ == "__main__":
    serve()
