import json
from datetime import datetime
from typing import Any

import polars as pl
import pytest

from <<cookiecutter.package_name>>.data import report
from <<cookiecutter.package_name>>.data.anomalies import Anomaly
from <<cookiecutter.package_name>>.data.validation import Quality

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
    return report.describe(QUALITY, VALID, REFUSED, ODD, personal)


def test_the_page_shows_what_was_found_and_escapes_it_all() -> None:
    page = report.render(MARKUP, described())

    for shown in ("enum", "maximum", "iqr", "Critical", "<svg", "Missing together"):
        assert shown in page
    assert "<script" not in page
    assert "http" not in page


def test_machines_get_the_same_as_json() -> None:
    found = json.loads(json.dumps(described(), allow_nan=False))

    assert found["examples"] == {f"{MARKUP}: enum": [MARKUP]}
    assert found["missing"] == [{"columns": ["x"], "rows": 1}]
    assert sum(found["columns"][0]["shape"]["bins"]) == 2
    assert found["columns"][1]["shape"]["values"] == [["b", 2], [MARKUP, 1]]


def test_values_of_personal_columns_are_not_shown() -> None:
    found = described(x="hash")

    assert found["columns"][0]["low"] is None
    assert found["columns"][0]["shape"] is None
    assert "x" not in found["rows_in_quarantine"][0]


@pytest.mark.parametrize(
    ("values", "bins"),
    [
        ([0, 1, 1], [1, 2]),
        ([5, 5], [2]),
        ([datetime(2024, 1, 1), datetime(2024, 1, 2)], [1, *[0] * 22, 1]),
        ([0.5, 0.5], [2, *[0] * 23]),
    ],
)
def test_a_distribution_counts_every_value(values: list[Any], bins: list[int]) -> None:
    table = pl.LazyFrame({"x": values})
    (column,) = report.describe(
        Quality(len(values), len(values), 0, {}, {"x": 0.0}), table, REFUSED, [], {}
    )["columns"]

    assert column["shape"]["bins"] == bins
