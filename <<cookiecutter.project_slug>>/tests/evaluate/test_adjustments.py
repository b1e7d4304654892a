import numpy as np
import pytest
from scipy.special import ndtr

from <<cookiecutter.package_name>>.config.evaluate import (
    Threshold,
)
from <<cookiecutter.package_name>>.evaluate.adjustments import (
    check_calibration,
    check_conformal,
    check_threshold,
)
from <<cookiecutter.package_name>>.evaluate.evidence import (
    Evidence,
)
from <<cookiecutter.package_name>>.model.conformal import Conformal
from <<cookiecutter.package_name>>.model.metric import Predictions
from <<cookiecutter.package_name>>.split.target import (
    Array,
    Target,
    Task,
)
from <<cookiecutter.package_name>>.split.units import Units

BINARY = Target("y", Task.BINARY, (0, 1))
NUMBER = Target("y", Task.REGRESSION)


def said(positive: Array, truth: Array, threshold: float = 0.5, rows_a_day: int = 1) -> Evidence:
    outputs = np.column_stack([1 - positive, positive])
    predictions = Predictions(outputs, BINARY.answers(outputs, threshold))
    units = Units("day", np.arange(truth.size) // rows_a_day)
    return Evidence(BINARY, truth, predictions, units, resamples=60, level=0.05, seed=1)


def numbers(errors: Array, rows_a_day: int) -> Evidence:
    predictions = Predictions(np.zeros(errors.size), np.zeros(errors.size))
    units = Units("day", np.arange(errors.size) // rows_a_day)
    return Evidence(NUMBER, errors, predictions, units, resamples=60, level=0.05, seed=1)


def happened(rng: np.random.Generator, probability: Array) -> Array:
    return (rng.random(probability.size) < probability).astype(float)


@pytest.mark.no_cover
def test_the_error_of_true_probabilities_may_be_zero_whatever_chance_adds() -> None:
    """Rows of a day share a part of what happens; row by row it would often look like an error."""
    rng, repeats = np.random.default_rng(0), 30
    zero, zero_by_row, expected = 0, 0, []
    for _ in range(repeats):
        true, shared = rng.random(2000), rng.normal(size=20)[np.arange(2000) // 100]
        luck = ndtr(0.8 * shared + 0.6 * rng.normal(size=2000))  # uniform, and alike on a day
        truth = (luck < true).astype(float)
        by_day, by_row = (check_calibration(said(true, truth, 0.5, n), None) for n in (100, 1))
        zero += by_day["interval"]["low"] == 0
        zero_by_row += by_row["interval"]["low"] == 0
        expected.append(by_day["expected_error"])

    assert zero / repeats >= 0.9
    assert zero_by_row / repeats < 0.7
    assert np.mean(expected) > 0.05  # chance alone


def test_the_error_of_other_probabilities_is_known() -> None:
    rng = np.random.default_rng(0)
    true = rng.random(4000)
    facts = check_calibration(said(true, happened(rng, true**2)), raw=None)

    assert facts["error"] == pytest.approx(np.sqrt(1 / 30), abs=0.015)  # of p - p²
    assert facts["expected_error"] == pytest.approx(1 / 6, abs=0.015)
    assert facts["interval"]["low"] < facts["error"] < facts["interval"]["high"]


def test_before_and_after_a_calibration_stand_side_by_side() -> None:
    rng = np.random.default_rng(0)
    true = rng.random(2000)
    raw = np.column_stack([1 - np.sqrt(true), np.sqrt(true)])
    facts = check_calibration(said(true, happened(rng, true)), raw)

    assert facts["error"] < facts["interval"]["high"] < facts["before"]["interval"]["low"]


def test_a_threshold_says_what_its_answers_reach_and_warns_of_less_than_was_asked_for() -> None:
    rng = np.random.default_rng(0)
    scores = rng.random(2000)
    evidence = said(scores, happened(rng, scores), 0.8)
    facts, kept = check_threshold(Threshold("precision", at_least=0.85), 0.8, evidence)
    _, missed = check_threshold(Threshold("precision", at_least=0.97), 0.8, evidence)

    assert facts["precision"] == pytest.approx(0.9, abs=0.03)
    assert facts["interval"]["recall"]["low"] < facts["recall"]
    assert kept == []
    assert "below the 0.97" in missed[0]


def test_a_cost_is_that_of_a_rows_answer() -> None:
    truth, positive = np.tile([1.0, 1, 0, 0], 10), np.tile([0.9, 0.1, 0.9, 0.1], 10)
    aim = Threshold("cost", false_positive=2, false_negative=10)
    facts, _ = check_threshold(aim, 0.5, said(positive, truth))

    assert facts["cost"] == pytest.approx((10 + 2) / 4)
    assert facts["aim"].endswith("a false positive costs 2 and a false negative 10")


@pytest.mark.parametrize(
    ("quantile", "named"),
    [(1.645, None), (1.0, "of only 67.5%"), (2.5, "more than the 0.9 asked for")],
)
def test_a_coverage_away_from_its_aim_is_a_warning(quantile: float, named: str | None) -> None:
    errors = np.random.default_rng(0).normal(size=3000)
    facts, warnings = check_conformal(
        Conformal(0.1, quantile, "row", 999), numbers(errors, rows_a_day=1)
    )

    assert facts["interval"]["low"] < facts["coverage"] < facts["interval"]["high"]
    assert facts["width"] == 2 * quantile
    assert len(warnings) == (named is not None)
    assert named is None or named in warnings[0]


def test_where_days_share_their_errors_fewer_of_them_say_less() -> None:
    """Row by row a coverage that is right on new days would look wrong."""
    rng = np.random.default_rng(2)
    errors = np.repeat(rng.normal(size=40), 50)
    conformal = Conformal(0.1, 1.645, "day", 999)
    widths = []
    for rows_a_day in (1, 50):
        interval = check_conformal(conformal, numbers(errors, rows_a_day))[0]["interval"]
        widths.append(interval["high"] - interval["low"])

    assert widths[1] > 4 * widths[0]


def test_sets_say_their_size_and_how_many_are_empty() -> None:
    positive = np.array([0.9, 0.5, 0.5, 0.1] * 50)
    evidence = said(positive, np.round(positive))
    wide, narrow = (
        check_conformal(Conformal(0.1, quantile, "row", 99), evidence)[0] for quantile in (0.6, 0.2)
    )

    assert (wide["mean_size"], wide["empty"]) == (1.5, 0)
    assert (narrow["mean_size"], narrow["empty"]) == (0.5, 0.5)
