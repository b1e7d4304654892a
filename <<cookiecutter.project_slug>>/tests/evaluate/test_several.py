from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from <<cookiecutter.package_name>>.errors import DataError
from <<cookiecutter.package_name>>.evaluate.row_predictions import (
    RowPredictions,
)
from <<cookiecutter.package_name>>.evaluate.several import (
    Contender,
    FoldScores,
    Ranking,
    check_same_rows,
    rank,
)
from <<cookiecutter.package_name>>.model.metric import Predictions
from <<cookiecutter.package_name>>.model.metrics import METRICS
from <<cookiecutter.package_name>>.split.target import Target, Task

from .simulated import LEVEL, by_row, days

UNITS = days(30, 20)
KEYS = pl.Series("id", np.arange(600))
TARGETS = {
    "log_loss": Target("y", Task.MULTICLASS, ("a", "b", "c")),
    "roc_auc": Target("y", Task.BINARY, (0, 1)),
    "mean_absolute_error": Target("y", Task.REGRESSION),
}


def contender(name: str, target: Target, noise: float, seed: int = 1) -> Contender:
    """A model of 600 rows, the worse the more noise; all have the same truth."""
    truth = np.random.default_rng(0).normal(size=KEYS.len())
    answers = truth + noise * np.random.default_rng(seed).normal(size=truth.size)
    if not target.is_classification:
        return Contender(
            name, RowPredictions(target, KEYS, truth, Predictions(answers, answers), UNITS), {}
        )
    classes = len(target.classes)
    centers = np.linspace(-1, 1, classes)
    outputs = np.exp(-((answers[:, np.newaxis] - centers) ** 2))
    outputs /= outputs.sum(1, keepdims=True)
    codes = np.abs(truth[:, np.newaxis] - centers).argmin(1).astype(float)
    predictions = Predictions(outputs, target.answers(outputs, 0.5))
    return Contender(name, RowPredictions(target, KEYS, codes, predictions, UNITS), {})


def ranked(*contenders: Contender, metric: str, more: tuple[str, ...] = ()) -> Ranking:
    metrics = [METRICS[name] for name in (metric, *more)]
    return rank(contenders, metrics, resamples=50, level=LEVEL, seed=1)


@pytest.mark.parametrize("metric", TARGETS)
def test_models_stand_in_order_and_each_pair_is_tested(metric: str) -> None:
    target = TARGETS[metric]
    three = [
        contender("weak", target, 3.0),
        contender("best", target, 0.1),
        contender("fair", target, 1.0),
    ]
    ranking = ranked(*three, metric=metric)

    assert list(ranking.models) == ["best", "fair", "weak"]
    assert [(pair.first, pair.second) for pair in ranking.pairs] == [
        ("best", "fair"),
        ("best", "weak"),
        ("fair", "weak"),
    ]
    for pair in ranking.pairs:
        assert pair.decided(LEVEL)
        assert pair.gains[metric].value > 0
        assert pair.gains[metric].interval.low > 0
        for name, test in pair.tests.items():
            assert test.p_value <= pair.adjusted[name] < LEVEL, name
    tests = {"log_loss": 2, "roc_auc": 3, "mean_absolute_error": 1}  # McNemar, DeLong
    assert len(ranking.pairs[0].tests) == tests[metric]


def test_a_model_beside_itself_shows_no_difference() -> None:
    one = contender("one", TARGETS["roc_auc"], 1.0)
    (pair,) = ranked(one, replace(one, name="other"), metric="roc_auc", more=("f1",)).pairs

    assert not pair.decided(LEVEL)
    assert {test.p_value for test in pair.tests.values()} == {1}
    assert {figure.value for figure in pair.gains.values()} == {0}


@pytest.mark.no_cover
def test_what_is_tested_more_often_is_held_to_more() -> None:
    target = TARGETS["roc_auc"]
    two = [contender("one", target, 1.0, seed=1), contender("two", target, 1.2, seed=2)]
    (alone,) = ranked(*two, metric="roc_auc").pairs
    three = ranked(*two, contender("weak", target, 3.0), metric="roc_auc").pairs
    among = next(pair for pair in three if (pair.first, pair.second) == (alone.first, alone.second))

    for name, test in alone.tests.items():
        assert alone.adjusted[name] == test.p_value == among.tests[name].p_value
        assert among.adjusted[name] >= test.p_value
    assert {name for name, p in alone.adjusted.items() if among.adjusted[name] > p} != set()


def test_the_most_cautious_of_different_units_counts() -> None:
    target = TARGETS["roc_auc"]
    by_day, other = contender("by day", target, 1.0), contender("by row", target, 1.2, seed=2)
    rows = replace(other, rows=replace(other.rows, units=by_row(UNITS)))
    (pair,) = ranked(rows, by_day, metric="roc_auc").pairs

    assert (pair.precision.unit, pair.precision.units) == ("day of departure", 30)


@pytest.mark.parametrize(
    ("folds", "tested"),
    [(([0.7, 0.8, 0.75], 0.5), True), (([0.7, 0.8], 1.0), False), (([0.7, 0.8, 0.7], 0.1), False)],
)
def test_folds_are_tested_where_both_models_have_the_same(
    folds: tuple[list[float], float], tested: bool
) -> None:
    one, other = (contender(name, TARGETS["roc_auc"], 1.0) for name in ("one", "other"))
    scores = {"roc_auc": FoldScores(np.array([0.6, 0.72, 0.66]), 0.5)}
    others = {"roc_auc": FoldScores(np.array(folds[0]), folds[1])}
    (pair,) = ranked(
        replace(one, folds=scores), replace(other, folds=others), metric="roc_auc"
    ).pairs

    assert ("corrected t (roc_auc)" in pair.tests) is tested
    if tested:
        assert pair.tests["corrected t (roc_auc)"].gain == pytest.approx(-0.09)


def other_rows(rows: RowPredictions) -> RowPredictions:
    return replace(rows, keys=rows.keys + 100)


def other_type(rows: RowPredictions) -> RowPredictions:
    return replace(rows, keys=rows.keys.cast(pl.String))


def other_truth(rows: RowPredictions) -> RowPredictions:
    return replace(rows, truth=np.where(np.arange(600) < 7, 1 - rows.truth, rows.truth))


def other_classes(rows: RowPredictions) -> RowPredictions:
    return replace(rows, target=Target("y", Task.BINARY, (1, 0)))


def other_key(rows: RowPredictions) -> RowPredictions:
    return replace(rows, keys=rows.keys.alias("number"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (other_rows, "different rows: 600 and 600, of which they share 500"),
        (other_type, "different rows: 600 and 600, of which they share 0"),
        (other_truth, "of which 7 have another truth"),
        (other_classes, r"'y' \(0, 1\) of each 'id', and 'y' \(1, 0\) of each 'id'"),
        (other_key, "of each 'id', and .* of each 'number'"),
    ],
)
def test_models_that_cannot_be_compared_are_refused(change, message: str) -> None:
    one = contender("main", TARGETS["roc_auc"], 1.0)
    other = Contender("mine", change(one.rows), {})
    check_same_rows([one, one])

    with pytest.raises(DataError, match=f"^main and mine .*{message}"):
        check_same_rows([one, other])
