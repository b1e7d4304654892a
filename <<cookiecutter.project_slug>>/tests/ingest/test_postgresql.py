"""PostgreSQL, where its server is installed."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars as pl
import pytest

from <<cookiecutter.package_name>>.errors import (
    DataError,
)
from <<cookiecutter.package_name>>.runtime.retries import (
    TransientError,
)

from .database import CANARY, ingest


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
