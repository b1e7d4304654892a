from pathlib import Path

import polars as pl
import pytest

from <<cookiecutter.package_name>>.errors import DataError
from <<cookiecutter.package_name>>.monitor.baseline import reference, summary
from <<cookiecutter.package_name>>.monitor.drift import DriftReport, Rules, detect

RULES = Rules("wasserstein", "jensenshannon", 0.1, 0.3, 0.1, 500)


def known(rows: pl.DataFrame) -> pl.DataFrame:
    scores = (rows["wind"] / 100).alias("score")
    return reference(rows.drop("id", "late"), scores, rows=600, seed=1)


def compared(rows: pl.DataFrame, current: pl.DataFrame) -> DriftReport:
    return detect(known(rows), current, RULES, seed=1, html=Path("drift.html"), run_id="r")


def test_the_same_data_does_not_drift(rows: pl.DataFrame) -> None:
    report = compared(rows, known(rows))

    assert not report.drift_detected
    assert report.recommendations == []
    assert Path("drift.html").stat().st_size > 100_000


def test_shifted_data_drifts_and_is_named(rows: pl.DataFrame) -> None:
    shifted = known(rows).with_columns(pl.col("wind") + 50, origin=pl.lit("LGA"))
    report = compared(rows, shifted)

    assert report.data_drift_detected
    assert not report.prediction_drift_detected
    assert report.drifted_features == ["origin", "wind"]


def test_other_answers_are_drift_though_the_data_is_the_same(rows: pl.DataFrame) -> None:
    report = compared(rows, known(rows).with_columns(pl.col("score") / 2))

    assert report.prediction_drift_detected
    assert not report.data_drift_detected


def test_an_empty_column_is_left_out(rows: pl.DataFrame) -> None:
    current = known(rows).with_columns(seats=pl.lit(None, pl.Int64))

    assert "seats" not in compared(rows, current).feature_drift_scores


@pytest.mark.parametrize("fault", ["a column is missing", "too few rows"])
def test_what_tells_nothing_is_refused(rows: pl.DataFrame, fault: str) -> None:
    current = known(rows).drop("wind") if "column" in fault else known(rows).head(5)

    with pytest.raises(DataError, match="wind|5 incoming rows"):
        compared(rows, current)


def test_a_summary_describes_each_column(rows: pl.DataFrame) -> None:
    found = summary(rows.drop("id", "late"), rows["wind"] / 100)

    assert found["origin"]["counts"] == {"JFK": 400, "EWR": 200}
    assert found["wind"]["deciles"][0] == 0
    assert found["score"]["nulls"] == 0
