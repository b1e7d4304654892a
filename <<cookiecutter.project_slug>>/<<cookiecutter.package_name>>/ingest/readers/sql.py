"""Databases: ADBC for SQLite and PostgreSQL, SQLAlchemy for every other dialect; they only read.

The address is in an environment variable, or the path of an SQLite file. Errors of drivers are
repeated without address and password.
"""

import itertools
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import polars as pl

from ...errors import ConfigError, DataError
from ...redaction import redact
from ...runtime.retries import TransientError
from ..tables import SourceFile, check_options, spool

BATCH = 50_000  # rows in memory
_COMMENT = r"(\s+|--[^\n]*(\n|$)|/\*.*?\*/|\()*"
_SELECT = re.compile(_COMMENT + r"(select|with|values|table|from)\b", re.IGNORECASE | re.DOTALL)
_TRANSIENT = re.compile(
    r"refused|reset by peer|timed? ?out|is locked|database is busy|closed the connection"
    r"|starting up|shutting down|too many (clients|connections)|broken pipe|lost connection"
    r"|gone away|terminating connection|deadlock|could not serialize|temporar"
    r"|network is unreachable",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|--[^\n]*|/\*.*?\*/", re.DOTALL)
READ_ONLY = {  # makes a session so; where a dialect has no such statement, all is rolled back
    "mariadb": "SET SESSION TRANSACTION READ ONLY",
    "mysql": "SET SESSION TRANSACTION READ ONLY",
    "postgresql": "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
    "sqlite": "PRAGMA query_only = ON",
}


def read(source: SourceFile, scratch: Path) -> pl.LazyFrame:
    """The rows of a query or a table, streamed from a transaction that cannot write.

    Raises:
        ConfigError: the variable is not set, or holds no address.
        DataError: the database refuses for good; the query writes.
        TransientError: it does not answer, or is locked.
    """
    check_options(source, (), {})
    address = _address(source)
    unquoted = _QUOTED.sub("", source.query or "").strip().rstrip(";")
    if source.query and (not _SELECT.match(source.query) or ";" in unquoted):
        raise DataError(
            f"{source.label}: a source only reads, by one statement that begins with SELECT, WITH, "
            "VALUES or TABLE. Fix the query.",
            "data.sql_writes",
        )
    if address.startswith("sqlite:"):
        return _lazily(source, address, _sqlite, scratch)
    if re.match(r"postgres(ql)?:", address):
        return _lazily(source, address, _postgresql, scratch)
    return spool(lambda: _by_sqlalchemy(source, address), scratch)


def _address(source: SourceFile) -> str:
    address = (
        f"sqlite:///{source.path}" if source.path else os.environ.get(source.uri_env or "", "")
    )
    if "://" not in address:
        raise ConfigError(
            f"the variable {source.uri_env} should hold a database's address, such as "
            f"postgresql://user@host/name; it {'holds none' if address else 'is not set'}.",
            "config.database",
        )
    if address.startswith("sqlite:") and not Path(_file(address)).is_file():
        raise DataError(
            f"{source.label}: the database's file is not there. Put it there, or edit conf/data.",
            "data.missing_file",
        )
    return address


def _file(address: str) -> str:
    return address.removeprefix("sqlite:///").partition("?")[0]


def _lazily(
    source: SourceFile,
    address: str,
    connect: Callable[[str, str], Iterator[pl.DataFrame]],
    scratch: Path,
) -> pl.LazyFrame:
    """Batches as a lazy table; the first read goes on with the query that the columns come from."""
    from polars.io.plugins import register_io_source

    def start() -> tuple[pl.DataFrame, Iterator[pl.DataFrame]]:
        frames = _redacted_errors(source, address, connect(address, _query(source, _quoted)))
        return next(frames), frames

    first, rest = start()
    unknown = any(first.height == first[name].null_count() > 0 for name in first.columns)
    if unknown and connect is _sqlite:  # it took the type from values, and there are none yet
        return spool(lambda: _by_sqlalchemy(source, address), scratch)
    waiting = [(first, rest)]

    def frames(
        columns: list[str] | None, predicate: pl.Expr | None, rows: int | None, _: int | None
    ) -> Iterator[pl.DataFrame]:
        first, rest = waiting.pop() if waiting else start()
        for frame in itertools.chain([first], rest):
            part = frame if rows is None else frame.head(rows)
            rows = None if rows is None else rows - part.height
            part = part if predicate is None else part.filter(predicate)
            yield part if columns is None else part.select(columns)
            if rows == 0:
                return

    return register_io_source(frames, schema=first.schema)


def _query(source: SourceFile, quoted: Callable[[str], str]) -> str:
    if source.table:
        return "SELECT * FROM " + ".".join(map(quoted, source.table.split(".")))  # noqa: S608
    return (source.query or "").strip().rstrip(";")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _sqlite(address: str, query: str) -> Iterator[pl.DataFrame]:
    from adbc_driver_sqlite import dbapi

    uri = f"file:{quote(_file(address))}?mode=ro"
    rows = {"adbc.sqlite.query.batch_rows": str(BATCH)}
    with dbapi.connect(uri) as connection, connection.cursor(adbc_stmt_kwargs=rows) as cursor:
        yield from _frames(cursor, query)


def _postgresql(address: str, query: str) -> Iterator[pl.DataFrame]:
    from adbc_driver_postgresql import dbapi

    wait = "" if "connect_timeout=" in address else "&?"["?" not in address] + "connect_timeout=10"
    with dbapi.connect(address + wait) as connection, connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")
        yield from _frames(cursor, query)


def _frames(cursor: Any, query: str) -> Iterator[pl.DataFrame]:
    """At least one, so that the columns are known."""
    import pyarrow as pa

    cursor.execute(query)
    reader = cursor.fetch_record_batch()
    names = reader.schema.names
    if len(set(names)) < len(names):
        name = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"two columns are called {name!r}: name one AS something else")
    batch = next(iter(reader), None)
    yield _frame(batch or pa.RecordBatch.from_pylist([], schema=reader.schema))
    yield from map(_frame, reader)


def _frame(batch: Any) -> pl.DataFrame:
    """The batch; a type that Arrow lacks, as PostgreSQL's numeric, becomes what it is stored as."""
    import pyarrow as pa

    columns = {
        name: column.storage if isinstance(column.type, pa.BaseExtensionType) else column
        for name, column in zip(batch.schema.names, batch.columns, strict=True)
    }
    frame = pl.from_arrow(pa.RecordBatch.from_pydict(columns))
    assert isinstance(frame, pl.DataFrame)  # noqa: S101 - a record batch is no series
    return frame


def _by_sqlalchemy(source: SourceFile, address: str) -> Iterator[pl.DataFrame]:
    return _redacted_errors(source, address, _sqlalchemy(source, address))


def _sqlalchemy(source: SourceFile, address: str) -> Iterator[pl.DataFrame]:
    import sqlalchemy

    engine = sqlalchemy.create_engine(address, poolclass=sqlalchemy.NullPool)
    quoted = engine.dialect.identifier_preparer.quote
    with engine.connect().execution_options(stream_results=True) as connection:
        if engine.dialect.name in READ_ONLY:
            connection.exec_driver_sql(READ_ONLY[engine.dialect.name])
            connection.rollback()  # it holds from the next transaction on
        result = connection.exec_driver_sql(_query(source, quoted))
        names = list(result.keys())
        yield pl.DataFrame(schema=dict.fromkeys(names, pl.Null()))
        for rows in result.partitions(BATCH):
            yield pl.DataFrame(
                list(map(tuple, rows)),
                schema=names,
                orient="row",
                infer_schema_length=None,
                strict=False,
            )
        connection.rollback()


def _redacted_errors(
    source: SourceFile, address: str, frames: Iterator[pl.DataFrame]
) -> Iterator[pl.DataFrame]:
    """The same frames; what a driver raises becomes a PipelineError without secrets."""
    try:
        yield from frames
    except Exception as error:  # drivers share no class of errors
        text = redact(str(error), address)
        reason = (text.splitlines() or [type(error).__name__])[0]
        kind, code = (
            (TransientError, "resource.database")
            if _TRANSIENT.search(text)
            else (DataError, "data.sql")
        )
        advice = (
            "Select CAST(… AS TEXT) for that column."
            if "Type mismatch" in reason
            else "Fix the query, the rights or the address."
        )
        raise kind(f"{source.label} cannot be read: {reason}. {advice}", code) from None
