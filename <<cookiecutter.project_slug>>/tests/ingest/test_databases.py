"""Real databases: SQLite, DuckDB for SQLAlchemy, and PostgreSQL where its server is installed."""

import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars as pl
import pytest

from <<cookiecutter.package_name>>.config.data import Source
from <<cookiecutter.package_name>>.errors import (
    ConfigError,
    DataError,
    PipelineError,
)
from <<cookiecutter.package_name>>.ingest.parts import (
    Manifest,
    ReadPolicy,
    write_parts,
)
from <<cookiecutter.package_name>>.ingest.sources import source_files
from <<cookiecutter.package_name>>.redaction import redact
from <<cookiecutter.package_name>>.runtime.retries import (
    TransientError,
)

CANARY = "-".join(("canary", "3f9a"))
ROWS = [(1, "a", 0.5), (2, None, 1.5)]


def ingest(retry_s: float = 0, **source: str) -> pl.DataFrame:
    files = source_files(Source(kind="sql", **source), Path())
    shutil.rmtree("parts", ignore_errors=True)
    folder = Path("parts")
    folder.mkdir()
    write_parts(files, folder, ReadPolicy(retry_s), folder, Manifest("", {}))
    return pl.read_parquet(folder / "*.parquet")


@pytest.fixture
def file() -> Path:
    with sqlite3.connect("in.db") as connection:
        connection.execute("CREATE TABLE t (id INTEGER, name TEXT, x REAL)")
        connection.executemany("INSERT INTO t VALUES (?, ?, ?)", ROWS)
    return Path("in.db")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of a PostgreSQL server of its own, on loopback."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    where = shutil.which("initdb") or (programs and str(programs[-1]))
    if not where:
        pytest.skip("no PostgreSQL server is installed (Debian: postgresql)")
    binaries = Path(where).parent
    as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    prefix = as_user if os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory() as place, socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
        free.close()
        if prefix:
            shutil.chown(place, "postgres")
        Path(place, "password").write_text(CANARY)
        command = ["initdb", "-D", f"{place}/db", "-U", "reader", "-A", "scram-sha-256"]
        command += [f"--pwfile={place}/password", "--no-sync", "-E", "UTF8", "--locale=C"]

        def quietly(*command: str | Path) -> None:
            subprocess.run([*prefix, *command], check=True, stdout=subprocess.DEVNULL, cwd=place)

        quietly(binaries / command[0], *command[1:])
        control = [binaries / "pg_ctl", "-D", f"{place}/db", "-w"]
        options = f"-p {port} -k {place} -c listen_addresses=127.0.0.1 -c fsync=off"
        quietly(*control, "-o", options, "-l", f"{place}/log", "start")
        yield f"postgresql://reader:{CANARY}@127.0.0.1:{port}/postgres"
        quietly(*control, "-m", "immediate", "stop")


def execute(address: str, *statements: str) -> list[tuple[object, ...]]:
    """The rows of the last statement."""
    from adbc_driver_postgresql import dbapi

    with dbapi.connect(address, autocommit=True) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return list(cursor.fetchall())


def test_a_table_and_a_query_of_sqlite_are_read(file: Path) -> None:
    assert ingest(path=str(file), table="t").rows() == ROWS
    assert ingest(path=str(file), query="SELECT x FROM t WHERE id > 1;").rows() == [(1.5,)]


def test_a_database_may_have_any_name(file: Path) -> None:
    odd = file.rename("a%20 ü#b.db")

    assert ingest(path=str(odd), table="t").rows() == ROWS


def test_an_empty_table_has_columns(file: Path) -> None:
    assert ingest(path=str(file), query="SELECT id, x FROM t WHERE 0").columns == ["id", "x"]


def test_a_column_whose_first_rows_are_null_is_read_as_text(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE late (name TEXT)")
        values = [(None,)] * 60_000 + [("z",)]
        connection.executemany("INSERT INTO late VALUES (?)", values)

    assert ingest(path=str(file), table="late")["name"].to_list()[-2:] == [None, "z"]


def test_a_column_of_several_types_is_refused_with_what_to_do(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE mixed (x)")
        connection.executemany("INSERT INTO mixed VALUES (?)", [(1,)] * 60_000 + [("z",)])

    with pytest.raises(DataError, match="CAST"):
        ingest(path=str(file), table="mixed")


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM t",
        "-- SELECT\nDROP TABLE t",
        "/* SELECT */ UPDATE t SET x = 0",
        "WITH a AS (SELECT 1) DELETE FROM t",
        "PRAGMA user_version = 3",
        "INSERT INTO t SELECT 3, 'c', 1.0",
    ],
)
def test_sql_that_writes_is_refused_and_has_no_effect(file: Path, query: str) -> None:
    before = file.read_bytes()
    with pytest.raises(DataError):
        ingest(path=str(file), query=query)

    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("query", "expected"),
    [("SELECT * FROM nope", "no such table: nope"), ("SELECT id, id FROM t", "two columns")],
)
def test_a_fault_for_good_is_told_in_the_words_of_the_database(
    file: Path, query: str, expected: str
) -> None:
    with pytest.raises(DataError, match=expected):
        ingest(path=str(file), query=query, retry_s=60)


def test_a_locked_database_is_waited_for(file: Path) -> None:
    code = (
        "import sqlite3, time\n"
        "c = sqlite3.connect('in.db', isolation_level=None)\n"
        "c.execute('BEGIN EXCLUSIVE'); print(flush=True); time.sleep({}); c.execute('ROLLBACK')"
    )
    holder = subprocess.Popen([sys.executable, "-c", code.format(60)], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    holder.stdout.readline()
    with pytest.raises(TransientError, match="locked"):
        ingest(path=str(file), table="t")
    holder.kill()
    holder.wait()
    holder = subprocess.Popen([sys.executable, "-c", code.format(3)], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    holder.stdout.readline()

    assert ingest(path=str(file), table="t", retry_s=30).rows() == ROWS
    holder.wait()


def test_a_variable_that_is_not_set_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BASE", raising=False)
    with pytest.raises(ConfigError, match=r"BASE .* is not set"):
        ingest(uri_env="BASE", table="t")


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://u:{}@127.0.0.1:1/x",
        "postgresql://u:{}@127.0.0.1:1x/x",
        "postgresql://u:{}@[::1/x",
        "postgresql://u:a@{}/b@127.0.0.1:1/x",
        "postgresql://127.0.0.1:1/x?password={}&foo={}",
        "mysql://u:{}@127.0.0.1:1/x",
        "nodialect://u:{}@h/x",
        "sqlite:///{}.db",
        "{}",
    ],
)
def test_no_error_tells_the_address(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BASE", address.replace("{}", CANARY))
    with pytest.raises(PipelineError, match="BASE") as raised:
        ingest(uri_env="BASE", table="t")

    assert CANARY not in f"{raised.value.message} {raised.value.context}"


def test_pieces_of_a_password_are_told_neither() -> None:
    assert "word" not in redact("no host 'word@h'", "postgresql://u:pass/word@h/x")


def test_postgresql_is_read_with_its_types(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    execute(
        server,
        "CREATE TABLE t AS SELECT i AS id, 1.50::numeric AS price, 'é' AS name, now() AS at, "
        "gen_random_uuid() AS u, NULL::text AS none FROM generate_series(1, 100000) i",
    )
    monkeypatch.setenv("BASE", server)

    rows = ingest(uri_env="BASE", table="public.t")

    assert rows["id"].to_list() == list(range(1, 100_001))
    assert rows["price"].cast(pl.Float64).unique().to_list() == [1.5]
    assert rows["name"].unique().to_list() == ["é"]


@pytest.mark.parametrize(
    "query",
    [
        "WITH gone AS (DELETE FROM kept RETURNING *) SELECT * FROM gone",
        "SELECT * FROM kept; DELETE FROM kept",
        "SELECT 1) TO STDOUT; DELETE FROM kept; COPY (SELECT 1",
        "SELECT nextval('counted')",
        "SELECT set_config('transaction_read_only', 'off', false), nextval('counted')",
    ],
)
def test_postgresql_refuses_a_query_that_writes(
    server: str, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    execute(
        server,
        "DROP TABLE IF EXISTS kept",
        "CREATE TABLE kept AS SELECT 1 AS x",
        "DROP SEQUENCE IF EXISTS counted",
        "CREATE SEQUENCE counted",
    )
    monkeypatch.setenv("BASE", server)
    with pytest.raises(DataError):
        ingest(uri_env="BASE", query=query)

    assert ingest(uri_env="BASE", table="kept").rows() == [(1,)]
    assert ingest(uri_env="BASE", query="SELECT is_called FROM counted").rows() == [(False,)]


@pytest.mark.parametrize("retry_s", [0, 30])
def test_a_connection_that_the_server_ends_is_made_again(
    server: str, monkeypatch: pytest.MonkeyPatch, retry_s: float
) -> None:
    monkeypatch.setenv("BASE", server)
    end = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE query LIKE '%pg_sleep(2)%' AND state = 'active' AND pid <> pg_backend_pid()"
    )
    with ThreadPoolExecutor() as pool:
        query = "SELECT 1 AS x FROM pg_sleep(2)"
        reading = pool.submit(ingest, retry_s=retry_s, uri_env="BASE", query=query)
        while not execute(server, end):
            assert not reading.done()
        if retry_s:
            assert reading.result().rows() == [(1,)]
        else:
            with pytest.raises(TransientError, match="terminating connection"):
                reading.result()


def test_a_wrong_password_fails_at_once(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = CANARY + "-wrong"
    monkeypatch.setenv("BASE", server.replace(CANARY, wrong))
    started = time.monotonic()
    with pytest.raises(DataError, match="password authentication failed") as raised:
        ingest(uri_env="BASE", table="t", retry_s=60)

    assert CANARY not in raised.value.message
    assert time.monotonic() - started < 30


def test_every_other_dialect_is_read_by_sqlalchemy(monkeypatch: pytest.MonkeyPatch) -> None:
    import duckdb

    with duckdb.connect("in.duckdb") as connection:
        connection.execute(
            "CREATE TABLE t AS SELECT i AS id, CASE WHEN i > 60000 THEN 'late' END AS name, "
            "i / 2 AS half FROM range(70000) r(i)"
        )
    monkeypatch.setenv("BASE", "duckdb:///in.duckdb")

    rows = ingest(uri_env="BASE", table="t")

    assert rows["id"].to_list() == list(range(70_000))
    assert rows["name"].to_list()[60_000:60_002] == [None, "late"]
    with pytest.raises(DataError, match="nope"):
        ingest(uri_env="BASE", table="nope")
    with pytest.raises(DataError):
        ingest(uri_env="BASE", query="DELETE FROM t")
    assert ingest(uri_env="BASE", query="SELECT count(*) AS n FROM t").item() == 70_000


def test_sqlite_by_sqlalchemy_cannot_write(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BASE", f"sqlite+pysqlite:///{file}")

    assert ingest(uri_env="BASE", table="t").rows() == ROWS
    with pytest.raises(DataError):
        ingest(uri_env="BASE", query="WITH a AS (SELECT 1) DELETE FROM t")
    assert ingest(uri_env="BASE", table="t").height == 2
