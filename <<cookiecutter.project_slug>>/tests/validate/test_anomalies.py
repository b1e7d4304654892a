from typing import Any

import polars as pl
import pytest

from <<cookiecutter.package_name>>.validate.anomalies import (
    detect_anomalies,
    missing_patterns,
    sample,
)


def table(**more: list[Any]) -> pl.LazyFrame:
    return pl.LazyFrame({"id": range(200), "x": [i % 20 for i in range(199)] + [900]} | more)


@pytest.mark.parametrize(
    ("method", "limit", "column"),
    [("robust_z", 6.0, "x"), ("iqr", 3.0, "x"), ("isolation_forest", 0.7, None)],
)
def test_a_value_far_from_all_others_is_found(method: str, limit: float, column: str) -> None:
    (anomaly,) = detect_anomalies(table(), {method: limit}, ["id"], seed=1)

    assert (anomaly.column, anomaly.rows, anomaly.of) == (column, 1, 200)
    assert detect_anomalies(table(), {method: 1000.0}, ["id"], seed=1) == []


def test_a_column_of_mostly_one_value_or_of_none_has_no_outliers() -> None:
    odd = pl.LazyFrame(
        {"flag": [0] * 180 + [1] * 20, "none": pl.Series([None] * 200, dtype=pl.Int64)}
    )

    assert detect_anomalies(odd, {"robust_z": 3.0, "iqr": 1.5}, [], seed=1) == []


@pytest.mark.parametrize(("limit", "rows"), [(0.0, 2), (0.5, None)])
def test_rows_that_repeat_are_counted_above_the_limit(limit: float, rows: int | None) -> None:
    twice = pl.LazyFrame({"a": [1, 1, 2, None, None], "b": ["x", "x", "x", None, None]})

    assert [a.rows for a in detect_anomalies(twice, {"duplicates": limit}, [], 1)] == (
        [rows] if rows else []
    )


def test_columns_that_are_missing_together_are_named() -> None:
    gaps = pl.LazyFrame({"a": [None, None, 1, 1], "b": [None, None, None, 1]})

    assert missing_patterns(gaps, ["a", "b"]) == [
        {"columns": ["a", "b"], "rows": 2},
        {"columns": ["b"], "rows": 1},
    ]
    assert missing_patterns(gaps, []) == []


def test_a_sample_is_the_same_for_a_seed_and_keeps_the_order() -> None:
    rows = sample(table(), 50, seed=3)

    assert rows.equals(sample(table(), 50, seed=3))
    assert rows["id"].is_sorted()
    assert rows.height == 50
