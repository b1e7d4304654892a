import numpy as np
import pytest

from <<cookiecutter.package_name>>.evaluate.intervals import (
    GROUPS,
    Interval,
    Replicates,
    intervals,
    least_units,
    leave_out,
    replicate,
    resample,
    variance,
)
from <<cookiecutter.package_name>>.model.metric import (
    Metric,
    Predictions,
)
from <<cookiecutter.package_name>>.model.metrics import METRICS
from <<cookiecutter.package_name>>.split.target import Target, Task
from <<cookiecutter.package_name>>.split.units import Units

from .simulated import SQUARED_ERROR, TARGET, by_row, days, pair, values

RNG = np.random.default_rng(0)
BINARY = Target("y", Task.BINARY, (0, 1))


MEAN = Metric("mean", "values", frozenset(Task), True, lambda _, truth, __: float(np.mean(truth)))


def mean_of(numbers: np.ndarray, units: Units, *, resamples: int = 100) -> Replicates:
    """The mean of some numbers as a metric."""
    drawn = {"units": units, "resamples": resamples, "seed": 1}
    return replicate(MEAN, TARGET, numbers, values(numbers), **drawn)


def interval_of(numbers: np.ndarray, units: Units, *, metric: Metric = MEAN) -> Interval:
    """The 95 % interval of a metric of some numbers."""
    drawn = {"units": units, "resamples": 200, "level": 0.05, "seed": 1}
    return intervals([metric], TARGET, numbers, values(numbers), **drawn)[metric.name]


def coverage(shared: Units, unit: Units) -> float:
    """How often the interval of an accuracy holds the true one, 0.7; each shared unit has its own.

    Of 40 rows a unit, the variance is 20 times what it is of independent rows.
    """
    rng, inside = np.random.default_rng(0), 0
    for _ in range(150):
        hits = rng.random(shared.codes.size) < rng.beta(0.735, 0.315, shared.count)[shared.codes]
        interval = interval_of(hits.astype(float), unit)
        inside += interval.low <= 0.7 <= interval.high
    return inside / 150


@pytest.mark.no_cover
def test_an_interval_holds_the_truth_as_often_as_it_says_by_units_and_not_by_rows() -> None:
    month = days(31, 40)

    assert 0.91 <= coverage(month, month) <= 0.99
    assert coverage(month, by_row(month)) < 0.6


@pytest.mark.no_cover
def test_an_interval_of_independent_rows_holds_the_truth_by_rows_and_by_units() -> None:
    month = days(31, 20)

    assert 0.91 <= coverage(by_row(month), by_row(month)) <= 0.99
    assert 0.91 <= coverage(by_row(month), month) <= 0.99


@pytest.mark.no_cover
@pytest.mark.parametrize("number", [8, 10])
def test_an_interval_of_few_units_holds_the_truth(number: int) -> None:
    few = days(number, 40)

    assert coverage(few, few) >= 0.9


@pytest.mark.no_cover
def test_an_interval_of_units_of_very_different_size_holds_the_truth() -> None:
    sizes = np.ceil(40 * np.random.default_rng(3).lognormal(0, 1.5, 15)).astype(int)
    uneven = Units("value of shop", np.repeat(np.arange(15), sizes))

    assert coverage(uneven, uneven) >= 0.91


@pytest.mark.parametrize(("level", "least"), [(0.05, 6), (0.1, 5), (0.01, 8), (0.5, 3)])
def test_fewer_units_than_can_hold_a_level_have_no_interval_at_it(level: float, least: int) -> None:
    assert least_units(level) == least
    assert 2.0 ** (1 - least) < level <= 2.0 ** (2 - least)
    few = mean_of(RNG.normal(size=(least - 1) * 10), days(least - 1, 10))

    refused = few.interval(level)
    assert refused.low is None
    assert refused.high is None
    assert f"only {least - 1} days of departure: an interval" in str(refused.reason)


def test_one_unit_has_no_interval_and_no_design_effect() -> None:
    whole = mean_of(RNG.normal(size=50), days(1, 50))

    assert whole.interval(0.05).reason is not None
    assert "only 1 day of departure" in whole.interval(0.05).reason
    assert whole.precision().design_effect is None
    assert whole.precision().units == 1


def undefined_without(rows: int) -> Metric:
    """A metric that is undefined where fewer than so many different rows are drawn."""

    def function(_: Target, truth: np.ndarray, __: Predictions) -> float:
        return float(truth.mean()) if np.unique(truth).size >= rows else float("nan")

    return Metric("fussy", "values", frozenset(Task), True, function)


@pytest.mark.parametrize(("rows", "defined"), [(30, True), (70, False)])
def test_a_metric_that_is_undefined_in_many_resamples_has_no_interval(
    rows: int, defined: bool
) -> None:
    interval = interval_of(np.arange(100.0), days(100, 1), metric=undefined_without(rows))

    assert (interval.low is not None) is defined
    assert defined or "fussy is undefined in" in str(interval.reason)


def test_intervals_of_several_metrics_are_those_of_each_alone() -> None:
    units, numbers = days(10, 5), RNG.normal(size=50)
    drawn = {"units": units, "resamples": 100, "level": 0.1, "seed": 1}
    together = intervals([MEAN, SQUARED_ERROR], TARGET, numbers, values(numbers), **drawn)

    alone = mean_of(numbers, units).interval(0.1)
    assert together == {"mean": alone, "mean_squared_error": Interval(0.0, 0.0)}


def test_a_resample_has_as_many_units_and_each_with_all_of_its_rows() -> None:
    units = Units("day", np.array([2, 0, 1, 0, 2, 2]))
    for rows in resample(units, 20, seed=1):
        times = np.bincount(rows, minlength=6)
        drawn = [times[units.codes == unit] for unit in range(3)]

        assert all(np.ptp(unit) == 0 for unit in drawn)
        assert sum(unit[0] for unit in drawn) == 3


@pytest.mark.parametrize(("units", "groups"), [(days(7, 3), 7), (days(500, 2), GROUPS)])
def test_each_unit_is_left_out_once_with_all_of_its_rows(units: Units, groups: int) -> None:
    everything = np.arange(units.codes.size)
    left_out = [np.setdiff1d(everything, rows) for rows in leave_out(units, GROUPS, seed=1)]

    assert len(left_out) == groups
    assert sorted(np.concatenate(left_out)) == everything.tolist()
    assert len({unit for rows in left_out for unit in set(units.codes[rows])}) == units.count
    assert sum(len(set(units.codes[rows])) for rows in left_out) == units.count


def test_pseudo_values_of_a_mean_are_the_means_of_the_units() -> None:
    numbers = RNG.normal(size=60)
    replicates = mean_of(numbers, days(12, 5))

    assert replicates.pseudo_values == pytest.approx(numbers.reshape(12, 5).mean(axis=1))


@pytest.mark.parametrize("name", ["roc_auc", "log_loss", "f1", "brier"])
def test_jackknife_and_bootstrap_agree_on_a_variance(name: str) -> None:
    rng = np.random.default_rng(2)
    scores = rng.random(600)
    truth = (rng.random(600) < scores).astype(float)
    predictions = Predictions(np.column_stack([1 - scores, scores]), (scores > 0.4).astype(float))
    both = replicate(
        METRICS[name], BINARY, truth, predictions, units=days(60, 10), resamples=100, seed=1
    )

    ratio = variance(both.pseudo_values) / both.resampled.var(ddof=1)
    assert 0.55 < ratio < 1.8


def test_the_design_effect_is_the_variance_that_clusters_add() -> None:
    rng, month = np.random.default_rng(0), days(120, 40)
    gains = []
    for shared in (month, by_row(month)):
        one = pair(rng, shared)
        gains.append(one.compare(month).precision.design_effect)

    assert 12 < gains[0] < 30
    assert 0.6 < gains[1] < 1.5


def test_a_row_as_the_unit_has_no_design_effect() -> None:
    precision = mean_of(RNG.normal(size=300), by_row(days(30, 10))).precision()

    assert (precision.unit, precision.units, precision.design_effect) == ("row", 300, 1.0)
    assert precision.effective_units == pytest.approx(300)
