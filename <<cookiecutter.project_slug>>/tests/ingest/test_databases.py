"""Real databases: SQLite, and DuckDB for SQLAlchemy."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from <<cookiecutter.package_name>>.errors import (
    ConfigError,
    DataError,
    PipelineError,
)
from <<cookiecutter.package_name>>.redaction import redact
from <<cookiecutter.package_name>>.runtime.retries import (
    TransientError,
)

from .database import CANARY, ingest

ROWS = [(1, "a", 0.5), (2, None, 1.5)]


@pytest.fixture
def file() -> Path:
    with sqlite3.connect("in.db") as connection:
        connection.execute("CREATE TABLE t (id INTEGER, name TEXT, x REAL)")
        connection.executemany("INSERT INTO t VALUES (?, ?, ?)", ROWS)
    return Path("in.db")


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
