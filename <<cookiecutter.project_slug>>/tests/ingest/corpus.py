"""A hundred broken inputs, those of text files apart; some odd ones that are fine."""

import gzip
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import zstandard

HEADER = "id,when,place,amount,note,late"

LINES = [
    f"{i},2024-01-{i:02} 08:00:00,{'JFK' if i % 2 else 'EWR'},{i}.5,fine,{i % 2}"
    for i in range(1, 13)
]

GOOD = "\n".join([HEADER, *LINES, ""])
RECORDS = [dict(zip(HEADER.split(","), line.split(","), strict=True)) for line in LINES]
TYPED = pl.DataFrame(RECORDS).with_columns(
    pl.col("id", "late").cast(pl.Int64),
    pl.col("amount").cast(pl.Float64),
    pl.col("when").str.to_datetime(),
)

SCHEMA = {
    "additionalProperties": False,
    "required": HEADER.split(","),
    "properties": {
        "id": {"type": "integer", "minimum": 1, "x-unique": True},
        "when": {"type": "string", "format": "date-time"},
        "place": {"type": "string", "enum": ["EWR", "JFK"]},
        "amount": {"type": ["number", "null"], "minimum": 0, "maximum": 1000},
        "note": {"type": ["string", "null"], "maxLength": 100, "pattern": "^[^\\x00-\\x08\\x1b]*$"},
        "late": {"type": "integer", "enum": [0, 1]},
    },
}


@dataclass(frozen=True)
class Case:
    """An input, and its result: a code and words of the message, or a rule that rows break."""

    content: bytes | str | Callable[[Path], object]
    result: str  # a code; `rule: rows`; or `fine`
    words: tuple[str, ...] = ()
    kind: str = "csv"
    file: str = "bad.csv"
    options: dict[str, Any] = field(default_factory=dict)
    source: dict[str, Any] = field(default_factory=dict)  # in place of a path


def line(number: int, text: str) -> str:
    """The good file with another line; the header is line 1."""
    lines = GOOD.splitlines()
    lines[number - 1] = text
    return "\n".join([*lines, ""])


def row(**values: object) -> str:
    """The good file with other values in its fifth line."""
    record = RECORDS[3] | {name: str(value) for name, value in values.items()}
    return line(5, ",".join(record.values()))


def value(result: str, **values: object) -> Case:
    """A value that puts its row into quarantine, which keeps it as it came."""
    return Case(row(**values), result, (*map(str, values.values()),))


def parquet(change: Callable[[pl.DataFrame], pl.DataFrame]) -> Callable[[Path], object]:
    return lambda path: change(TYPED).write_parquet(path)


def cut(path: Path) -> None:
    TYPED.write_parquet(path)
    path.write_bytes(path.read_bytes()[:-40])


def flipped(path: Path) -> None:
    TYPED.write_parquet(path)
    content = bytearray(path.read_bytes())
    content[8:60] = bytes(52)
    path.write_bytes(content)


def database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        types = 'id INTEGER, "when" TEXT, place TEXT, amount REAL, note TEXT, late INTEGER'
        db.execute(f"CREATE TABLE flights ({types})")
        db.executemany(
            "INSERT INTO flights VALUES (?, ?, ?, ?, ?, ?)", [tuple(r.values()) for r in RECORDS]
        )
        db.execute("CREATE TABLE empty AS SELECT * FROM flights WHERE 0")
        db.execute("CREATE VIEW broken AS SELECT * FROM gone")


def sql(query: str, result: str, *words: str) -> Case:
    return Case(
        database, result, words, "sql", "bad.db", source={"path": "in/bad.db", "query": query}
    )


def table(name: str, result: str, *words: str) -> Case:
    return Case(
        database, result, words, "sql", "bad.db", source={"path": "in/bad.db", "table": name}
    )


def array(text: str | bytes, result: str, *words: str) -> Case:
    return Case(text, result, words, "json", "bad.json")


def ndjson(text: str | bytes, result: str, *words: str) -> Case:
    return Case(text, result, words, "ndjson", "bad.ndjson")


def addressed(path: str, result: str, *words: str, kind: str = "csv") -> Case:
    return Case(GOOD, result, words, kind, source={"path": path})


OBJECTS = [json.dumps(r) for r in RECORDS]
ARRAY = f"[{','.join(OBJECTS)}]"

NDJSON = "\n".join([*OBJECTS, ""])
JSON = {
    "empty": array("", "data.empty_file", "is empty"),
    "an empty array": array("[]", "data.no_rows", "no row"),
    "an object": array('{"rows": []}', "data.json", "no JSON array"),
    "a number": array("7", "data.json", "no JSON array"),
    "words": array("hello", "data.json", "no JSON array"),
    "cut off": array(ARRAY[:-30], "data.json", "after item 11"),
    "a comma too many": array(ARRAY[:-1] + ",]", "data.json", "after item 12"),
    "no comma": array("[" + " ".join(OBJECTS) + "]", "data.json", "after item 1"),
    "single quotes": array(ARRAY.replace('"', "'"), "data.json"),
    "an item that is no object": array(f"[{OBJECTS[0]}, 7]", "data.json", "item 2"),
    "an item that is null": array(f"[{OBJECTS[0]}, null]", "data.json", "item 2"),
    "arrays for objects": array("[[1, 2], [3, 4]]", "data.json", "item 1"),
    "NaN, which is not JSON": array(ARRAY.replace('"4.5"', "NaN"), "data.json", "item"),
    "an object as a value": array(ARRAY.replace('"4.5"', '{"x": 1}'), "amount: type"),
    "a list as a value": array(ARRAY.replace('"4.5"', "[4, 5]"), "amount: type"),
    "a truth value for a number": array(ARRAY.replace('"4.5"', "true"), "amount: type"),
    "not UTF-8": array(ARRAY.replace("fine", "Zürich").encode("latin-1"), "data.json"),
    "too deep": array("[" * 5000 + "]" * 5000, "data.json"),
    "a key is missing everywhere": array(
        ARRAY.replace('"note"', '"memo"'), "data.missing_column", "note"
    ),
    "lines for an array": array(NDJSON, "data.json", "ndjson"),
    "an array for lines": ndjson(ARRAY.replace("},", "},\n"), "data.json", "line 1"),
    "a bad line": ndjson(NDJSON.replace(OBJECTS[4], "{id: 5"), "data.json", "line 5"),
    "a line that is a number": ndjson(NDJSON.replace(OBJECTS[4], "5"), "data.json", "line 5"),
    "a line that is null": ndjson(NDJSON.replace(OBJECTS[4], "null"), "data.json", "line 5"),
    "the last line cut off": ndjson(NDJSON[:-20], "data.json", "line 12"),
    "lines, but none": ndjson("", "data.empty_file", "is empty"),
}

PARQUET = {
    "empty": Case("", "data.empty_file", ("is empty",), "parquet", "bad.parquet"),
    "text": Case(GOOD, "data.unreadable", ("bad.parquet",), "parquet", "bad.parquet"),
    "its first bytes": Case(b"PAR1", "data.unreadable", ("bad.parquet",), "parquet", "bad.parquet"),
    "cut off": Case(cut, "data.unreadable", ("bad.parquet",), "parquet", "bad.parquet"),
    "bytes overwritten": Case(
        flipped, "data.unreadable", ("bad.parquet",), "parquet", "bad.parquet"
    ),
    "no rows": Case(
        parquet(lambda t: t.clear()), "data.no_rows", ("no row",), "parquet", "bad.parquet"
    ),
    "a column is missing": Case(
        parquet(lambda t: t.drop("place")),
        "data.missing_column",
        ("place",),
        "parquet",
        "bad.parquet",
    ),
    "a list as a value": Case(
        parquet(lambda t: t.with_columns(pl.concat_list("amount"))),
        "data.no_rows",
        ("amount: type (12)",),
        "parquet",
        "bad.parquet",
    ),
    "a text as a number": Case(
        parquet(lambda t: t.with_columns(pl.lit("four").alias("amount"))),
        "data.no_rows",
        ("amount: type (12)",),
        "parquet",
        "bad.parquet",
    ),
}

SQL = {
    "no such database": Case(
        GOOD,
        "data.missing_file",
        ("bad.db",),
        "sql",
        "other.db",
        source={"path": "in/bad.db", "table": "flights"},
    ),
    "no database": Case(
        GOOD,
        "data.sql",
        ("not a database",),
        "sql",
        "bad.db",
        source={"path": "in/bad.db", "table": "flights"},
    ),
    "no such table": table("gone", "data.sql", "gone"),
    "a view of nothing": table("broken", "data.sql", "gone"),
    "a name that would be code": table(
        'flights"; DROP TABLE flights; --', "data.sql", "no such table"
    ),
    "no rows": table("empty", "data.no_rows", "no row"),
    "no such column": sql("SELECT colour FROM flights", "data.sql", "colour"),
    "no SQL": sql("SELEKT * FROM flights", "data.sql_writes", "SELECT"),
    "half a query": sql("SELECT * FROM", "data.sql"),
    "a delete": sql("DELETE FROM flights", "data.sql_writes", "only reads"),
    "a drop": sql("DROP TABLE flights", "data.sql_writes", "only reads"),
    "a delete behind a select": sql(
        "SELECT * FROM flights; DELETE FROM flights", "data.sql_writes", "one statement"
    ),
    "a delete in a with": sql("WITH x AS (SELECT 1) DELETE FROM flights", "data.sql"),
    "a pragma": sql("PRAGMA writable_schema = 1", "data.sql_writes"),
    "another file": sql("ATTACH 'in/new.db' AS other", "data.sql_writes"),
    "two columns of one name": sql("SELECT id, id FROM flights", "data.sql", "id"),
}

ADDRESSES = {
    "a port at which nobody listens": addressed(
        "http://127.0.0.1:9/bad.csv", "resource.network", "cannot be reached"
    ),
    "a scheme that nobody knows": addressed("gopher://host/bad.csv", "config.address", "gopher"),
    "a kind that nobody knows": addressed("in/bad.csv", "config.value", "yaml", kind="yaml"),
    "a reader that is not there": addressed(
        "in/bad.csv", "config.name", "own.reader", kind="own.reader"
    ),
    "a password in an address": addressed(
        "http://me:secret@127.0.0.1/bad.csv", "config.value", "uri_env"
    ),
    "a variable that is not set": Case(
        GOOD, "config.database", ("NOT_SET",), "sql", source={"uri_env": "NOT_SET", "table": "t"}
    ),
}

FINE = {
    "a byte-order mark": Case(b"\xef\xbb\xbf" + GOOD.encode(), "fine"),
    "lines that end as on Windows": Case(GOOD.replace("\n", "\r\n"), "fine"),
    "no newline at the end": Case(GOOD[:-1], "fine"),
    "a line break in quotes": Case(row(note='"two\nlines"'), "fine"),
    "a separator in quotes": Case(row(note='"a, b"'), "fine"),
    "quotes in quotes": Case(row(note='"so ""called"""'), "fine"),
    "a formula": Case(row(note="=1+1"), "fine"),
    "letters of the world": Case(row(note="Zürich 東京 🛫"), "fine"),
    "a blank and letters in its name": Case(GOOD, "fine", file="bäd data 2024.csv"),
    "gzip": Case(gzip.compress(GOOD.encode()), "fine", file="bad.csv.gz"),
    "zstd": Case(zstandard.compress(GOOD.encode()), "fine", file="bad.csv.zst"),
    "zeros in front": Case(row(id="0004"), "fine"),
    "an array over many lines": array(json.dumps(RECORDS, indent=1), "fine"),
    "blank lines between objects": ndjson(NDJSON.replace("\n", "\n\n"), "fine"),
    "a query that begins with a comment": sql("-- all\nSELECT * FROM flights", "fine"),
}
