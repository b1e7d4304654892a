"""Drafts of schemas: read as ingest reads, let the rows to come pass, and still say no."""

import gzip
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from <<cookiecutter.package_name>>.commands import schema as command
from <<cookiecutter.package_name>>.commands.schema import (
    read_sources,
)
from <<cookiecutter.package_name>>.config.data import Source
from <<cookiecutter.package_name>>.errors import (
    ConfigError,
    DataError,
)
from <<cookiecutter.package_name>>.ingest.parts import (
    Manifest,
    ReadPolicy,
    write_parts,
)
from <<cookiecutter.package_name>>.ingest.sources import source_files
from <<cookiecutter.package_name>>.schema.infer import infer
from <<cookiecutter.package_name>>.schema.row import parse_schema
from <<cookiecutter.package_name>>.schema.synthesize import (
    synthesize,
)
from <<cookiecutter.package_name>>.validate.quarantine import (
    Quality,
    validate,
)

YEAR = 8760  # hours
HERE = Path("here.parquet")
BROKEN = {
    "a semicolon": b"id;a\n1;2\n",
    "another encoding": "id,a\n1,\u00e9\n".encode("latin-1"),
    "empty": b"",
    "a name twice": b"id,a,a\n1,2,3\n",
    "no name": b",a\n1,2\n",
    "a short line": b"id,a,b\n1,2,3\n4,5\n",
    "a long line": b"id,a\n1,2\n4,5,6\n",
    "an open quote": b'id,a\n1,"2\n',
    "no text": b"id,a\n1,\0\0\n",
}


def year() -> pl.DataFrame:
    """A row an hour of a year: what is measured follows the season, numbers and dates grow."""
    hours = range(YEAR)
    return pl.DataFrame(
        {
            "number": hours,
            "at": [datetime(2013, 1, 1) + timedelta(hours=hour) for hour in hours],
            "code": [f"k{hour}" for hour in hours],
            "visits": [hour // 100 + hour * 7 % 13 for hour in hours],
            "degrees": [10 + hour % 24 - 20 * abs(hour / YEAR - 0.5) for hour in hours],
            "rain": [0.0 if hour % 7 else (hour % 11) ** 2 / 50 for hour in hours],
            "seats": [hour * 31 % 19 * 10 if hour % 8 else None for hour in hours],
            "place": ["JFK" if hour % 3 else "EWR" for hour in hours],
            "plane": [f"N{hour * 17 % 4000}" for hour in hours],
            "late": [int(hour * 37 % 100 > 70) for hour in hours],
        }
    )


def judged(document: dict[str, Any], rows: pl.DataFrame) -> Quality:
    rows.write_parquet(HERE)
    return validate(HERE, parse_schema(document), Path("valid"), Path("quarantine"))


@pytest.mark.parametrize("order", year().columns)
@pytest.mark.parametrize("descending", [False, True])
def test_the_rows_after_a_draft_pass_whatever_they_are_ordered_by(
    order: str, descending: bool
) -> None:
    rows = year().sort(order, descending=descending, maintain_order=True)
    quality = judged(infer(rows.head(YEAR // 4).lazy(), "rows", "number"), rows.tail(-YEAR // 4))

    assert (quality.rules, quality.warned, quality.critical) == ({}, {}, [])


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("seats", -1),
        ("rain", -0.1),
        ("degrees", 9999.0),
        ("place", "SFO"),
        ("late", 2),
        ("late", None),
        ("plane", None),
        ("visits", 2.5),
        ("number", 7),
    ],
)
def test_a_draft_refuses_what_is_none_of_its_kind(column: str, value: Any) -> None:
    document = infer(year().lazy(), "rows", "number")
    odd = pl.when(pl.col("number") == 5).then(pl.lit(value)).otherwise(column).alias(column)

    assert judged(document, year().with_columns(odd)).quarantined in (1, 2)  # 2: a repeat


def test_only_the_key_is_unique_and_without_one_a_column_is_proposed() -> None:
    rows = year().rename({"number": "flight_id"}).lazy()
    keyed = infer(rows, "rows", "code")["properties"]
    proposed = infer(rows, "rows")["properties"]

    assert [name for name, rules in keyed.items() if "x-unique" in rules] == ["code"]
    assert [name for name, rules in proposed.items() if "x-unique" in rules] == []
    assert [name for name, rules in proposed.items() if "description" in rules] == ["flight_id"]


def test_rows_can_be_made_of_a_draft() -> None:
    document = infer(year().lazy(), "rows", "number")
    drawn = synthesize(parse_schema(document), 200, seed=1)

    assert judged(document, drawn).valid == 200


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN.keys())
def test_what_ingest_refuses_a_draft_refuses_in_the_same_words(
    tmp_path: Path, content: bytes
) -> None:
    Path("x.csv").write_bytes(content)
    source = Source(kind="csv", path="x.csv")
    by_ingest = partial(write_parts, policy=ReadPolicy(0), before=HERE, manifest=Manifest("", {}))
    ways: list[Callable[[Path], Any]] = [
        lambda folder: by_ingest(source_files(source, folder), folder),
        lambda folder: read_sources([source], folder, ReadPolicy(0)),
    ]
    errors = []
    for way, folder in zip(ways, (tmp_path / "a", tmp_path / "b"), strict=True):
        folder.mkdir()
        with pytest.raises(DataError) as raised:
            way(folder)
        errors.append((raised.value.message, raised.value.code))

    assert errors[0] == errors[1]


def columns(source: command.Input, tmp_path: Path) -> dict[str, Any]:
    command.draft(source, tmp_path / "draft.json", None)
    properties: dict[str, Any] = json.loads((tmp_path / "draft.json").read_text())["properties"]
    return properties


def files() -> None:
    rows = year().select("number", "place", "visits").head(100)
    rows.write_csv("a.csv", separator=";")
    Path("a.csv.gz").write_bytes(gzip.compress(Path("a.csv").read_bytes()))
    rows.write_ndjson("a.jsonl")
    Path("a.json").write_text(json.dumps(rows.to_dicts()))
    rows.write_parquet("a.parquet")
    Path("folder").mkdir()
    rows.write_csv("folder/b.csv", separator=";")
    with closing(sqlite3.connect("a.db")) as database, database:
        database.execute("CREATE TABLE t (number INTEGER, place TEXT, visits INTEGER)")
        database.executemany("INSERT INTO t VALUES (?, ?, ?)", rows.rows())


@pytest.mark.parametrize(
    "path",
    ["a.csv", "a.csv.gz", "a.jsonl", "a.json", "a.parquet", "folder", "fold*/*.csv", "a.db"],
)
def test_the_ending_tells_how_a_file_is_read(tmp_path: Path, path: str) -> None:
    files()
    options = 'separator: ";"' if ".csv" in path or path == "folder" else None
    drafted = columns(command.file_input(path, options, "t" if path == "a.db" else None), tmp_path)

    assert {name: rules["type"] for name, rules in drafted.items()} == {
        "number": "integer",
        "place": "string",
        "visits": "integer",
    }


@pytest.mark.parametrize(
    ("path", "options", "named"),
    [
        ("a.xlsx", None, "none of"),
        ("nowhere", None, "none of"),
        ("a.db", None, "--table"),
        ("a.csv", "[1]", "name: value"),
        ("a.csv", "{", "not YAML"),
    ],
)
def test_a_file_of_which_nothing_is_told_is_refused(
    path: str, options: str | None, named: str
) -> None:
    with pytest.raises(ConfigError, match=named):
        command.file_input(path, options, None)


def configure(sources: str, more: str = "") -> None:
    Path("conf/data").mkdir(parents=True)
    Path("conf/config.yaml").write_text("defaults: [schema, _self_, data: mine]\n")
    Path("conf/data/mine.yaml").write_text(
        f"sources: [{sources}]\nschema: schemas/mine.json\ntarget: ???\n{more}"
    )


def test_without_a_file_the_configured_sources_are_read_with_options_and_joins(
    tmp_path: Path,
) -> None:
    Path("a.csv").write_text("id;place\n1;JFK\n2;EWR\n")
    Path("b.csv").write_text("place,runways\nJFK,4\nEWR,3\n")
    join = "join: {by: [place], cardinality: 'n:1'}"
    one = "{kind: csv, path: a.csv, options: {separator: ';'}}"
    configure(f"{one}, {{kind: csv, path: b.csv, {join}}}", "key: id\n")
    read = command.configured_input()
    drafted = columns(read, tmp_path)

    assert read.schema == Path("schemas/mine.json")
    assert [*drafted] == ["id", "place", "runways"]
    assert drafted["id"]["x-unique"]


def test_a_file_is_read_with_the_options_of_its_kind_in_conf_and_those_given(
    tmp_path: Path,
) -> None:
    Path("a.csv").write_text("id;x\n1;-\n2;3\n")
    configure("{kind: csv, path: b.csv, options: {separator: ';', null_values: ['-']}}")
    usual = columns(command.file_input("a.csv", None, None), tmp_path)
    other = columns(command.file_input("a.csv", "null_values: ['3']", None), tmp_path)

    assert usual["x"]["type"] == ["integer", "null"]
    assert other["x"]["type"] == ["string", "null"]


def test_a_key_that_is_no_column_is_refused(tmp_path: Path) -> None:
    year().head(10).write_parquet("a.parquet")
    with pytest.raises(ConfigError, match=r"--key names 'nmber'.*number"):
        command.draft(command.file_input("a.parquet", None, None), tmp_path / "x.json", "nmber")


def test_a_column_without_a_name_gets_one_by_an_option(tmp_path: Path) -> None:
    Path("r.csv").write_text('"",a\n1,2\n2,3\n')
    source = Source(kind="csv", path="r.csv", options={"unnamed": "row"})

    assert read_sources([source], tmp_path / "scratch", ReadPolicy(0)).collect().to_dict(
        as_series=False
    ) == {
        "row": ["1", "2"],
        "a": ["2", "3"],
    }


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_table_without_a_key_gets_a_row_number_by_an_option(tmp_path: Path, kind: str) -> None:
    getattr(year().select("place").head(100), f"write_{kind}")("a")
    source = Source(kind=kind, path="a", options={"row_index_name": "row"})
    rows = read_sources([source], tmp_path / "scratch", ReadPolicy(0)).collect()

    assert judged(infer(rows.lazy(), "rows", "row"), rows).valid == 100
    assert pl.read_parquet("valid")["row"].to_list() == [*range(100)]


@pytest.mark.parametrize("odd", ["inf", "-inf", "NaN"])
def test_a_draft_warns_of_numbers_that_are_not_finite(odd: str) -> None:
    rows = year().with_columns(
        pl.when(pl.col("number") == 5).then(float(odd)).otherwise("degrees").alias("degrees")
    )
    quality = judged(infer(rows.lazy(), "rows", "number"), rows)

    assert (quality.valid, quality.critical) == (YEAR, [])
    assert quality.warned["degrees: finite"] == 1
