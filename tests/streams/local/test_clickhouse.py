"""The embedded ClickHouse, by ClickHouse's ordinary HTTP client and by plain HTTP."""

from __future__ import annotations

import gzip
import json
import multiprocessing
import signal
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import clickhouse_connect
import httpx
import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError, StreamFailureError
from clickhouse_connect.driver.external import ExternalData

from streams.errors import ConfigurationError
from streams.local.clickhouse import EmbeddedClickHouse
from streams.local.processes import free_port

_MANY = 200_000
_WHEN = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)


@pytest.fixture
def client(clickhouse: EmbeddedClickHouse) -> Iterator[Client]:
    """A client on a database of its own."""
    name = f"t{uuid4().hex[:8]}"
    with clickhouse_connect.get_client(dsn=clickhouse.url) as first:
        first.command(f"CREATE DATABASE {name}")
    with clickhouse_connect.get_client(dsn=clickhouse.url, database=name, tz_mode="aware") as client:
        yield client
        client.command(f"DROP DATABASE {name}")


@pytest.fixture
def http(clickhouse: EmbeddedClickHouse) -> Iterator[httpx.Client]:
    """Plain HTTP as the server's user."""
    headers = {"X-ClickHouse-User": "voc", "X-ClickHouse-Key": "voc"}
    with httpx.Client(base_url=f"http://127.0.0.1:{clickhouse.port}", headers=headers) as http:
        yield http


def _rows(count: int) -> list[list[object]]:
    return [[UUID(int=number), _WHEN, f"a.b.{number % 7}", "变速箱顿挫" * 3, -1, [0.5, number / 2]] for number in range(count)]


def _create(client: Client) -> None:
    client.command(
        "CREATE TABLE opinions (id UUID, at DateTime64(3, 'UTC'), tag LowCardinality(String), said String, mood Int8, v Array(Float32))"
        " ENGINE = ReplacingMergeTree ORDER BY (tag, id)"
    )


@pytest.mark.parametrize("coding", ["lz4", "zstd", "gzip", False])
def test_native_inserts_and_queries(clickhouse: EmbeddedClickHouse, client: Client, coding: str | bool) -> None:
    _create(client)
    rows = _rows(3_000)
    with clickhouse_connect.get_client(dsn=clickhouse.url, database=client.database, compress=coding, tz_mode="aware") as other:
        summary = other.insert("opinions", rows)
        assert summary.written_rows == len(rows)
        assert [list(row) for row in other.query("SELECT * FROM opinions ORDER BY id").result_rows] == rows


def test_an_insert_larger_than_one_read_of_the_body(client: Client) -> None:
    client.command("CREATE TABLE numbers (n UInt64, s String) ENGINE = MergeTree ORDER BY n")
    client.insert("numbers", [range(_MANY), ["订金" * 10] * _MANY], column_names=["n", "s"], column_oriented=True)
    assert client.query("SELECT count(), sum(n) FROM numbers").result_rows == [(_MANY, _MANY * (_MANY - 1) // 2)]


@pytest.mark.parametrize("value", ["plain", "it's", "back\\slash", "line\nfeed\ttab", "听见", "{x}", ""])
def test_parameters(client: Client, value: str) -> None:
    assert client.query("SELECT {p:String}", parameters={"p": value}).result_rows == [(value,)]
    client.command("CREATE TABLE s (s String) ENGINE = Memory")
    client.command("INSERT INTO s SELECT {p:String}", parameters={"p": value})
    assert client.query("SELECT s FROM s").result_rows == [(value,)]


def test_parameters_of_many_types(client: Client) -> None:
    parameters = {"n": 7, "list": ["a'b", "c"], "at": _WHEN, "table": "one"}
    sql = "SELECT {n:UInt8}, {list:Array(String)}, {at:DateTime('UTC')} FROM system.{table:Identifier}"
    assert client.query(sql, parameters=parameters).result_rows == [(7, ["a'b", "c"], _WHEN)]


@pytest.mark.parametrize(
    ("form", "data"),
    [
        ("JSONEachRow", b'{"n": 1, "s": "a"}\n{"n": 2, "s": "b"}\n'),
        ("CSV", b'1,"a"\n2,"b"\n'),
        ("TabSeparated", b"1\ta\n2\tb\n"),
        ("Values", b"(1, 'a'), (1 + 1, 'b')"),
    ],
)
def test_text_formats_in_the_body_and_in_the_address(client: Client, http: httpx.Client, form: str, data: bytes) -> None:
    client.command("CREATE TABLE t (n UInt8, s String) ENGINE = MergeTree ORDER BY n")
    where = {"database": client.database or ""}
    statement = f"INSERT INTO t FORMAT {form}"
    assert http.post("/", params=where, content=statement.encode() + b"\n" + data).status_code == 200
    packed = gzip.compress(data)
    answer = http.post("/", params={**where, "query": statement}, content=packed, headers={"Content-Encoding": "gzip"})
    assert json.loads(answer.headers["X-ClickHouse-Summary"])["written_rows"] == "2"
    chunked = http.post("/", params={**where, "query": statement}, content=iter([data[:3], data[3:]]))
    assert chunked.status_code == 200
    assert client.query("SELECT n, s, count() FROM t GROUP BY n, s ORDER BY n").result_rows == [(1, "a", 3), (2, "b", 3)]


def test_parquet_goes_in_as_it_came_out(client: Client) -> None:
    client.command("CREATE TABLE p (n UInt64) ENGINE = MergeTree ORDER BY n")
    parquet = client.raw_query("SELECT number AS n FROM numbers(1000)", fmt="Parquet")
    client.raw_insert("p", ["n"], parquet, fmt="Parquet")
    assert client.query("SELECT count(), max(n) FROM p").result_rows == [(1000, 999)]


@pytest.mark.parametrize(
    ("sql", "code", "status"),
    [
        ("SELECT nope FROM system.one", 47, 404),
        ("SELECT * FROM none", 60, 404),
        ("SELECT * FROM none.none", 81, 404),
        ("SELEC 1", 62, 400),
        ("SELECT 1; SELECT 2", 62, 400),
        ("SELECT toUInt8('x')", 6, 400),
        ("SELECT throwIf(1)", 395, 500),
        ("INSERT INTO none FORMAT CSV\n1", 60, 404),
        ("INSERT INTO system.one FORMAT CSV\n1", 48, 501),
    ],
)
def test_errors_are_clickhouses(http: httpx.Client, sql: str, code: int, status: int) -> None:
    answer = http.post("/", content=sql)
    assert (answer.status_code, answer.headers["X-ClickHouse-Exception-Code"]) == (status, str(code))
    assert answer.text.startswith(f"Code: {code}. DB::Exception: ")
    assert "(version " in answer.text


def test_the_client_raises_its_own_errors(client: Client) -> None:
    with pytest.raises(DatabaseError, match="UNKNOWN_TABLE"):
        client.query("SELECT * FROM nowhere")


@pytest.mark.parametrize("user", ["voc", "default", "nobody"])
def test_a_wrong_password_is_refused(clickhouse: EmbeddedClickHouse, user: str) -> None:
    url = f"http://127.0.0.1:{clickhouse.port}/"
    for answer in (
        httpx.post(url, content="SELECT 1", auth=(user, "wrong")),
        httpx.post(url, content="SELECT 1", headers={"X-ClickHouse-User": user, "X-ClickHouse-Key": "wrong"}),
        httpx.post(url, content="SELECT 1", params={"user": user, "password": "wrong"}),
        httpx.post(url, content="SELECT 1"),
    ):
        assert (answer.status_code, answer.headers["X-ClickHouse-Exception-Code"]) == (403, "516")


def test_the_right_password_in_every_place(clickhouse: EmbeddedClickHouse) -> None:
    url = f"http://127.0.0.1:{clickhouse.port}/"
    assert httpx.post(url, content="SELECT 1", auth=("voc", "voc")).text == "1\n"
    assert httpx.post(url, content="SELECT 1", params={"user": "voc", "password": "voc"}).text == "1\n"
    assert httpx.get(f"{url}ping").text == "Ok.\n"


def test_settings(client: Client, http: httpx.Client) -> None:
    assert client.query("SELECT getSetting('max_block_size')", settings={"max_block_size": 123}).result_rows == [(123,)]
    assert client.query("SELECT getSetting('max_block_size')").result_rows != [(123,)]
    client.command("SET max_block_size = 77")
    assert client.query("SELECT getSetting('max_block_size')", settings={"max_block_size": 5}).result_rows == [(5,)]
    assert client.query("SELECT getSetting('max_block_size')").result_rows == [(77,)]
    assert http.post("/", params={"no_such_setting": "1"}, content="SELECT 1").headers["X-ClickHouse-Exception-Code"] == "115"


def test_reading_only(http: httpx.Client) -> None:
    refused = http.post("/", params={"readonly": "1"}, content="CREATE TABLE t (n UInt8) ENGINE = Memory")
    assert (refused.status_code, refused.headers["X-ClickHouse-Exception-Code"]) == (500, "164")
    by_get = http.get("/", params={"query": "CREATE TABLE t (n UInt8) ENGINE = Memory"})
    assert by_get.headers["X-ClickHouse-Exception-Code"] == "164"
    assert http.get("/", params={"query": "SELECT 1"}).text == "1\n"


def test_formats_and_headers(http: httpx.Client) -> None:
    answer = http.post(
        "/", params={"default_format": "JSONCompactEachRow", "query_id": "mine", "wait_end_of_query": "1"}, content="SELECT 1, 'a'"
    )
    assert answer.json() == [1, "a"]
    assert answer.headers["X-ClickHouse-Format"] == "JSONCompactEachRow"
    assert answer.headers["X-ClickHouse-Query-Id"] == "mine"
    assert json.loads(answer.headers["X-ClickHouse-Summary"])["result_rows"] == "1"
    assert http.post("/", params={"default_format": "CSV"}, content="SELECT 1 FORMAT JSON").json()["rows"] == 1


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_compressed_answers(http: httpx.Client, coding: str) -> None:
    ask = {"enable_http_compression": "1"}
    answer = http.post("/", params=ask, content="SELECT repeat('a', 1000) FROM numbers(100)", headers={"Accept-Encoding": coding})
    assert answer.headers["Content-Encoding"] == coding
    assert answer.text == ("a" * 1000 + "\n") * 100
    plain = http.post("/", content="SELECT 1", headers={"Accept-Encoding": coding})
    assert "Content-Encoding" not in plain.headers


def test_large_results_stream(client: Client) -> None:
    with client.query_row_block_stream("SELECT number FROM numbers(1000000)") as blocks:
        sizes = [len(block) for block in blocks]
    assert sum(sizes) == 1_000_000
    assert len(sizes) > 1


def test_a_late_error_is_not_taken_for_the_end(client: Client) -> None:
    sql = "SELECT throwIf(number = 900000) FROM numbers(1000000)"
    with pytest.raises(StreamFailureError, match="throwIf"), client.query_row_block_stream(sql) as blocks:
        for _ in blocks:
            pass


def test_an_insert_that_breaks_off_stores_nothing(client: Client, clickhouse: EmbeddedClickHouse, http: httpx.Client) -> None:
    client.command("CREATE TABLE b (n UInt64) ENGINE = MergeTree ORDER BY n")
    query = f"INSERT%20INTO%20{client.database}.b%20FORMAT%20TSV"
    head = f"POST /?user=voc&password=voc&query={query} HTTP/1.1\r\nHost: here\r\nContent-Length: 1000\r\n\r\n"
    with socket.create_connection(("127.0.0.1", clickhouse.port)) as connection:
        connection.sendall(head.encode() + b"1\n2\n")
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1) == b""
    time.sleep(0.3)  # nothing tells when the server has done with a client that is gone
    assert http.post("/", content=f"INSERT INTO {client.database}.b FORMAT TSV\n7\n").status_code == 200
    assert client.query("SELECT n FROM b").result_rows == [(7,)]


def test_bytes_that_are_no_text_are_refused(http: httpx.Client) -> None:
    assert http.post("/", content=b"SELECT '\xff'").status_code == 400
    assert http.post("/", content=b"x", headers={"Content-Encoding": "snappy"}).headers["X-ClickHouse-Exception-Code"] == "89"
    assert http.post("/", content=b"not gzip", headers={"Content-Encoding": "gzip"}).headers["X-ClickHouse-Exception-Code"] == "354"


def test_a_session_keeps_temporary_tables(client: Client, clickhouse: EmbeddedClickHouse) -> None:
    client.command("CREATE TEMPORARY TABLE mine (n UInt8)")
    client.insert("mine", [[1], [2]])
    assert client.query("SELECT sum(n) FROM mine").result_rows == [(3,)]
    with clickhouse_connect.get_client(dsn=clickhouse.url) as other, pytest.raises(DatabaseError, match="UNKNOWN_TABLE"):
        other.query("SELECT * FROM mine")


def test_external_tables(client: Client) -> None:
    data = ExternalData(file_name="dealers.csv", data=b"D01,Beijing\nD02,Chengdu\n", fmt="CSV", structure=["id String", "city String"])
    for _ in range(2):
        rows = client.query("SELECT city FROM dealers WHERE id = {d:String}", parameters={"d": "D02"}, external_data=data).result_rows
        assert rows == [("Chengdu",)]


def test_engines_that_the_pipeline_builds_on(client: Client) -> None:
    client.command("CREATE TABLE r (id UInt64, s String, v UInt64, gone UInt8) ENGINE = ReplacingMergeTree(v, gone) ORDER BY id")
    client.command("CREATE TABLE hours (s String, n AggregateFunction(uniqExact, UInt64)) ENGINE = AggregatingMergeTree ORDER BY s")
    client.command("CREATE MATERIALIZED VIEW mv TO hours AS SELECT s, uniqExactState(id) AS n FROM r GROUP BY s")
    client.command("CREATE VIEW one AS SELECT * FROM r FINAL WHERE id = {wanted:UInt64}")
    client.insert("r", [[1, "a", 1, 0], [2, "b", 1, 0]])
    client.insert("r", [[1, "a", 2, 0], [2, "b", 2, 1]])
    assert client.query("SELECT * FROM r FINAL").result_rows == [(1, "a", 2, 0)]
    assert client.query("SELECT s, uniqExactMerge(n) FROM hours GROUP BY s ORDER BY s").result_rows == [("a", 1), ("b", 1)]
    assert client.query("SELECT v FROM one(wanted = 1)").result_rows == [(2,)]
    client.insert("r", [[3, "c", 1, 0]], settings={"async_insert": 1, "wait_for_async_insert": 1})
    assert client.query("SELECT count() FROM r FINAL").result_rows == [(2,)]


def test_writes_do_not_wait_for_reads(client: Client, clickhouse: EmbeddedClickHouse) -> None:
    client.command("CREATE TABLE w (n UInt64) ENGINE = MergeTree ORDER BY n")
    readers = 17  # more than the server runs at once
    reading = threading.Barrier(readers + 1)

    def read() -> object:
        with clickhouse_connect.get_client(dsn=clickhouse.url) as reader:
            reading.wait()
            return reader.query("SELECT sum(sleepEachRow(0.5)) FROM numbers(8) SETTINGS max_block_size = 1").result_rows

    with ThreadPoolExecutor(readers) as pool:
        reads = [pool.submit(read) for _ in range(readers)]
        reading.wait()
        client.insert("w", [[1]])
        assert not any(one.done() for one in reads)
        assert all(one.result() for one in reads)


def _write(url: str, database: str, number: int) -> None:
    with clickhouse_connect.get_client(dsn=url, database=database) as client:
        for batch in range(10):
            client.insert("shared", [[number, batch, row] for row in range(100)])


def test_several_processes_at_once(client: Client, clickhouse: EmbeddedClickHouse) -> None:
    client.command("CREATE TABLE shared (p UInt8, b UInt8, r UInt8) ENGINE = MergeTree ORDER BY (p, b, r)")
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write, args=(clickhouse.url, client.database, number)) for number in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    assert client.query("SELECT p, count() FROM shared GROUP BY p ORDER BY p").result_rows == [(0, 1000), (1, 1000), (2, 1000)]


def _count(server: EmbeddedClickHouse) -> int:
    with clickhouse_connect.get_client(dsn=server.url) as client:
        return int(client.query("SELECT count() FROM kept").result_rows[0][0])


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_data_survive_the_end_of_the_server(tmp_path: Path, end: signal.Signals) -> None:
    server = EmbeddedClickHouse(free_port(), tmp_path, user="小听", password="p:@/ß")
    server.start()
    server.wait_ready()
    try:
        with clickhouse_connect.get_client(dsn=server.url) as client:
            client.command("CREATE TABLE kept (n UInt64) ENGINE = MergeTree ORDER BY n")
            for batch in range(5):
                client.insert("kept", [[batch * 100 + number] for number in range(100)])
        server.process.signal(end)
        assert server.process.wait(20)
        server.start()
        server.wait_ready()
        assert _count(server) == 500
        with pytest.raises(ConfigurationError, match=rf"port {server.port}.*--port-clickhouse"):
            EmbeddedClickHouse(server.port, tmp_path).start()
    finally:
        server.stop()


def test_an_insert_that_the_table_refuses_is_an_error(client: Client) -> None:
    client.command("CREATE TABLE picky (a String, b UInt8 DEFAULT 7, CONSTRAINT x CHECK a != 'p') ENGINE = MergeTree ORDER BY a")
    with pytest.raises(DatabaseError, match="469"):
        client.insert("picky", [["p"], ["q"]], column_names=["a"])
    with pytest.raises(DatabaseError, match="469"):
        client.command('INSERT INTO picky FORMAT JSONEachRow {"a":"p"}')
    with pytest.raises(DatabaseError, match="469"):
        client.raw_insert("picky", ["a"], b"p\n", fmt="TSV")
    client.insert("picky", [["q"]], column_names=["a"])
    client.command('INSERT INTO picky FORMAT JSONEachRow {"a":"r"}')
    assert client.query("SELECT a, b FROM picky ORDER BY a").result_rows == [("q", 7), ("r", 7)]
