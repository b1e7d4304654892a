"""Columns that lost their values, or never had one."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from <<cookiecutter.package_name>>.monitor.drift import (
    detect,
)
from <<cookiecutter.package_name>>.monitor.sample import Sample

from .drifting import REFERENCE, RULES, N, compare, table


@pytest.fixture
def page(tmp_path: Path) -> Path:
    return tmp_path / "details.html"


def without(share: float, name: str) -> pl.Series:
    """A column of the reference of which a share of the values is gone."""
    return REFERENCE[name].set(pl.Series(np.arange(N) < share * N), None)


@pytest.mark.parametrize("name", ["distance", "hour", "carrier", "weekend", "day"])
def test_a_column_that_lost_most_of_its_values_has_drifted_and_the_advice_names_it(
    page: Path, name: str
) -> None:
    report = compare(table(**{name: without(0.75, name)}), page)

    assert report.drift_reasons == {name: ["nulls"]}
    assert report.null_shares[name] == (0.0, 0.75)
    assert f"{name} (0.0% before, 75.0% now)" in report.recommendations[0]


@pytest.mark.parametrize("name", ["distance", "hour", "carrier", "weekend", "day"])
def test_a_column_that_was_empty_before_has_drifted(page: Path, name: str) -> None:
    before = REFERENCE.with_columns(pl.lit(None, REFERENCE.schema[name]).alias(name))
    assert compare(table(), page, reference=before).drifted_features == [name]


@pytest.mark.parametrize("name", ["distance", "carrier", "weekend", "day"])
def test_a_column_that_is_empty_on_both_sides_has_not_drifted(page: Path, name: str) -> None:
    empty = pl.lit(None, REFERENCE.schema[name]).alias(name)
    report = compare(table().with_columns(empty), page, reference=REFERENCE.with_columns(empty))
    assert report.drifted_features == []
    assert report.null_shares[name] == (1.0, 1.0)


@pytest.mark.parametrize(
    ("name", "value"), [("distance", 1000.0), ("hour", 12), ("carrier", "AA"), ("weekend", False)]
)
def test_a_column_that_became_one_constant_has_drifted(page: Path, name: str, value) -> None:
    report = compare(table(**{name: [value] * N}), page)
    assert report.drift_reasons == {name: ["values"]}


@pytest.mark.parametrize(("limit", "drifted"), [(0.2, ["hour"]), (0.3, [])])
def test_the_limit_of_nulls_is_that_of_the_rules(page: Path, limit: float, drifted: list) -> None:
    current = table(hour=without(0.25, "hour"))
    assert compare(current, page, replace(RULES, nulls=limit)).drifted_features == drifted


@pytest.mark.parametrize(("share", "drifted"), [(0.001, []), (0.02, ["hour"])])
def test_a_sparse_column_without_a_value_drifts_where_chance_does_not_explain_it(
    page: Path, share: float, drifted: list
) -> None:
    before = table(hour=without(1 - share, "hour"))
    current = table(hour=pl.Series([None] * N, dtype=pl.Int64))
    assert compare(current, page, reference=before).drifted_features == drifted


def test_shares_of_nulls_are_those_of_all_rows_and_values_those_of_the_sample(page: Path) -> None:
    now = table(hour=pl.Series([None] * N, dtype=pl.Int64))
    drawn = replace(Sample.whole(table()), of=10 * N, non_null=Sample.whole(now).non_null)
    before = Sample.whole(REFERENCE)
    report = detect(before, drawn, RULES, ["score"], seed=0, details=page, run_id="r1")

    assert report.rows == 10 * N
    assert report.null_shares["hour"] == (0.0, 1.0)
    assert report.drift_reasons["hour"] == ["nulls"]
