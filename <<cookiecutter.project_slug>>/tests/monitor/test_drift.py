import json
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from <<cookiecutter.package_name>>.errors import (
    ConfigError,
    DataError,
)
from <<cookiecutter.package_name>>.monitor.drift import (
    detect,
    times,
    too_few,
    with_quarantine,
)
from <<cookiecutter.package_name>>.monitor.sample import Sample

from ..conftest import ROOT, run
from ..report.hostile import HOSTILE
from .drifting import REFERENCE, RNG, RULES, N, compare, table


@pytest.fixture
def page(tmp_path: Path) -> Path:
    return tmp_path / "details.html"


def test_the_same_world_is_no_drift(page: Path) -> None:
    report = compare(table(), page)
    assert not report.drift_detected
    assert report.drifted_features == []
    assert report.recommendations == []
    assert (report.run_id, report.rows) == ("r1", N)
    assert set(report.feature_drift_scores) == {"distance", "hour", "carrier", "weekend"}


def test_the_page_of_evidently_is_written_where_asked(page: Path) -> None:
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
    assert report.data_drift_score == 0.2


def test_the_report_is_the_same_whatever_the_order_of_sets(
    tmp_path: Path, package: str, page: Path
) -> None:
    """Evidently sums over sets of texts, whose order follows PYTHONHASHSEED."""
    columns = {f"c{i}": RNG.choice([f"t{j}" for j in range(60)], N) for i in range(3)}
    table(**columns).write_parquet(tmp_path / "before.parquet")
    table(**columns).write_parquet(tmp_path / "now.parquet")
    lines = f"""
import json, sys, polars as pl
from dataclasses import asdict
from pathlib import Path
from {package}.config.drift import Drift
from {package}.monitor.drift import detect
from {package}.monitor.sample import Sample
folder, rules = Path(sys.argv[1]), Drift(**{asdict(RULES)})
sides = [Sample.whole(pl.read_parquet(folder / f"{{side}}.parquet")) for side in ("before", "now")]
report = detect(*sides, rules, ["score"], seed=0, details=folder / "details.html", run_id="r1")
print(json.dumps(asdict(report)))
"""
    command = (sys.executable, "-W", "ignore", "-c", lines, str(tmp_path))
    there = json.loads(run(ROOT, *command, PYTHONHASHSEED="1").strip().splitlines()[-1])
    sides = [pl.read_parquet(tmp_path / f"{side}.parquet") for side in ("now", "before")]
    here = json.loads(json.dumps(asdict(compare(sides[0], page, reference=sides[1]))))

    assert here | {"timestamp": ""} == there | {"timestamp": ""}


def test_names_and_values_reach_the_page_of_evidently_harmless(page: Path) -> None:
    texts = dict.fromkeys(HOSTILE, RNG.choice(HOSTILE, N))
    numbers = {f"{name} number": RNG.random(N) for name in HOSTILE}
    rows = table(**texts, **numbers)
    report = compare(rows, page, reference=rows)
    head, embedded = page.read_text(encoding="utf-8").split("<script>")[
        :2
    ]  # the second is the data

    assert report.drifted_features == []
    assert "Content-Security-Policy" in head
    for text in ("alert(1)>", "<svg onload", "<img src=x", "](", '"__proto__"'):
        assert text not in embedded


def test_drifted_features_are_named_in_the_order_of_the_columns(page: Path) -> None:
    changed = {"carrier": RNG.choice(["AA", "WN"], N), "distance": RNG.normal(1300, 300, N)}
    before = REFERENCE.select("carrier", "distance", "score")
    report = compare(table(**changed), page, reference=before)
    assert report.drifted_features == ["carrier", "distance"]
    assert report.data_drift_detected


def test_one_drifted_feature_of_five_is_no_data_drift_unless_the_rules_say_so(page: Path) -> None:
    current = table(distance=RNG.normal(1300, 300, N))
    assert not compare(current, page).data_drift_detected
    assert compare(current, page, replace(RULES, data_drift=0.1)).data_drift_detected


def test_drifted_scores_are_prediction_drift_and_no_data_drift(page: Path) -> None:
    report = compare(table(score=RNG.random(N) / 2), page)
    assert report.prediction_drift_detected
    assert report.drift_detected
    assert not report.data_drift_detected
    assert report.prediction_drift_score > 0.1


ANSWERED = REFERENCE.with_columns(**{f"probability:{name}": RNG.random(N) for name in "ab"})


def test_the_answer_that_moved_farthest_is_that_of_the_predictions_and_each_is_named(
    page: Path,
) -> None:
    moved = {"probability:a": RNG.random(N) / 2, "probability:b": RNG.random(N) / 4}
    report = compare(ANSWERED.with_columns(**moved), page, reference=ANSWERED)
    scores = report.answer_drift_scores

    assert list(scores) == ["score", "probability:a", "probability:b"]
    assert report.drifted_answers == ["probability:a", "probability:b"]
    assert report.prediction_drift_score == scores["probability:b"] == max(scores.values())
    assert "(probability:a, probability:b)" in " ".join(report.recommendations)
    assert not set(scores) & {*report.null_shares, *report.feature_drift_scores}


def test_of_p_values_the_smallest_moved_farthest(page: Path) -> None:
    rules = replace(RULES, numeric="ks", column=0.001, prediction_drift=0.001)
    moved = ANSWERED.with_columns(**{"probability:b": RNG.random(N) / 4})
    report = compare(moved, page, rules, reference=ANSWERED)

    assert report.drifted_answers == ["probability:b"]
    assert report.prediction_drift_score == min(report.answer_drift_scores.values())


@pytest.mark.parametrize(
    ("score", "drifted", "limit", "severity"),
    [
        *((0.3, True, 0.1, 3), (0.05, False, 0.1, 0.5), (0.0, False, 0.1, 0)),
        *((0.01, True, 0.05, 5), (0.5, False, 0.05, 0.1), (0.0, True, 0.05, 1000)),
    ],
)
def test_a_severity_is_how_many_times_the_limit(
    score: float, drifted: bool, limit: float, severity: float
) -> None:
    assert times(score, drifted, limit) == pytest.approx(severity)


def test_a_reference_of_another_model_is_refused(page: Path) -> None:
    sides = [Sample.whole(REFERENCE)] * 2
    with pytest.raises(DataError, match="lacks probability:x; it is of another model"):
        detect(*sides, RULES, ["probability:x"], seed=0, details=page, run_id="r1")


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
    odd = table(200, score=np.zeros(200))
    advice = compare(odd, page).recommendations[-1]
    assert advice.startswith("200 rows that arrived are few")
    advice = compare(table(score=np.zeros(N)), page, reference=table(200)).recommendations[-1]
    assert advice.startswith("200 rows of the reference are few")


@pytest.mark.parametrize(
    ("current", "message"),
    [
        (table().drop("hour", "carrier"), "lacks hour, carrier"),
        (table().drop("score"), "incoming data lacks score"),
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


@pytest.mark.parametrize(
    ("method", "values"),
    [("anderson", [0] * N), ("cramer_von_mises", [1, 2, *[None] * (N - 2)])],
    ids=["a constant", "two values"],
)
def test_whatever_a_method_raises_is_an_error_of_the_configuration(
    page: Path, method: str, values: list
) -> None:
    odd = table(hour=pl.Series(values, dtype=pl.Int64))
    with pytest.raises(ConfigError, match=method):
        compare(odd, page, replace(RULES, numeric=method), reference=odd)


def test_a_method_without_an_answer_is_an_error_and_not_a_silent_pass(page: Path) -> None:
    constant = table(hour=np.zeros(N))
    with pytest.raises(ConfigError, match="hour"):
        compare(constant, page, replace(RULES, numeric="t_test"), reference=constant)


@pytest.mark.parametrize(("refused", "named"), [(0, False), (1, False), (75, True), (100, True)])
def test_what_is_in_quarantine_instead_of_compared_is_named(refused: int, named: bool) -> None:
    arrived = {"rows": 100, "quarantined": refused, "rules": {"b: null": refused}}
    report = with_quarantine(too_few(50, 100 - refused, "r1"), arrived, max_quarantined=0.01)

    assert bool(report.quarantine) is named
    assert any("b: null" in advice for advice in report.recommendations) is named
