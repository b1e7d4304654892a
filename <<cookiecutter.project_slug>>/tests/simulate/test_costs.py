from dataclasses import replace

import numpy as np
import pytest

from <<cookiecutter.package_name>>.evaluate.paired import compare
from <<cookiecutter.package_name>>.model.metric import Predictions
from <<cookiecutter.package_name>>.model.metrics import METRICS
from <<cookiecutter.package_name>>.simulate.costs import Said
from <<cookiecutter.package_name>>.split.units import Units

from .streams import LATE, rules

DAYS, A_DAY, PERIODS, YEARS = 30, 40, 3, 40
BY_DAY = Units("day", np.repeat(np.arange(DAYS), A_DAY))
BY_ROW = Units("row", np.arange(DAYS * A_DAY))
LOG_LOSS = METRICS["log_loss"]


def year(seed: int, gain: float = 0.0) -> tuple[Said, Said]:
    """Two policies: each day both are wrong in a way of their own, the second by ``gain`` more."""
    rng = np.random.default_rng(seed)
    signal = rng.normal(size=DAYS * A_DAY)
    truth = (rng.random(signal.size) < 1 / (1 + np.exp(-signal))).astype(np.float64)
    ends = np.arange(1, PERIODS + 1) * (DAYS * A_DAY // PERIODS)

    def said(more: float) -> Said:
        wrong = np.repeat(rng.normal(size=DAYS), A_DAY) * (2.5 + more)
        chance = 1 / (1 + np.exp(-(signal + wrong)))
        outputs = np.column_stack([1 - chance, chance])
        return Said(LATE, truth, Predictions(outputs, (chance > 0.5).astype(np.float64)), ends)

    return said(0.0), said(gain)


def told_apart(units: Units, gain: float = 0.0, years: int = YEARS) -> float:
    """The share of years in which one policy is said to answer better."""
    asked, over = replace(rules(), bootstrap=10), 0
    for seed in range(years):
        pair = (one.replicate(LOG_LOSS, units, asked) for one in year(seed, gain))
        comparison = compare(*pair, level=0.05, seed=1)
        over += comparison.significant(0.05) or comparison.significantly_worse(0.05)
    return over / years


def test_equal_policies_are_seldom_told_apart_where_rows_of_a_day_are_not_independent() -> None:
    by_day, by_row = told_apart(BY_DAY), told_apart(BY_ROW, years=15)

    assert by_day <= 0.05 + 2 * (0.05 * 0.95 / YEARS) ** 0.5
    assert by_row > 0.25  # rows are not the unit


def test_a_policy_that_answers_better_is_told_apart() -> None:
    assert told_apart(BY_DAY, gain=3.0, years=10) > 0.8


def test_the_metric_of_a_year_is_the_mean_of_its_periods_by_their_rows() -> None:
    said, _ = year(1)
    uneven = replace(said, ends=np.array([200, 500, 1200]))
    parts = [slice(0, 200), slice(200, 500), slice(500, 1200)]
    each = [LOG_LOSS(LATE, said.truth[one], said.predictions[one]) for one in parts]

    whole = uneven.replicate(LOG_LOSS, BY_DAY, rules()).whole
    assert whole == pytest.approx(np.average(each, weights=[200, 300, 700]))


def test_a_period_in_which_a_metric_is_undefined_is_left_out() -> None:
    said, _ = year(1)
    one_class = replace(said, truth=np.where(np.arange(1200) < 400, 0.0, said.truth))
    area = METRICS["roc_auc"]

    replicates = one_class.replicate(area, BY_DAY, rules())
    assert np.isfinite(replicates.whole)
    assert np.isfinite(replicates.resampled).all()
