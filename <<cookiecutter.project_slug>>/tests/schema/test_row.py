import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from <<cookiecutter.package_name>>.commands.schema import (
    main,
    read_sources,
)
from <<cookiecutter.package_name>>.config.data import Source
from <<cookiecutter.package_name>>.errors import (
    ConfigError,
    DataError,
)
from <<cookiecutter.package_name>>.ingest.parts import ReadPolicy
from <<cookiecutter.package_name>>.schema.infer import infer
from <<cookiecutter.package_name>>.schema.row import (
    Column,
    RowSchema,
    parse_schema,
    read_schema,
)
from <<cookiecutter.package_name>>.schema.synthesize import (
    synthesize,
)
from <<cookiecutter.package_name>>.validate.quarantine import (
    validate,
)

from ..conftest import ROOT, run
from ..fixture import ROWS, SCHEMA, rides


@pytest.mark.parametrize(
    ("column", "code"), [("y", "data.missing_column"), ("x", "data.unknown_column")]
)
def test_a_table_of_other_columns_is_refused(column: str, code: str) -> None:
    rules = RowSchema({column: Column(column, pl.Int64(), True, {})}, [column], True)
    table = ["x"] if column == "y" else ["x", "z"]

    with pytest.raises(DataError) as raised:
        rules.check_columns(table)

    assert raised.value.code == code


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "{}",
        '{"properties": {"x": {"type": "integer", "minimum": "a"}}}',
        '{"properties": {"x": {"type": "array"}}}',
    ],
)
def test_a_file_that_is_no_schema_of_a_row_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "schema.json").write_text(text)

    with pytest.raises(ConfigError, match=r"schema\.json"):
        read_schema(str(tmp_path / "schema.json"))


@pytest.mark.parametrize(
    "rules",
    [
        {"type": "integer", "format": "email"},
        {"type": ["integer", "string"]},
        {"type": "integer", "contains": 2},
        {"type": "integer", "pattern": "a"},
        {"type": "string", "minimum": 2},
        {"type": "string", "pattern": "(?<=a)b"},
        {"type": "integer", "enum": [1, "a"]},
        {"type": "string", "x-format": "%Y"},
        {"type": "string", "x-max-null-share": 2},
        {"type": "string", "x-level": "fatal"},
        {"type": "string", "x-level": {"minimum": "error"}},
        {"type": "string", "x-personal": "hide"},
        {"type": "string", "x-personal": "hash", "pattern": "@"},
        {"type": "integer", "x-personal": "hash"},
    ],
)
def test_what_cannot_be_checked_is_refused_by_the_name_of_its_column(rules: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="x: "):
        parse_schema({"properties": {"x": rules}})


TEXTS: list[tuple[list[str | None], dict[str, Any]]] = [
    (["1", "22", "-3"], {"type": "integer", "minimum": None, "maximum": None}),
    (["1.5", "2"], {"type": "number"}),
    (["2.0", "3.0"], {"type": "number"}),
    (["true", "FALSE"], {"type": "boolean"}),
    (["2024-02-29", "2024-03-01"], {"type": "string", "format": "date"}),
    (["31.12.2023", "01.02.2024"], {"type": "string", "format": "date", "x-format": "%d.%m.%Y"}),
    (["2024-01-01 10:00:00", "2024-01-01T11:00:00"], {"type": "string", "format": "date-time"}),
    (["007", "123"], {"type": "string", "minLength": None, "maxLength": None}),
    (["99999999999999999999", "1"], {"type": "string", "maxLength": None}),
    (["a", *[None] * 3, *"abc"], {"type": ["string", "null"], "x-max-null-share": 0.91}),
    (["NaN", "1.5"], {"type": "number", "x-level": {"finite": "warning"}}),
    ([*"ab"] * 20, {"type": "string", "enum": ["a", "b"]}),
    ([*"01"] * 20, {"type": "integer", "enum": [0, 1]}),
    ([*"aaab"] * 20 + ["c"], {"type": "string", "enum": None}),
    ([*"123"] * 20, {"type": "integer", "enum": None, "minimum": None}),
    (["k1", "k2"], {"type": "string", "x-unique": None}),
    (["", " x"], {"type": "string"}),
]


@pytest.mark.parametrize(("values", "expected"), TEXTS)
def test_a_draft_says_what_the_texts_are_and_lets_them_pass(
    tmp_path: Path, values: list[str | None], expected: dict[str, Any]
) -> None:
    pl.DataFrame({"x": values}).write_parquet(tmp_path / "t.parquet")
    document = infer(pl.scan_parquet(tmp_path / "t.parquet"), "rows")
    column = document["properties"]["x"]
    quality = validate(
        tmp_path / "t.parquet", parse_schema(document), tmp_path / "v", tmp_path / "q"
    )

    assert {key: column.get(key) for key in expected if key != "x-level"} == {
        key: value for key, value in expected.items() if key != "x-level"
    }
    assert expected.get("x-level", {}).items() <= column.get("x-level", {}).items()
    assert (quality.valid, quality.critical) == (len(values), [])


@pytest.mark.parametrize("ending", ["csv", "parquet", "ndjson"])
def test_a_draft_keeps_all_rows_of_a_file_and_is_not_overwritten(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    ending: str,
) -> None:
    getattr(rides(), f"write_{ending}")(tmp_path / f"f.{ending}")
    command = ["schema", "infer", f"f.{ending}", "--key", "ride"]
    monkeypatch.setattr("sys.argv", command)
    main()
    with pytest.raises(SystemExit):
        main()
    monkeypatch.setattr("sys.argv", [*command, "--overwrite"])
    main()
    read_sources(
        [Source(kind=ending, path=str(tmp_path / f"f.{ending}"))],
        tmp_path / "scratch",
        ReadPolicy(0),
    ).sink_parquet(tmp_path / "raw.parquet")
    rules = read_schema(str(tmp_path / "schemas/f.json"))
    quality = validate(tmp_path / "raw.parquet", rules, tmp_path / "v", tmp_path / "q")

    assert "--overwrite" in capsys.readouterr().err
    assert (quality.valid, quality.warned, quality.warnings) == (ROWS, {}, [])
    assert rules.columns["start"].dtype == pl.Datetime("us")
    assert rules.columns["ride"].rules["x-unique"]


def test_a_draft_of_what_is_no_table_is_refused() -> None:
    for values, named in (([[1]], "Flatten"), ([], "hold no row")):
        with pytest.raises(DataError, match=named):
            infer(pl.LazyFrame({"x": values}), "rows")


EVERYTHING = {
    "properties": {
        "id": {"type": "integer", "minimum": 1, "maximum": 10_000, "x-unique": True},
        "code": {"type": "string", "pattern": "^[A-Z]{2}-[0-9]{3}$"},
        "name": {"type": ["string", "null"], "minLength": 1, "maxLength": 12},
        "size": {"type": "number", "exclusiveMinimum": 0, "maximum": 2.5},
        "even": {"type": "integer", "multipleOf": 2, "minimum": -7, "maximum": 7},
        "kind": {"type": "string", "enum": ["a", "b"]},
        "open": {"type": "boolean"},
        "day": {"type": ["string", "null"], "format": "date", "x-max-null-share": 0.2},
        "start": {"type": "string", "format": "date-time"},
        "end": {"type": "string", "format": "date-time"},
    },
    "x-rules": {"ends later": '"end" >= start', "b is small": "kind = 'a' OR size < 2"},
}


def test_synthetic_rows_are_valid_the_same_for_a_seed_and_hold_the_edges(tmp_path: Path) -> None:
    rules = parse_schema(EVERYTHING)
    rows = synthesize(rules, 500, seed=1)
    rows.write_parquet(tmp_path / "s.parquet")
    quality = validate(tmp_path / "s.parquet", rules, tmp_path / "v", tmp_path / "q")

    assert rows.equals(synthesize(rules, 500, seed=1))
    assert not rows.equals(synthesize(rules, 500, seed=2))
    assert (quality.valid, quality.critical, quality.warnings) == (500, [], [])
    assert {1, 10_000} <= set(rows["id"])
    assert {None, "=1+1"} <= set(rows["name"])
    assert date(2000, 2, 29) in set(rows["day"])
    assert datetime(2013, 3, 31, 2, 30) in set(rows["start"])


def test_synthetic_rows_pass_their_schema_by_command(tmp_path: Path, package: str) -> None:
    command = ["python", "-m", f"{package}.commands.schema", "synthesize", "300", str(SCHEMA)]
    run(tmp_path, *command, "--to", "made.csv", PYTHONPATH=str(ROOT))
    read_sources(
        [Source(kind="csv", path=str(tmp_path / "made.csv"))], tmp_path / "scratch", ReadPolicy(0)
    ).sink_parquet(tmp_path / "raw.parquet")
    rules = read_schema(str(SCHEMA))
    quality = validate(tmp_path / "raw.parquet", rules, tmp_path / "v", tmp_path / "q")

    assert quality.valid == 300


def test_rules_that_leave_too_few_rows_are_refused() -> None:
    document = {"properties": {"x": {"type": "integer", "enum": [1, 2], "x-unique": True}}}

    with pytest.raises(ConfigError, match="only 2 of 3"):
        synthesize(parse_schema(document), 3, seed=0)


def test_the_draft_is_json_schema() -> None:
    import jsonschema

    document = infer(pl.LazyFrame({"x": [1, 2], "y": ["a", None]}), "rows")

    jsonschema.Draft202012Validator.check_schema(json.loads(json.dumps(document)))
