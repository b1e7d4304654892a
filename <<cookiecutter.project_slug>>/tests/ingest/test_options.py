"""An option of a source works, or is refused by name."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from <<cookiecutter.package_name>>.errors import (
    ConfigError,
    DataError,
)

from .test_readers import GOOD, ingest


def test_an_unknown_option_and_an_unknown_encoding_are_faults_of_the_configuration() -> None:
    Path("in.csv").write_text(GOOD)
    for options in ({"seperator": ";"}, {"encoding": "utf-99"}):
        with pytest.raises(ConfigError, match=r"in\.csv"):
            ingest("csv", "in.csv", **options)


@pytest.mark.parametrize(
    ("options", "rows"),
    [
        ({"new_columns": ["p", "q"]}, [("1", "a"), ("2", "b")]),
        ({"n_rows": 1}, [("1", "a")]),
        ({"skip_rows_after_header": 1}, [("2", "b")]),
        ({"row_index_name": "n", "row_index_offset": 7}, [(7, "1", "a"), (8, "2", "b")]),
        ({"include_file_paths": "f"}, [("1", "a", "in.csv"), ("2", "b", "in.csv")]),
        ({"null_values": "a"}, [("1", None), ("2", "b")]),
        ({"null_values": {"y": "b"}}, [("1", "a"), ("2", None)]),
        ({"has_header": False}, [("x", "y"), ("1", "a"), ("2", "b")]),
        ({"low_memory": True}, [("1", "a"), ("2", "b")]),
        ({"empty_string_is_null": False}, [("1", "a"), ("2", "b")]),
        ({"decimal_comma": False}, [("1", "a"), ("2", "b")]),
    ],
)
def test_an_option_that_is_accepted_works(
    options: dict[str, Any], rows: list[tuple[object, ...]]
) -> None:
    Path("in.csv").write_text(GOOD)

    assert ingest("csv", "in.csv", **options).rows() == rows


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("Title\n\nx,y\n1,a\n2,b\n", {"skip_rows": 2}),
        ("Title\n\nx,y\n1,a\n2,b\n", {"skip_lines": 2}),
        ("x,y\n(m)\n1,a\n2,b\n", {"skip_rows_after_header": 1}),
        ("x,y\n1,a\n2,b\n3\n", {"n_rows": 2}),
        ("x,y\n1,a,z\n2,b\n", {"truncate_ragged_lines": True}),
        ("x,y\r1,a\r2,b\r", {"eol_char": "\r"}),
        ("x.y\n|1|.a\n2.|b|\n", {"separator": ".", "quote_char": "|"}),
        ("x;y\n^1^;a\n2;^b^\n", {"separator": ";", "quote_char": "^"}),
    ],
)
def test_options_that_find_the_rows_do_so_for_checks_too(
    text: str, options: dict[str, Any]
) -> None:
    Path("in.csv").write_bytes(text.encode())

    assert ingest("csv", "in.csv", **options).rows() == [("1", "a"), ("2", "b")]


def test_a_short_line_is_refused_whatever_ends_lines_and_quotes_values() -> None:
    for text, options in (
        ("x,y\r1,a\r2\r", {"eol_char": "\r"}),
        ("x,y\n1,^a^\n2\n", {"quote_char": "^"}),
        ("x,y\n(m),(s)\n1,a\n2\n", {"skip_rows_after_header": 1}),
    ):
        Path("in.csv").write_bytes(text.encode())
        with pytest.raises(DataError, match=r"1 fields where the header has 2"):
            ingest("csv", "in.csv", **options)


def test_numbers_with_a_decimal_comma_are_numbers_in_the_columns_that_are_named() -> None:
    values = ["1,5", "-2,25", " ,5", "1.234", "1.234,5", "1,5e3", "", "n/a, unknown", "7"]
    rows = "".join(f"{value};{value}\n" for value in values)
    Path("in.csv").write_text(f"price;note\n{rows}")

    table = ingest("csv", "in.csv", separator=";", decimal_comma=["price"])

    expected = ["1.5", "-2.25", " .5", "1,234", "1,234.5", "1.5e3", None, "n/a, unknown", "7"]
    assert table["price"].to_list() == expected  # what groups thousands is no number: quarantine
    assert table["note"].to_list() == [value or None for value in values]


@pytest.mark.parametrize(
    ("kind", "options", "expected"),
    [
        ("csv", {"decimal_comma": True}, "names the columns"),
        ("csv", {"decimal_comma": ["z"]}, "There are: x, y"),
        ("csv", {"try_parse_dates": True}, "stay text"),
        ("csv", {"schema_overrides": {"x": "Int64"}}, "stay text"),
        ("csv", {"dtypes": {"x": "Int64"}}, "stay text"),
        ("csv", {"schema": {"x": "Int64"}}, "stay text"),
        ("csv", {"infer_schema": True}, "stay text"),
        ("csv", {"infer_schema_length": None}, "stay text"),
        ("csv", {"ignore_errors": True}, "quarantine"),
        ("csv", {"with_column_names": "f"}, "new_columns"),
        ("csv", {"missing_columns": "insert"}, "too few"),
        ("csv", {"extra_columns": "ignore"}, "truncate_ragged_lines"),
        ("csv", {"glob": True}, "pattern"),
        ("csv", {"storage_options": {}}, "environment"),
        ("csv", {"hive_partitioning": True}, "no such option"),
        ("csv", {"separator": ";;"}, "one ASCII"),
        ("csv", {"separator": 5}, "one ASCII"),
        ("csv", {"separator": "§"}, "one ASCII"),
        ("csv", {"separator": None}, "options.separator"),
        ("csv", {"skip_rows": -1}, "in.csv"),
        ("csv", {"skip_rows": "one"}, "in.csv"),
        ("csv", {"n_rows": -1}, "negative"),
        ("csv", {"null_values": [-99]}, "null_values"),
        ("csv", {"quote_char": "''"}, "quote"),
        ("csv", {"eol_char": ";"}, "eol_char"),
        ("csv", {"encoding": "bz2"}, "not a text encoding"),
        ("csv", {"row_index_name": 5}, "in.csv"),
        ("ndjson", {"n_rows": 5}, "n_rows"),
        ("json", {"item": "rows.item"}, "allowed: encoding, items"),
        ("parquet", {"hive_schema": {"x": "Int64"}}, "no types"),
        ("parquet", {"schema": {"x": "Int64"}}, "no types"),
        ("parquet", {"try_parse_hive_dates": True}, "stays text"),
        ("parquet", {"glob": True}, "pattern"),
        ("parquet", {"colour": "red"}, "no such option"),
        ("parquet", {"n_rows": -1}, "in.csv"),
    ],
)
def test_an_option_without_effect_or_sense_is_refused_by_name(
    kind: str, options: dict[str, Any], expected: str
) -> None:
    Path("in.csv").write_text(GOOD)
    if kind == "parquet":
        pl.DataFrame({"x": [1]}).write_parquet("in.csv")
    with pytest.raises(ConfigError) as raised:
        ingest(kind, "in.csv", **options)

    assert expected in raised.value.message, raised.value.message


def test_options_that_count_rows_are_refused_for_several_files() -> None:
    for name in ("a", "b"):
        Path(f"{name}.csv").write_text(GOOD)
    for options in ({"n_rows": 5}, {"row_index_name": "id"}):
        with pytest.raises(ConfigError, match="in each file anew"):
            ingest("csv", "*.csv", **options)
