"""Curves and tables as rows, for `dvc plots` and VS Code; each task has its own."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..model.metric import Predictions
from ..model.reliability import reliability
from ..split.target import Array, Target, Task

Rows = list[dict[str, Any]]
POINTS = 200  # of a curve
PAIRS = 2000  # rows that are drawn one by one
NAMES = (
    *("roc", "precision_recall", "calibration", "uncalibrated", "confusion"),
    *("predicted_actual", "residuals"),
)


def plots(
    target: Target, truth: Array, predictions: Predictions, seed: int, raw: Array | None = None
) -> dict[str, Rows]:
    """The rows of each plot of NAMES; none for a plot of another task, which DVC then leaves out.

    Binary: ``roc``, ``precision_recall``, ``calibration``, ``confusion``; of more classes:
    ``confusion`` and ``calibration`` of the most probable class; regression: ``residuals`` and
    ``predicted_actual``. ``uncalibrated`` is the calibration before the model's own.

    Args:
        truth: (n,) class codes, or numbers.
        predictions: of the n rows.
        seed: draws the rows of a scatter plot.
        raw: (n, k) probabilities before calibration, if there is one.
    """
    if target.task is Task.REGRESSION:
        drawn = _scatter(truth, predictions.answers, seed)
    else:
        drawn = _binary(truth, predictions.outputs[:, 1]) if target.task is Task.BINARY else {}
        drawn["confusion"] = _confusion(target, truth, predictions.answers)
        drawn["calibration"] = _calibration(*reliability(target, truth, predictions.outputs))
        if raw is not None:
            drawn["uncalibrated"] = _calibration(*reliability(target, truth, raw))
    return {name: drawn.get(name, []) for name in NAMES}


def _binary(truth: Array, scores: Array) -> dict[str, Rows]:
    from sklearn.metrics import precision_recall_curve, roc_curve

    false_positive, true_positive, _ = roc_curve(truth, scores)
    precision, recall, _ = precision_recall_curve(truth, scores)
    return {
        "roc": _rows(false_positive_rate=false_positive, true_positive_rate=true_positive),
        "precision_recall": _rows(recall=recall, precision=precision),
    }


def _calibration(happened: NDArray[np.bool_], probabilities: Array) -> Rows:
    from sklearn.calibration import calibration_curve

    shares, means = calibration_curve(happened, probabilities, n_bins=10, strategy="quantile")
    return _rows(predicted=means, happened=shares)


def _confusion(target: Target, truth: Array, answers: Array) -> Rows:
    """One row for each row of the table, as DVC's template counts them itself."""
    names = [str(value) for value in target.classes]
    pairs = zip(truth.astype(int), answers.astype(int), strict=True)
    return [{"actual": names[actual], "predicted": names[answer]} for actual, answer in pairs]


def _scatter(truth: Array, answers: Array, seed: int) -> dict[str, Rows]:
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.choice(truth.size, min(PAIRS, truth.size), replace=False))
    actual, predicted = truth[rows], answers[rows]
    return {
        "predicted_actual": _rows(len(rows), predicted=predicted, actual=actual),
        "residuals": _rows(len(rows), predicted=predicted, residual=actual - predicted),
    }


def _rows(points: int = POINTS, **columns: Array) -> Rows:
    """At most ``points`` rows, evenly spread, ends included."""
    size = len(next(iter(columns.values())))
    kept = np.unique(np.linspace(0, size - 1, min(points, size)).astype(int))
    return [{name: round(float(values[i]), 6) for name, values in columns.items()} for i in kept]
