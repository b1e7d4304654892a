import json
from datetime import datetime
from typing import Any

import polars as pl
import pytest

from <<cookiecutter.package_name>>.validate import profile
from <<cookiecutter.package_name>>.validate.anomalies import Anomaly
from <<cookiecutter.package_name>>.validate.quarantine import Quality

MARKUP = "<script>&\"'"
QUALITY = Quality(
    rows=4,
    valid=3,
    quarantined=1,
    rules={f"{MARKUP}: enum": 1},
    nulls={"x": 1 / 3, MARKUP: 0.0},
    warned={f"{MARKUP}: maximum": 1},
    warnings=[MARKUP],
    critical=[MARKUP],
)
VALID = pl.LazyFrame({"x": [1.0, None, 9.0], MARKUP: [MARKUP, "b", "b"]})
REFUSED = pl.LazyFrame(
    {"x": [2.0], MARKUP: [MARKUP], "broken_rules": [[f"{MARKUP}: enum"]], "reason": [MARKUP]}
)
ODD = [Anomaly("iqr", MARKUP, 1, 3, MARKUP)]


def described(**personal: str) -> dict[str, Any]:
    return profile.profile_data(QUALITY, VALID, REFUSED, ODD, personal)


def test_machines_get_the_same_as_json() -> None:
    report = json.loads(json.dumps(described(), allow_nan=False))

    assert report["examples"] == {f"{MARKUP}: enum": [MARKUP]}
    assert report["missing"] == [{"columns": ["x"], "rows": 1}]
    assert sum(report["columns"][0]["shape"]["bins"]) == 2
    assert report["columns"][1]["shape"]["values"] == [["b", 2], [MARKUP, 1]]


def test_values_of_personal_columns_are_not_shown() -> None:
    report = described(x="hash")

    assert report["columns"][0]["low"] is None
    assert report["columns"][0]["shape"] is None
    assert "x" not in report["rows_in_quarantine"][0]


def column(values: Any) -> dict[str, Any]:
    """What is said of the one column of a table."""
    series = pl.Series("x", values)
    quality = Quality(len(series), len(series), 0, {}, {"x": series.null_count() / len(series)})
    (described,) = profile.profile_data(quality, series.to_frame().lazy(), REFUSED, [], {})[
        "columns"
    ]
    return described


@pytest.mark.parametrize(
    ("values", "distinct"),
    [
        (range(7043), 7043),
        ([f"{i}" for i in range(7043)], 7043),
        ([None, 1, 1, 2], 2),
        ([None, None], 0),
        ([[1], [2]], None),
    ],
)
def test_different_values_are_counted_and_nulls_are_none(values: Any, distinct: int | None) -> None:
    assert column(values)["distinct"] == distinct


@pytest.mark.parametrize(("values", "distinct"), [(range(7043), None), (["a", "b", "c"] * 2000, 3)])
def test_of_many_rows_an_estimate_never_stands_for_all(
    monkeypatch: pytest.MonkeyPatch, values: Any, distinct: int | None
) -> None:
    monkeypatch.setattr(profile, "EXACT", 10)
    described = column(values)

    assert described["distinct"] == distinct
    assert not described["distinct_is_exact"]


@pytest.mark.parametrize(
    ("values", "bins"),
    [
        ([0, 1, 1], [1, 2]),
        ([5, 5], [2]),
        ([datetime(2024, 1, 1), datetime(2024, 1, 2)], [1, *[0] * 22, 1]),
        ([0.5, 0.5], [2, *[0] * 23]),
        ([0.0, float("inf"), 1.0], [1, *[0] * 22, 1]),
        ([-1.7e308, 1.7e308], [1, *[0] * 22, 1]),
    ],
)
def test_a_distribution_counts_every_value(values: list[Any], bins: list[int]) -> None:
    assert column(values)["shape"]["bins"] == bins
