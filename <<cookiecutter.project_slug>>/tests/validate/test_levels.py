"""What becomes of a table by the levels of its rules, and by how many of its rows break them."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from <<cookiecutter.package_name>>.errors import (
    DataError,
)
from <<cookiecutter.package_name>>.validate.quarantine import (
    Quality,
    check_quality,
)

from .quality import RANGE, dealt


@pytest.mark.parametrize(
    ("level", "quarantined", "warned", "critical"),
    [
        ("warning", 0, {"x: minimum": 1}, []),
        ("error", 1, {}, []),
        ("critical", 1, {}, ["x: minimum"]),
        ({"minimum": "warning"}, 0, {"x: minimum": 1}, []),
        ({"maximum": "warning"}, 1, {}, []),
    ],
)
def test_the_level_of_a_rule_says_what_becomes_of_a_row(
    tmp_path: Path, level: Any, quarantined: int, warned: dict[str, int], critical: list[str]
) -> None:
    document = {"properties": {"x": RANGE | {"x-level": level}}}
    quality = dealt(tmp_path, pl.DataFrame({"x": [-1, 1, 2]}), document)

    assert (quality.quarantined, quality.warned) == (quarantined, warned)
    assert quality.critical == critical


def test_a_critical_rule_stops_the_pipeline() -> None:
    with pytest.raises(DataError, match="x: minimum") as raised:
        check_quality(Quality(9, 8, 1, {"x: minimum": 1}, {}, critical=["x: minimum"]), 1.0)

    assert raised.value.code == "data.critical"


@pytest.mark.parametrize(("limit", "messages"), [(0.4, 1), (0.5, 0)])
def test_too_many_nulls_in_a_column_are_critical_unless_they_only_warn(
    tmp_path: Path, limit: float, messages: int
) -> None:
    x = {"type": ["integer", "null"], "x-max-null-share": limit}
    rows = pl.DataFrame({"x": [1, None]})
    strict = dealt(tmp_path, rows, {"properties": {"x": x}})
    lenient = dealt(tmp_path, rows, {"properties": {"x": x | {"x-level": "warning"}}})

    assert (len(strict.critical), len(lenient.warnings)) == (messages, messages)
    assert strict.quarantined == 0


@pytest.mark.parametrize(
    ("rows", "named"),
    [
        ({"x": [1], "new": [1]}, "column new is new"),
        ({"x": [True]}, "column x is Boolean; the schema says Int64"),
        ({"new": [1]}, "column x is gone"),
    ],
)
@pytest.mark.parametrize("level", ["warning", "critical"])
def test_columns_that_changed_are_told_at_the_level_asked_for(
    tmp_path: Path, rows: dict[str, Any], named: str, level: str
) -> None:
    document = {"properties": {"x": {"type": "integer"}}}
    quality = dealt(tmp_path, pl.DataFrame(rows), document, changed=level)
    messages = quality.warnings if level == "warning" else quality.critical

    assert any(named in text for text in messages)


def test_no_rows_are_no_valid_rows(tmp_path: Path) -> None:
    rows = pl.DataFrame(schema={"x": pl.Int64})
    quality = dealt(tmp_path, rows, {"properties": {"x": RANGE}})

    with pytest.raises(DataError, match="no row is left"):
        check_quality(quality, 1.0)


@pytest.mark.parametrize(
    ("valid", "quarantined", "code"), [(0, 10, "data.no_rows"), (90, 10, "data.quarantined")]
)
def test_too_many_bad_rows_stop_the_pipeline(valid: int, quarantined: int, code: str) -> None:
    quality = Quality(100, valid, quarantined, {"x: null": quarantined}, {})

    with pytest.raises(DataError, match="x: null") as raised:
        check_quality(quality, max_quarantined=0.05)

    assert raised.value.code == code


def test_a_few_bad_rows_are_accepted() -> None:
    check_quality(Quality(100, 99, 1, {"x: null": 1}, {}), max_quarantined=0.01)
