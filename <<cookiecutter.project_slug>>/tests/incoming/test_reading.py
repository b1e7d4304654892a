"""What arrives is read as the training rows were: any kind of source, any form, any name."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
import zstandard
from polars.testing import assert_frame_equal

from <<cookiecutter.package_name>>.errors import DataError
from <<cookiecutter.package_name>>.ingest.incoming import (
    incoming_files,
)
from <<cookiecutter.package_name>>.ingest.parts import ReadPolicy

from .batch import (
    BATCH,
    LINES,
    answer,
    answers,
    arrive,
    configured,
    database,
    objects,
    published,
    text,
    typed,
)


def in_two_kinds() -> None:
    arrive(text(BATCH[:20]), "a.csv")
    typed()[20:].with_columns(when=pl.Series([r["when"] for r in BATCH[20:]])).write_parquet(
        "data/incoming/b.parquet"
    )


FORMS: dict[str, Callable[[], object]] = {
    "csv": lambda: arrive(text(BATCH)),
    "csv, gzip": lambda: arrive(gzip.compress(text(BATCH).encode()), "new.csv.gz"),
    "csv, zstd": lambda: arrive(zstandard.compress(text(BATCH).encode()), "new.CSV.zst"),
    "csv in folders": lambda: [
        arrive(text(BATCH[:9]), "2024/01/a.csv"),
        arrive(text(BATCH[9:]), "2024/02/b.csv"),
        arrive("not data", ".hidden.csv"),
        arrive("outs: []", "2024/01/a.csv.dvc"),
    ],
    "a name like a pattern": lambda: arrive(text(BATCH), "new[2024].csv"),
    "json": lambda: arrive(json.dumps(objects()), "new.json"),
    "ndjson": lambda: arrive(LINES, "new.ndjson"),
    "jsonl, gzip": lambda: arrive(gzip.compress(LINES.encode()), "new.jsonl.gz"),
    "parquet, types and a zone": lambda: typed().write_parquet("data/incoming/new.parquet"),
    "two kinds": in_two_kinds,
}


@pytest.mark.parametrize("form", FORMS)
def test_the_same_rows_get_the_same_answers_in_any_form(form: str) -> None:
    FORMS[form]()

    report = answer()

    assert (report["rows"], report["valid"], report["quarantined"]) == (40, 40, 0)
    assert_frame_equal(answers(), pl.read_parquet("want.parquet"))


def test_data_incoming_names_any_source_such_as_a_database() -> None:
    database()
    source = {"kind": "sql", "path": "new.db", "query": "SELECT * FROM t ORDER BY rowid"}

    assert answer(incoming=[source])["files"][0]["file"] == "new.db, query"
    assert_frame_equal(answers(), pl.read_parquet("want.parquet"))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.tab", "csv: tab"),
        ("a.csv", "csv: comma"),
        ("a.csv.gz", "csv: comma"),
        ("a.json", "json: "),
        ("a.db", "sql: "),
        ("a.xml", "own.xml: "),
    ],
)
def test_a_file_is_read_as_the_configured_source_of_its_ending_or_kind(
    name: str, expected: str
) -> None:
    sources = [
        {"kind": "csv", "path": "data/raw/*.tab", "options": {"mark": "tab"}},
        {"kind": "csv", "path": "https://host/a.csv", "options": {"mark": "comma"}},
        {"kind": "sql", "path": "data/raw/rows.db", "table": "t"},
        {"kind": "own.xml", "path": "data/raw/rows.xml"},
    ]
    arrive("x", name)

    (source_file,) = incoming_files(configured(sources=sources).data, ReadPolicy(0), Path())

    assert f"{source_file.kind}: {source_file.options.get('mark', '')}" == expected
    assert source_file.table == ("t" if source_file.kind == "sql" else None)


def damaged() -> bytes:
    typed().write_parquet("x.parquet")
    raw = bytearray(Path("x.parquet").read_bytes())
    raw[100:200] = bytes(100)
    return bytes(raw)


def unlike() -> bytes:
    typed().with_columns(pl.col("when").dt.replace_time_zone(None)).write_parquet(
        "data/incoming/a.parquet"
    )
    typed().write_parquet("x.parquet")
    return Path("x.parquet").read_bytes()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("bad.parquet", damaged),
        ("bad.parquet", lambda: damaged()[:-30]),
        ("bad.parquet", lambda: b"hello"),
        ("bad.parquet", unlike),
        ("bad.csv", lambda: text(BATCH).encode() + b"41;01/01/2024 07:00\n"),
        ("bad.csv", lambda: b""),
        ("bad.csv.gz", lambda: gzip.compress(text(BATCH).encode())[:-20]),
        ("bad.csv.zst", lambda: zstandard.compress(text(BATCH).encode())[:-20]),
        ("bad.json", lambda: json.dumps(objects()).encode()[:-20]),
        ("bad.ndjson", lambda: LINES.encode()[:-20]),
        ("bad.xlsx", lambda: b"PK"),
        ("bad", lambda: b"PK"),
        ("bad.csv.dvc", lambda: b"outs: []"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_a_file_that_cannot_be_read_is_named_and_the_last_answers_stay(
    name: str, content: Callable[[], bytes]
) -> None:
    arrive(text(BATCH))
    answer()
    before = published()
    arrive(content(), name)

    with pytest.raises(DataError, match=f"data/incoming/{name.removesuffix('.dvc')}"):
        answer()
    assert published() == before
