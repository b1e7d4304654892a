import json

import polars as pl
import pytest

from <<cookiecutter.package_name>>.errors import DataError
from <<cookiecutter.package_name>>.monitor.baseline import reference, summary

FEATURES = pl.DataFrame(
    {
        "hour": [1.0, 2.0, None, float("nan"), float("inf")],
        "carrier": ["UA", "UA", "AA", None, "DL"],
        "weekend": [True, False, False, False, None],
        "nothing": pl.Series([None] * 5, dtype=pl.Float64),
    }
)
SCORES = pl.Series("anything", [0.1, 0.2, 0.3, 0.4, 0.5])


def test_the_reference_is_the_same_rows_for_the_same_seed() -> None:
    first, second, other = (reference(FEATURES, SCORES, 3, seed) for seed in (1, 1, 2))
    assert first.equals(second)
    assert not first.equals(other)


def test_a_reference_row_keeps_its_score() -> None:
    rows = reference(FEATURES, SCORES, 3, 0)
    pairs = set(zip(FEATURES["carrier"], SCORES, strict=True))
    assert rows.height == 3
    assert set(rows.select("carrier", "score").iter_rows()) <= pairs


def test_the_reference_of_few_rows_is_all_of_them() -> None:
    assert reference(FEATURES, SCORES, 100, 0).height == 5


def test_the_summary_describes_each_column_and_the_score() -> None:
    found = summary(FEATURES, SCORES)
    assert list(found) == [*FEATURES.columns, "score"]
    assert found["hour"]["deciles"][::10] == [1.0, 2.0]
    assert found["hour"]["nulls"] == 0.2
    assert found["carrier"]["counts"] == {"UA": 2, "AA": 1, "DL": 1}
    assert found["weekend"]["counts"] == {"false": 3, "true": 1}


def test_the_summary_can_be_written_as_json_whatever_the_columns_hold() -> None:
    assert json.dumps(summary(FEATURES, SCORES), allow_nan=False)


@pytest.mark.parametrize("make", [lambda f, s: reference(f, s, 3, 0), summary])
def test_a_feature_called_score_is_refused(make) -> None:
    with pytest.raises(DataError, match="'score'"):
        make(FEATURES.rename({"hour": "score"}), SCORES)
