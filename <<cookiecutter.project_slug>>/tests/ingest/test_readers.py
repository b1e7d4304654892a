"""Files that are broken are refused by name and line; odd but good ones are read."""

import codecs
import gzip
import json
import os
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import zstandard

from <<cookiecutter.package_name>>.config.data import Source
from <<cookiecutter.package_name>>.errors import DataError
from <<cookiecutter.package_name>>.ingest.parts import (
    Manifest,
    ReadPolicy,
    write_parts,
)
from <<cookiecutter.package_name>>.ingest.sources import source_files

GOOD = "x,y\n1,a\n2,b\n"


def ingest(kind: str, path: str | Path, **options: Any) -> pl.DataFrame:
    """What becomes of a source, through files, as the stage does it."""
    files = source_files(Source(kind=kind, path=str(path), options=options), Path())
    folder = Path("parts")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    write_parts(files, folder, ReadPolicy(0), folder, Manifest("", {}))
    return pl.read_parquet(folder / "*.parquet")


@pytest.mark.parametrize(
    ("content", "options", "code", "expected"),
    [
        (b"", {}, "data.empty_file", "empty"),
        (b"x,x\n1,2\n", {}, "data.column_name", "2 columns are called 'x'"),
        (b"x,,y\n1,2,3\n", {}, "data.column_name", "column 2 of 3 has no name"),
        (b"x;y\n1;2\n", {}, "data.separator", "';'"),
        (b"x,y\n1,2\n3\n", {}, "data.ragged", "line 3: 1 fields where the header has 2"),
        (b"x,y\n1,2\n3,\n4\n", {}, "data.ragged", "line 4"),
        (b'x,y\n"a\nb",2\n3\n', {}, "data.ragged", "line 4"),
        (b"x,y\n1,2\n3,4,5\n", {}, "data.ragged", "line 3: 3 fields"),
        (b'x,y\n1,2\n3,"4\n5,6\n', {}, "data.quote", "line 3"),
        (b"x,y\n1,\x00\n", {}, "data.nul", "line 2"),
        (b"x,y\n" + b"1,2\n" * 400_000 + b"\x00", {}, "data.nul", "line 400002"),
        ("x,y\n1,é\n".encode("latin-1"), {}, "data.encoding", "line 2"),
        (GOOD.encode("utf-16"), {}, "data.encoding", "utf-16"),
        (GOOD.encode("utf-16-le"), {}, "data.nul", "utf-16"),
        (GOOD.encode(), {"encoding": "utf-16"}, "data.encoding", "utf-16"),
        (gzip.compress(GOOD.encode() * 9, mtime=0)[:-9], {}, "data.unreadable", "cut off"),
        (zstandard.compress(GOOD.encode() * 99)[:-9], {}, "data.unreadable", "cut off"),
        (b"PK\x03\x04....", {}, "data.unreadable", "zip"),
    ],
)
def test_a_broken_csv_is_refused_where_it_is_broken(
    content: bytes, options: dict[str, Any], code: str, expected: str
) -> None:
    Path("in.csv").write_bytes(content)

    with pytest.raises(DataError, match=r"in\.csv") as raised:
        ingest("csv", "in.csv", **options)

    assert (raised.value.code, expected in raised.value.message) == (code, True), (
        raised.value.message
    )


@pytest.mark.parametrize(
    ("content", "options"),
    [
        (codecs.BOM_UTF8 + GOOD.encode(), {}),
        (GOOD.replace("\n", "\r\n").encode(), {}),
        (GOOD.rstrip().encode(), {}),
        (GOOD.replace(",", "|").encode(), {"separator": "|"}),
        (GOOD.encode("utf-16"), {"encoding": "utf-16"}),
        (gzip.compress(GOOD.encode(), mtime=0), {}),
        (gzip.compress(b"x,y\n1,a\n", mtime=0) + gzip.compress(b"2,b\n", mtime=0), {}),
        (zstandard.compress(GOOD.encode()), {}),
        (gzip.compress(GOOD.encode("cp1252"), mtime=0), {"encoding": "cp1252"}),
        (b"x,y\n# no row\n1,a\n2,b\n", {"comment_prefix": "#"}),
    ],
)
def test_an_odd_but_good_csv_is_read(content: bytes, options: dict[str, Any]) -> None:
    Path("in.csv").write_bytes(content)

    assert ingest("csv", "in.csv", **options).rows() == [("1", "a"), ("2", "b")]


def test_quoted_newlines_nulls_at_the_end_and_names_in_unicode_are_read() -> None:
    Path("größe.csv").write_text('größe,"a\nb"\n"1,\n2",\n3,""\n"x, y, z",\n', encoding="utf-8")

    rows = ingest("csv", "größe.csv")

    assert rows.columns == ["größe", "a\nb"]
    assert rows["größe"].to_list() == ["1,\n2", "3", "x, y, z"]


def test_letters_outside_of_ascii_survive_every_encoding() -> None:
    for encoding, text in (
        ("latin-1", "é"),
        ("cp1252", "€"),
        ("utf-16", "語"),
        ("shift_jis", "語"),
    ):
        Path("in.csv").write_bytes(f"x\n{text}\n".encode(encoding))
        assert ingest("csv", "in.csv", encoding=encoding).item() == text


LINES = [{"x": 1, "y": None, "z": {"a": [1, 2]}}, {"x": "b", "w": True, "z": 2.50}]
TEXT = [("1", None, '{"a": [1, 2]}', None), ("b", None, "2.5", "true")]


@pytest.mark.parametrize("kind", ["json", "ndjson"])
def test_json_values_become_text_and_late_keys_become_columns(kind: str) -> None:
    text = json.dumps(LINES) if kind == "json" else "\n".join(map(json.dumps, LINES))
    Path("in").write_text(text)

    rows = ingest(kind, "in")

    assert rows.columns == ["x", "y", "z", "w"]
    assert rows.rows() == TEXT


def test_an_array_inside_of_a_document_is_found_and_digits_stay() -> None:
    Path("in").write_text('{"data": {"rows": [{"x": 0.10, "n": 123456789012345678901234567890}]}}')

    assert ingest("json", "in", items="data.rows.item").rows() == [
        ("0.10", "123456789012345678901234567890")
    ]


@pytest.mark.parametrize(
    ("kind", "content", "expected"),
    [
        ("json", '{"x": 1}', "no JSON array"),
        ("json", '[{"x": 1}, 2]', "item 2: int"),
        ("json", '[{"x": 1}, {"x": ', "after item 1"),
        ("json", "[]", "no row"),
        ("json", '[{"x": 1}] nonsense', "after item 1"),
        ("ndjson", '{"x": 1}\n{"x": \n', "line 2"),
        ("ndjson", '{"x": 1}\n[2]\n', "line 2"),
        ("ndjson", '[{"x": 1}]', "line 1"),
    ],
)
def test_broken_json_is_refused_where_it_is_broken(kind: str, content: str, expected: str) -> None:
    Path("in").write_text(content)

    with pytest.raises(DataError) as raised:
        ingest(kind, "in")

    assert expected in raised.value.message, raised.value.message


def test_folders_named_by_values_are_columns_and_hidden_files_are_none() -> None:
    for year in (2013, 2014):
        place = Path(f"in/year={year}")
        place.mkdir(parents=True)
        pl.DataFrame({"x": [year]}).write_parquet(place / "a.parquet")
        (place / "_SUCCESS").touch()
        (place / ".a.crc").touch()
        (place / "a.parquet.dvc").write_text("outs: []")

    assert ingest("parquet", "in").rows() == [(2013, "2013"), (2014, "2014")]


@pytest.mark.parametrize(
    ("folder", "value"),
    [
        ("01001", "01001"),
        ("2024-01-01", "2024-01-01"),
        ("1e5", "1e5"),
        ("true", "true"),
        ("", ""),
        ("a=b", "a=b"),
        ("__HIVE_DEFAULT_PARTITION__", None),
        ("2024-01-01 08%3A00%2Fx", "2024-01-01 08:00/x"),
        ("%E2%82%AC", "€"),
        ("100%", "100%"),
        ("[1]*", "[1]*"),
    ],
)
def test_what_a_folder_is_named_stays_text(folder: str, value: str | None) -> None:
    Path(f"in/zip={folder}").mkdir(parents=True)
    pl.DataFrame({"x": [1]}).write_parquet(f"in/zip={folder}/a.parquet")

    assert ingest("parquet", "in").rows() == [(1, value)]
    assert ingest("parquet", "in", hive_partitioning=False).rows() == [(1,)]


def test_the_file_of_a_row_is_told_as_messages_tell_it() -> None:
    pl.DataFrame({"x": [1]}).write_parquet("in.parquet")

    assert ingest("parquet", "in.parquet", include_file_paths="f").rows() == [(1, "in.parquet")]


def test_a_parquet_file_that_is_cut_off_is_refused() -> None:
    pl.DataFrame({"x": range(1000)}).write_parquet("in.parquet")
    Path("in.parquet").write_bytes(Path("in.parquet").read_bytes()[:-20])

    with pytest.raises(DataError, match=r"in\.parquet"):
        ingest("parquet", "in.parquet")


def test_a_pipe_is_refused_before_it_is_opened() -> None:
    os.mkfifo("in.csv")
    with pytest.raises(DataError, match="no regular file"):
        ingest("csv", "in.csv")


def test_files_of_several_types_are_stacked_by_a_type_that_holds_both() -> None:
    for name, values in (("a", [1]), ("b", [0.5]), ("c", ["x"])):
        pl.DataFrame({"x": values}).write_parquet(f"{name}.parquet")

    assert ingest("parquet", "[ab].parquet")["x"].to_list() == [1.0, 0.5]
    assert ingest("parquet", "[abc].parquet")["x"].to_list() == ["1", "0.5", "x"]


def test_types_that_nothing_holds_are_refused_by_name() -> None:
    pl.DataFrame({"x": [[1]]}).write_parquet("a.parquet")
    pl.DataFrame({"x": [{"a": 1}]}).write_parquet("b.parquet")

    with pytest.raises(DataError, match=r"b\.parquet cannot be stacked"):
        ingest("parquet", "*.parquet")
