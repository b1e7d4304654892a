import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from <<cookiecutter.package_name>>.errors import (
    ConfigError,
    DataError,
)
from <<cookiecutter.package_name>>.schema import failures as verdicts
from <<cookiecutter.package_name>>.validate import duplicates
from <<cookiecutter.package_name>>.validate import (
    quarantine as validation,
)

from ..conftest import ROOT, by_hand, run
from ..fixture import SCHEMA, rides
from .quality import RANGE, dealt, judged


@pytest.mark.parametrize(
    ("rules", "values", "broken"),
    [
        ({"type": "integer", "minimum": 2}, [1, 2, 3], {"x: minimum": 1}),
        ({"type": "integer", "maximum": 2}, [1, 2, 3], {"x: maximum": 1}),
        ({"type": "integer", "exclusiveMinimum": 2}, [1, 2, 3], {"x: exclusiveMinimum": 2}),
        ({"type": "integer", "exclusiveMaximum": 2}, [1, 2, 3], {"x: exclusiveMaximum": 2}),
        ({"type": "integer", "multipleOf": 5}, [0, 5, 7, -10], {"x: multipleOf": 1}),
        ({"type": "number", "multipleOf": 0.1}, [0.3, 0.35], {"x: multipleOf": 1}),
        ({"type": "integer"}, [1, None, 3], {"x: null": 1}),
        ({"type": ["integer", "null"]}, [1, None, 3], {}),
        ({"type": "integer"}, ["1", "x", "3"], {"x: type": 1}),
        ({"type": "integer"}, [1.0, 1.5, 3.0], {"x: type": 1}),
        ({"type": "integer"}, [[1], [2]], {"x: type": 2}),
        ({"type": "number"}, [1.0, float("nan"), float("inf")], {"x: finite": 2}),
        ({"type": "boolean"}, ["true", "False", "yes"], {"x: type": 1}),
        ({"type": "string", "enum": ["a", "b"]}, ["a", "b", "c"], {"x: enum": 1}),
        ({"type": ["string", "null"], "enum": ["a", None]}, ["a", None, "b"], {"x: enum": 1}),
        ({"type": "string", "const": "a"}, ["a", "b"], {"x: const": 1}),
        ({"type": "string", "pattern": "^[a-z]$"}, ["a", "B", "cc"], {"x: pattern": 2}),
        (
            {"type": "string", "minLength": 2, "maxLength": 2},
            ["a", "bb", "ccc"],
            {"x: maxLength": 1, "x: minLength": 1},
        ),
        ({"type": "integer", "x-unique": True}, [1, 1, 2], {"x: x-unique": 1}),
        ({"type": ["integer", "null"], "x-unique": True}, [None, None, 1], {}),
        ({"type": "string", "format": "date"}, ["2024-02-29", "2023-02-29"], {"x: type": 1}),
        (
            {"type": "string", "format": "date", "x-format": "%d.%m.%Y", "enum": ["01.02.2024"]},
            ["01.02.2024", "02.01.2024", "2024-02-01"],
            {"x: enum": 1, "x: type": 1},
        ),
        (
            {"type": "string", "format": "date-time"},
            ["2013-01-01T05:00:00.5", "2013-01-01 05:00:00", "2013-01-01T05:00:00Z", "soon"],
            {"x: type": 2},
        ),
        (
            {"type": "string", "format": "date-time", "x-format": "%Y-%m-%dT%H:%M:%S%#z"},
            ["2013-01-01T05:00:00Z", "2013-01-01T05:00:00+02:00", "2013-01-01T05:00:00"],
            {"x: type": 1},
        ),
    ],
)
def test_a_row_that_breaks_a_rule_goes_to_quarantine_with_its_reason(
    tmp_path: Path, rules: dict[str, Any], values: list[Any], broken: dict[str, int]
) -> None:
    quality, quarantine = judged(tmp_path, values, rules)

    assert quality.rules == broken
    assert quality.valid + quality.quarantined == len(values)
    assert quarantine["broken_rules"].list.len().sum() == sum(quality.rules.values())
    assert quarantine["reason"].null_count() == 0


def test_a_quarantined_row_is_kept_as_it_came(tmp_path: Path) -> None:
    _, quarantine = judged(tmp_path, ["1", "one"], {"type": "integer"})

    assert quarantine["x"].to_list() == ["one"]


def test_a_reason_names_column_rule_and_value(tmp_path: Path) -> None:
    _, quarantine = judged(tmp_path, [5, -1], {"type": "integer", "minimum": 0, "multipleOf": 5})

    assert quarantine["reason"].to_list() == ["x: minimum 0; x: multipleOf 5 | x=-1"]


def test_after_many_rows_a_reason_names_the_rule_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verdicts, "WITH_VALUES", 2)
    _, quarantine = judged(tmp_path, [-1, -2, -3], {"type": "integer", "minimum": 0})

    assert quarantine["reason"].str.contains("x=").to_list() == [True, True, False]
    assert quarantine["reason"][2] == "x: minimum 0"


PAIR = {"properties": {name: {"type": ["integer", "null"]} for name in ("start", "end")}}


def test_a_rule_across_columns_judges_their_declared_types(tmp_path: Path) -> None:
    rows = pl.DataFrame({"start": ["9", "10", "5"], "end": ["10", "9", None]})
    quality = dealt(tmp_path, rows, PAIR | {"x-rules": {"ends after": '"end" >= start'}})
    (reason,) = pl.read_parquet(tmp_path / "quarantine.parquet")["reason"]

    assert quality.rules == {"row: ends after": 1}
    assert reason == 'row: ends after ("end" >= start) | start=10 end=9'


@pytest.mark.parametrize(
    "sql",
    [
        "start > sum(start)",
        "start > (SELECT 1)",
        "row_number() OVER (ORDER BY start) > 1",
        "start::date > 1",
        "read_csv('/etc/passwd') = 1",
        "start > gone",
        "start = 'text'",
        "start + 1",
        "1 = 1",
        "start >",
    ],
)
def test_a_rule_that_is_no_condition_on_one_row_is_refused(tmp_path: Path, sql: str) -> None:
    with pytest.raises(ConfigError, match="odd"):
        dealt(tmp_path, pl.DataFrame({"start": [1]}), PAIR | {"x-rules": {"odd": sql}})


def test_more_rules_than_bits_in_a_number_are_kept(tmp_path: Path) -> None:
    names = [f"c{i}" for i in range(50)]
    document = {"properties": {n: {"type": "integer", "minimum": 0} for n in names}}
    rows = pl.DataFrame({n: [i - 49, 1] for i, n in enumerate(names)})
    quality = dealt(tmp_path, rows, document)

    assert quality.rules == dict.fromkeys(sorted(f"{n}: minimum" for n in names[:49]), 1)


def test_a_repeat_is_found_however_far_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duplicates, "PART", 7)
    values = [*range(100), 3, 97, 3]
    quality, quarantine = judged(tmp_path, values, {"type": "integer", "x-unique": True})

    assert quality.rules == {"x: x-unique": 3}
    assert quarantine["x"].to_list() == [3, 97, 3]


def test_equal_rows_give_equal_bytes_in_the_same_order(tmp_path: Path) -> None:
    rows = pl.DataFrame({"x": [i % 100 - 2 for i in range(250_000)], "n": range(250_000)})
    written = []
    for _ in range(2):
        dealt(tmp_path, rows, {"properties": {"x": RANGE | {"maximum": 50}}})
        written.append([(tmp_path / f"{n}.parquet").read_bytes() for n in ("valid", "quarantine")])

    assert written[0] == written[1]
    assert pl.read_parquet(tmp_path / "valid.parquet")["n"].is_sorted()
    assert pl.read_parquet(tmp_path / "quarantine.parquet")["n"].is_sorted()


@pytest.mark.parametrize("column", ["broken_rules", "reason", "~row", "^wind.*$"])
def test_a_column_that_validation_needs_is_refused(tmp_path: Path, column: str) -> None:
    with pytest.raises(DataError, match="Rename"):
        dealt(tmp_path, pl.DataFrame({"x": [1], column: [1]}), {"properties": {"x": RANGE}})


def test_a_lost_row_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validation, "flag_of", lambda *_: pl.lit(None, pl.Boolean))

    with pytest.raises(DataError, match="2 rows came in, but 0 valid and 0 quarantined"):
        judged(tmp_path, [1, 2], {"type": "integer"})


def test_after_a_kill_at_any_moment_the_next_run_writes_the_same_bytes(
    tmp_path: Path, package: str
) -> None:
    for folder in ("schemas", "data"):
        (tmp_path / folder).mkdir()
    shutil.copy(SCHEMA, tmp_path / "schemas")
    rides().write_parquet(tmp_path / "data/ingested.parquet")
    command = by_hand(package, "validate", "hydra.run.dir=outputs")
    env = {**os.environ, "PYTHONPATH": str(ROOT)}

    def after_a_run() -> dict[str, bytes]:
        run(tmp_path, *command, PYTHONPATH=str(ROOT))
        files = [*(tmp_path / "data").glob("[!.]*"), *(tmp_path / "reports").glob("[!.]*")]
        return {file.name: file.read_bytes() for file in files}

    first = after_a_run()
    chance = random.Random(3)
    for _ in range(3):
        victim = subprocess.Popen(
            command, cwd=tmp_path, env=env, start_new_session=True, stderr=subprocess.DEVNULL
        )
        time.sleep(chance.uniform(0.5, 2.5))
        os.killpg(victim.pid, signal.SIGKILL)
        victim.wait()
        assert after_a_run() == first
