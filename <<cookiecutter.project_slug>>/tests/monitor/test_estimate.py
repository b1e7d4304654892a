"""Performance without labels, on simulated truth."""

import numpy as np
import pytest

from <<cookiecutter.package_name>>.errors import DataError
from <<cookiecutter.package_name>>.evaluate.row_predictions import (
    RowPredictions,
)
from <<cookiecutter.package_name>>.model.metric import Predictions
from <<cookiecutter.package_name>>.model.metrics import METRICS
from <<cookiecutter.package_name>>.monitor.estimate import (
    Estimated,
    estimate,
    estimate_loss,
)
from <<cookiecutter.package_name>>.split.target import Target
from <<cookiecutter.package_name>>.split.units import Units

from .models import BINARY, COLOURS, PRICE

RNG = np.random.default_rng(3)
N = 4000


def calibrated(spread: float, classes: int = 2) -> tuple[Predictions, np.ndarray]:
    """Probabilities, and labels drawn from them: the larger the spread, the easier the rows."""
    weights = np.exp(spread * RNG.normal(size=(N, classes)))
    p = weights / weights.sum(axis=1, keepdims=True)
    truth = (RNG.random((N, 1)) > np.cumsum(p, axis=1)[:, :-1]).sum(axis=1).astype(float)
    return Predictions(p, p.argmax(axis=1).astype(float)), truth


def rows_of_test(target: Target, predictions: Predictions, truth: np.ndarray) -> RowPredictions:
    import polars as pl

    keys = pl.Series("id", range(len(truth)))
    return RowPredictions(target, keys, truth, predictions, Units("row", np.arange(len(truth))))


@pytest.mark.parametrize("name", ["roc_auc", "log_loss", "f1", "accuracy"])
@pytest.mark.parametrize("spread", [0.3, 1.0])
def test_the_metric_of_calibrated_answers_is_known_without_labels(name: str, spread: float) -> None:
    said, truth = calibrated(spread)
    metric = METRICS[name]
    guessed = estimate(metric, BINARY, said, tested=(said, truth), seed=1)

    assert guessed == pytest.approx(metric(BINARY, truth, said), abs=0.02)


def test_so_is_that_of_many_classes_and_of_numbers() -> None:
    said, truth = calibrated(1.0, classes=3)
    metric = METRICS["log_loss"]
    guessed = estimate(metric, COLOURS, said, tested=(said, truth), seed=1)
    assert guessed == pytest.approx(metric(COLOURS, truth, said), abs=0.02)

    values = RNG.normal(size=N)
    prices, paid = Predictions(values, values), values + RNG.normal(0, 1 + np.abs(values))
    later = Predictions(values + 1.5, values + 1.5)  # where errors are larger
    rmse, errors = METRICS["root_mean_squared_error"], RNG.normal(0, 1 + np.abs(later.outputs))
    guessed = estimate(rmse, PRICE, later, tested=(prices, paid), seed=1)
    assert guessed == pytest.approx(rmse(PRICE, later.outputs + errors, later), rel=0.1)


def test_harder_rows_lose_and_a_shared_error_of_the_probabilities_does_not_count() -> None:
    easy, truth = calibrated(1.0)
    hard, _ = calibrated(0.3)
    auc = METRICS["roc_auc"](BINARY, truth, easy)
    results = {"roc_auc": auc, "dummy": {"roc_auc": 0.5}}

    def lost(predictions: Predictions) -> Estimated:
        before = rows_of_test(BINARY, easy, truth)
        asked = (METRICS["roc_auc"], predictions, before, results)
        estimated = estimate_loss(*asked, size=N, seed=1)
        assert estimated is not None
        return estimated

    assert abs(lost(easy).lost) < 0.02
    assert lost(hard).lost > 0.3
    assert lost(hard).estimated < auc - 0.1 == pytest.approx(lost(easy).estimated - 0.1, abs=0.01)


def test_results_without_the_metric_are_refused_and_one_that_is_undefined_is_none() -> None:
    said, truth = calibrated(1.0)
    with pytest.raises(DataError, match="lacks roc_auc"):
        estimate_loss(
            METRICS["roc_auc"], said, rows_of_test(BINARY, said, truth), {}, size=N, seed=1
        )
    certain = Predictions(np.tile([1.0, 0.0], (N, 1)), np.zeros(N))
    results = {"roc_auc": 0.7, "dummy": {"roc_auc": 0.5}}
    asked = (METRICS["roc_auc"], certain, rows_of_test(BINARY, said, truth), results)
    assert estimate_loss(*asked, size=N, seed=1) is None
