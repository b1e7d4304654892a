import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from <<cookiecutter.package_name>>.data import schema
from <<cookiecutter.package_name>>.data.validation import Quality, accept, validate
from <<cookiecutter.package_name>>.errors import ConfigError, DataError


def judged(
    tmp_path: Path, values: list[Any], rules: dict[str, Any]
) -> tuple[Quality, pl.DataFrame]:
    (tmp_path / "schema.json").write_text(
        json.dumps({"properties": {"x": rules}, "required": ["x"], "additionalProperties": False})
    )
    pl.DataFrame({"x": values}).write_parquet(tmp_path / "raw.parquet")
    valid, quarantine = tmp_path / "valid.parquet", tmp_path / "quarantine.parquet"
    quality = validate(
        tmp_path / "raw.parquet", schema.read(str(tmp_path / "schema.json")), valid, quarantine
    )
    return quality, pl.read_parquet(quarantine)


@pytest.mark.parametrize(
    ("rules", "values", "broken"),
    [
        ({"type": "integer", "minimum": 2}, [1, 2, 3], {"x: minimum": 1}),
        ({"type": "integer", "maximum": 2}, [1, 2, 3], {"x: maximum": 1}),
        ({"type": "integer", "exclusiveMinimum": 2}, [1, 2, 3], {"x: exclusiveMinimum": 2}),
        ({"type": "integer", "exclusiveMaximum": 2}, [1, 2, 3], {"x: exclusiveMaximum": 2}),
        ({"type": "integer"}, [1, None, 3], {"x: null": 1}),
        ({"type": ["integer", "null"]}, [1, None, 3], {}),
        ({"type": "integer"}, ["1", "x", "3"], {"x: null": 0, "x: type": 1}),
        ({"type": "number"}, [1.0, float("nan"), float("inf")], {"x: finite": 2}),
        ({"type": "string", "enum": ["a", "b"]}, ["a", "b", "c"], {"x: enum": 1}),
        ({"type": "string", "pattern": "^[a-z]$"}, ["a", "B", "cc"], {"x: pattern": 2}),
        ({"type": "string", "minLength": 2, "maxLength": 2}, ["a", "bb", "ccc"], None),
        ({"type": "integer", "x-unique": True}, [1, 1, 2], {"x: x-unique": 1}),
        (
            {"type": "string", "format": "date-time"},
            ["2013-01-01T05:00:00", "soon"],
            {"x: type": 1},
        ),
    ],
)
def test_a_row_that_breaks_a_rule_goes_to_quarantine_with_its_reason(
    tmp_path: Path, rules: dict[str, Any], values: list[Any], broken: dict[str, int] | None
) -> None:
    quality, quarantine = judged(tmp_path, values, rules)

    expected = {"x: maxLength": 1, "x: minLength": 1} if broken is None else broken
    assert quality.rules == {rule: n for rule, n in expected.items() if n}
    assert quality.valid + quality.quarantined == len(values)
    assert quarantine["broken_rules"].list.len().sum() == sum(quality.rules.values())


def test_a_quarantined_row_is_kept_as_it_came(tmp_path: Path) -> None:
    _, quarantine = judged(tmp_path, ["1", "one"], {"type": "integer"})

    assert quarantine["x"].to_list() == ["one"]


@pytest.mark.parametrize(
    ("column", "code"), [("y", "data.missing_column"), ("x", "data.unknown_column")]
)
def test_a_table_of_other_columns_is_refused(column: str, code: str) -> None:
    rules = schema.RowSchema({column: schema.Column(column, pl.Int64(), True, {})}, [column], True)
    table = ["x"] if column == "y" else ["x", "z"]

    with pytest.raises(DataError) as raised:
        rules.check_columns(table)

    assert raised.value.code == code


@pytest.mark.parametrize(
    "document",
    [
        "{",
        '{"properties": {"x": {"type": "integer", "minimum": "a"}}}',
        "{}",
        '{"properties": {"x": {"type": "array"}}}',
        '{"properties": {"x": {"type": "integer", "format": "email"}}}',
    ],
)
def test_a_schema_that_cannot_be_used_is_refused(tmp_path: Path, document: str) -> None:
    (tmp_path / "schema.json").write_text(document)

    with pytest.raises(ConfigError, match=r"schema\.json"):
        schema.read(str(tmp_path / "schema.json"))


@pytest.mark.parametrize(
    ("valid", "quarantined", "code"), [(0, 10, "data.no_rows"), (90, 10, "data.quarantined")]
)
def test_too_many_bad_rows_stop_the_pipeline(valid: int, quarantined: int, code: str) -> None:
    quality = Quality(100, valid, quarantined, {"x: null": quarantined}, {})

    with pytest.raises(DataError, match="x: null") as raised:
        accept(quality, max_quarantined=0.05)

    assert raised.value.code == code


def test_a_few_bad_rows_are_accepted() -> None:
    accept(Quality(100, 99, 1, {"x: null": 1}, {}), max_quarantined=0.01)
