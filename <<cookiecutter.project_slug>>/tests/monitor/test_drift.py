from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from <<cookiecutter.package_name>>.errors import ConfigError, DataError
from <<cookiecutter.package_name>>.monitor.drift import DriftReport, Rules, detect

RULES = Rules(
    numeric="wasserstein",
    categorical="jensenshannon",
    column=0.1,
    data_drift=0.3,
    prediction_drift=0.1,
    rows=2000,
)
N = 3000
RNG = np.random.default_rng(0)


def table(rows: int = N, **columns) -> pl.DataFrame:
    made = {
        "distance": RNG.normal(1000, 300, rows),
        "hour": RNG.integers(0, 24, rows),
        "carrier": RNG.choice(["AA", "DL", "UA"], rows),
        "weekend": RNG.random(rows) < 0.3,
        "day": [datetime(2013, 1, 1, tzinfo=UTC)] * rows,
        "score": RNG.random(rows),
    }
    return pl.DataFrame(made | columns)


REFERENCE = table()


@pytest.fixture
def page(tmp_path: Path) -> Path:
    return tmp_path / "drift.html"


def compare(current: pl.DataFrame, page: Path, rules: Rules = RULES, reference=None) -> DriftReport:
    before = REFERENCE if reference is None else reference
    return detect(before, current, rules, seed=0, html=page, run_id="r1")


def test_the_same_world_is_no_drift(page: Path) -> None:
    report = compare(table(), page)
    assert not report.drift_detected
    assert report.drifted_features == []
    assert report.recommendations == []
    assert (report.run_id, report.rows) == ("r1", N)
    assert set(report.feature_drift_scores) == {"distance", "hour", "carrier", "weekend"}


def test_the_page_for_people_is_written_where_asked(page: Path) -> None:
    assert compare(table(), page).visualizations == [page.as_posix()]
    assert b"<html" in page.read_bytes()[:2000].lower()


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("distance", RNG.normal(1300, 300, N)),
        ("carrier", RNG.choice(["AA", "WN"], N)),
        ("weekend", np.ones(N, dtype=bool)),
        ("hour", pl.Series([None] * N, dtype=pl.Int64)),
        ("distance", np.full(N, np.nan)),
        ("carrier", pl.Series([None] * N, dtype=pl.String)),
    ],
    ids=["shift", "new category", "yes/no", "no value", "not a number", "no text"],
)
def test_one_changed_feature_is_named(page: Path, name: str, values) -> None:
    report = compare(table(**{name: values}), page)
    assert report.drifted_features == [name]
    assert report.data_drift_score == 0.25


def test_drifted_features_are_named_in_the_order_of_the_columns(page: Path) -> None:
    changed = {"carrier": RNG.choice(["AA", "WN"], N), "distance": RNG.normal(1300, 300, N)}
    before = REFERENCE.select("carrier", "distance", "score")
    report = compare(table(**changed), page, reference=before)
    assert report.drifted_features == ["carrier", "distance"]
    assert report.data_drift_detected


def test_one_drifted_feature_of_four_is_no_data_drift_unless_the_rules_say_so(page: Path) -> None:
    current = table(distance=RNG.normal(1300, 300, N))
    assert not compare(current, page).data_drift_detected
    assert compare(current, page, replace(RULES, data_drift=0.2)).data_drift_detected


def test_drifted_scores_are_prediction_drift_and_no_data_drift(page: Path) -> None:
    report = compare(table(score=RNG.random(N) / 2), page)
    assert report.prediction_drift_detected
    assert report.drift_detected
    assert not report.data_drift_detected
    assert report.prediction_drift_score > 0.1


@pytest.mark.parametrize(("numeric", "categorical"), [("ks", "chisquare"), ("psi", "psi")])
def test_the_direction_is_right_for_p_values_and_for_distances(
    page: Path, numeric: str, categorical: str
) -> None:
    level = 0.001 if numeric == "ks" else 0.1
    rules = replace(
        RULES, numeric=numeric, categorical=categorical, column=level, prediction_drift=level
    )
    changed = {"distance": RNG.normal(1300, 300, N), "carrier": RNG.choice(["AA", "WN"], N)}
    assert compare(REFERENCE, page, rules).drifted_features == []
    assert compare(table(**changed), page, rules).drifted_features == ["distance", "carrier"]


def test_the_same_seed_gives_the_same_scores(page: Path) -> None:
    current = table()
    first, second = (compare(current, page) for _ in range(2))
    assert first.feature_drift_scores == second.feature_drift_scores


def test_odd_columns_end_in_numbers(page: Path) -> None:
    constant = table(hour=np.zeros(N))
    endless = table(hour=np.where(RNG.random(N) < 0.1, np.inf, 0.0))
    scores = compare(endless, page, reference=constant).feature_drift_scores
    assert np.isfinite(list(scores.values())).all()


def test_drift_in_few_rows_is_said_to_be_uncertain(page: Path) -> None:
    report = compare(table(200, score=np.zeros(200)), page)
    assert "200 rows are few" in report.recommendations[-1]


@pytest.mark.parametrize(
    ("current", "message"),
    [
        (table().drop("hour", "carrier"), "lacks hour, carrier"),
        (table().drop("score"), "lacks score"),
        (table(29), "29 incoming rows"),
        (table().clear(), "0 incoming rows"),
        (table(hour=["noon"] * N), "other types .* hour"),
    ],
)
def test_data_that_cannot_be_compared_is_refused(
    page: Path, current: pl.DataFrame, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        compare(current, page)
    assert not page.exists()


@pytest.mark.parametrize("method", ["nonsense", "chisquare"])
def test_a_method_that_does_not_fit_is_an_error_of_the_configuration(
    page: Path, method: str
) -> None:
    with pytest.raises(ConfigError, match=method):
        compare(table(), page, replace(RULES, numeric=method))


def test_a_method_without_an_answer_is_an_error_and_not_a_silent_pass(page: Path) -> None:
    constant = table(hour=np.zeros(N))
    with pytest.raises(ConfigError, match="hour"):
        compare(constant, page, replace(RULES, numeric="t_test"), reference=constant)
