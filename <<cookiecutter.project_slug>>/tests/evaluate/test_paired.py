import json
from dataclasses import asdict

import numpy as np
import pytest
from scipy.stats import permutation_test

from <<cookiecutter.package_name>>.evaluate.intervals import (
    replicate,
)
from <<cookiecutter.package_name>>.evaluate.paired import (
    Comparison,
    compare,
    sign_flip,
)
from <<cookiecutter.package_name>>.model.metric import Predictions
from <<cookiecutter.package_name>>.model.metrics import METRICS
from <<cookiecutter.package_name>>.split.target import Target, Task
from <<cookiecutter.package_name>>.split.units import Units

from .simulated import LEVEL, Pair, by_row, days, pair, values

MONTH = days(31, 40)
BINARY = Target("y", Task.BINARY, (0, 1))


def promoted(shared: Units, unit: Units, *, gain: float = 0.0, pairs: int = 150) -> float:
    """The share of pairs whose first model is called better."""
    rng = np.random.default_rng(1)
    drawn = [pair(rng, shared, gain).compare(unit) for _ in range(pairs)]
    return float(np.mean([one.significant(LEVEL) for one in drawn]))


@pytest.mark.no_cover
def test_equal_models_on_clustered_rows_are_not_called_better_by_units() -> None:
    assert promoted(MONTH, MONTH) <= 0.06


@pytest.mark.no_cover
def test_equal_models_on_clustered_rows_are_called_better_by_rows() -> None:
    assert promoted(MONTH, by_row(MONTH), pairs=50) > 0.2


@pytest.mark.no_cover
@pytest.mark.parametrize("unit", [MONTH, by_row(MONTH)], ids=["by day", "by row"])
def test_equal_models_on_independent_rows_are_not_called_better(unit: Units) -> None:
    assert promoted(by_row(MONTH), unit, pairs=60) <= 0.06


@pytest.mark.no_cover
def test_equal_models_with_errors_of_another_shape_are_seldom_told_apart() -> None:
    """One model is seldom and far wrong, the other often and a little: the mean is the same."""
    rng, wrong = np.random.default_rng(5), 0
    units = days(31, 5)
    for _ in range(200):
        seldom = rng.choice([-3.0, 0.0, 3.0], 31, p=[1 / 18, 8 / 9, 1 / 18])[units.codes]
        often = rng.normal(size=31)[units.codes]
        truth = rng.normal(size=31)[units.codes] + rng.normal(scale=1.25, size=155)
        wrong += Pair(truth, values(seldom), values(often)).compare(units).p_value < LEVEL

    assert wrong / 200 <= 0.08


@pytest.mark.parametrize("number", [1, 2, 3, 5])
def test_few_units_never_call_a_model_better(number: int) -> None:
    few = days(number, 40)

    assert promoted(few, few, gain=0.9, pairs=40) == 0


@pytest.mark.no_cover
def test_a_better_model_is_called_better() -> None:
    quarter = days(90, 20)

    assert promoted(quarter, quarter, gain=0.9, pairs=80) >= 0.8


def undecided(units: Units, gain: float) -> tuple[Pair, Comparison]:
    """The first pair, by seed, whose gain is there but not decided."""
    for seed in range(100):
        drawn = pair(np.random.default_rng(seed), units, gain)
        compared = drawn.compare(units)
        if compared.more_units is not None and 0.1 < compared.p_value < 0.3:
            return drawn, compared
    raise AssertionError


@pytest.mark.no_cover
def test_so_many_more_units_decide_in_eight_cases_of_ten() -> None:
    drawn, compared = undecided(MONTH, 0.5)
    losses = (drawn.truth - np.array([drawn.second.answers, drawn.first.answers])) ** 2
    by_day = np.bincount(MONTH.codes, losses[0] - losses[1]) / 40
    assert compared.gain == pytest.approx(by_day.mean())

    rng, number = np.random.default_rng(0), 31 + compared.more_units
    decided = [sign_flip(rng.choice(by_day, number), seed=1) < LEVEL for _ in range(150)]
    assert 0.7 <= np.mean(decided) <= 0.92


def test_a_gain_of_next_to_nothing_asks_for_no_more_than_a_number_of_units() -> None:
    gains = np.tile([1.0, -1.0], 20) + 1e-9
    units = days(40, 1)
    compared = Pair(np.zeros(40), values(np.sqrt(2 - gains)), values(np.full(40, np.sqrt(2))))

    assert compared.compare(units).more_units == 10**9 - 40


def test_more_units_are_enough_to_decide_at_all() -> None:
    units = days(3, 40)
    _, compared = undecided(units, 0.9)

    assert 3 + compared.more_units >= 6


def test_nothing_is_left_to_decide_where_a_model_is_better_or_not_better() -> None:
    quarter = days(90, 20)
    better = pair(np.random.default_rng(0), quarter, 0.9)
    worse = Pair(better.truth, better.second, better.first)

    assert better.compare(quarter).significant(LEVEL)
    assert better.compare(quarter).more_units is None
    assert worse.compare(quarter).significantly_worse(LEVEL)
    assert worse.compare(quarter).more_units is None


def test_where_lower_is_better_the_lower_one_gains() -> None:
    drawn = pair(np.random.default_rng(0), days(90, 20), 0.9)
    first = drawn.compare(days(90, 20), resamples=100)
    second = Pair(drawn.truth, drawn.second, drawn.first).compare(days(90, 20), resamples=100)

    assert first.first < first.second
    assert first.gain == pytest.approx(-second.gain) == pytest.approx(first.second - first.first)
    assert first.interval.low < first.gain < first.interval.high
    assert first.interval.low == pytest.approx(-second.interval.high)
    assert first.p_value == second.p_value


def test_a_model_is_not_better_than_itself() -> None:
    drawn = pair(np.random.default_rng(0), MONTH)
    same = Pair(drawn.truth, drawn.first, drawn.first).compare(MONTH)

    assert (same.gain, same.p_value, same.more_units) == (0, 1, None)
    assert same.precision.design_effect is None
    assert not same.significant(LEVEL)


def test_one_unit_allows_no_comparison_and_says_so() -> None:
    compared = pair(np.random.default_rng(0), days(1, 40)).compare(days(1, 40))

    assert compared.gain is not None
    assert (compared.p_value, compared.interval.low, compared.more_units) == (None, None, None)
    assert compared.reason == "all rows are of one day of departure"


def auc(truth: list[int], units: Units) -> Comparison:
    """A comparison of two rankings of these rows."""
    scores = np.linspace(0.1, 0.9, len(truth))
    sorted_both_ways = [
        Predictions(np.column_stack([1 - one, one]), (one > 0.5).astype(float))
        for one in (scores, scores[::-1])
    ]
    replicates = [
        replicate(METRICS["roc_auc"], BINARY, np.array(truth, float), one, **drawn)
        for drawn in [{"units": units, "resamples": 20, "seed": 1}]
        for one in sorted_both_ways
    ]
    return compare(*replicates, level=LEVEL, seed=1)


@pytest.mark.parametrize(
    ("truth", "reason"),
    [
        ([0] * 20, "roc_auc is undefined on these rows"),
        ([0] * 18 + [1, 1], "roc_auc is undefined without one day of departure"),
    ],
)
def test_a_metric_that_is_undefined_has_no_p_value_and_says_why(
    truth: list[int], reason: str
) -> None:
    compared = auc(truth, days(10, 2))

    assert (compared.p_value, compared.reason) == (None, reason)
    assert not compared.significant(LEVEL)
    json.dumps(asdict(compared), allow_nan=False)


def test_a_comparison_comes_back_from_json() -> None:
    compared = pair(np.random.default_rng(0), MONTH).compare(MONTH)

    assert Comparison.from_json(json.loads(json.dumps(asdict(compared)))) == compared


@pytest.mark.parametrize("number", [4, 9, 13])
def test_few_signs_are_flipped_in_all_ways_as_scipy_does(number: int) -> None:
    numbers = np.random.default_rng(number).normal(0.4, 1, number)
    expected = permutation_test(
        (numbers, np.zeros(number)),
        lambda first, second, axis: (first - second).mean(axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=np.inf,
    )

    assert sign_flip(numbers, seed=1) == pytest.approx(expected.pvalue)


def test_many_signs_are_drawn_and_no_p_value_is_zero() -> None:
    assert sign_flip(np.ones(60), seed=1) == pytest.approx(1 / 10_001)
    assert sign_flip(np.tile([1.0, -1.0], 30), seed=1) == 1
