"""Metrics by scikit-learn's names, and own ones by dotted name."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ConfigError, ModelError
from ..runtime.names import locate
from ..split.ranks import area_under_roc
from ..split.target import Array, Target, Task
from .metric import Function, Metric, Predictions
from .reliability import reliability_gaps

CLASSIFICATION = frozenset({Task.BINARY, Task.MULTICLASS})
BINARY, REGRESSION = frozenset({Task.BINARY}), frozenset({Task.REGRESSION})
MULTICLASS = frozenset({Task.MULTICLASS})
RESERVED = frozenset(  # other keys of reports/metrics.json
    {
        *("deciding", "test_rows", "gain", "p_value", "better_than_dummy", "interval", "dummy"),
        "against_constant",
        *("sample", "cross_validation", "learning_curve", "warnings"),
        *("threshold", "calibration", "conformal"),
    }
)


def _undefined_if_absent(function: Function) -> Function:
    """NaN where a class has no row, for which these metrics are not defined."""

    def checked(target: Target, truth: Array, predictions: Predictions) -> float:
        if np.unique(truth).size < len(target.classes):
            return float("nan")
        return function(target, truth, predictions)

    return checked


def _average_precision(_: Target, truth: Array, predictions: Predictions) -> float:
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(truth, predictions.outputs[:, 1]))


def _roc_auc(target: Target, truth: Array, predictions: Predictions) -> float:
    """Of two classes the positive one's area; of more, the mean of each against the rest."""
    outputs = predictions.outputs
    if target.task is Task.BINARY:
        return _area(outputs[:, 1], truth == 1)
    if not np.allclose(outputs.sum(axis=1), 1):
        raise ValueError("the probabilities of some rows do not add up to 1")
    return float(np.mean([_area(scores, truth == code) for code, scores in enumerate(outputs.T)]))


def _area(scores: Array, positive: NDArray[np.bool_]) -> float:
    if not np.isfinite(scores).all():
        raise ValueError("some probabilities are no finite numbers")
    return area_under_roc(scores, positive)


def _log_loss(_: Target, truth: Array, predictions: Predictions) -> float:
    """As scikit-learn's, which takes ten times as long with hundreds of classes."""
    outputs = predictions.outputs
    sums = outputs.sum(axis=1)  # XGBoost's are 1 in single precision
    if not (outputs.min() >= 0 and sums.min() > 0 and sums.max() < np.inf):
        raise ValueError("some probabilities are negative or no finite numbers")
    of_truth = outputs[np.arange(truth.size), truth.astype(np.intp)] / sums
    least = np.finfo(np.float64).eps
    return float(-np.log(of_truth.clip(least, 1 - least)).mean())


def _brier(target: Target, truth: Array, predictions: Predictions) -> float:
    """Of two classes the mean squared error of one probability; of more, of all (Brier 1950)."""
    hits = np.eye(len(target.classes))[truth.astype(int)]
    squares = (predictions.outputs - hits) ** 2
    return float(squares[:, 1].mean() if target.task is Task.BINARY else squares.sum(1).mean())


def _calibration_error(target: Target, truth: Array, predictions: Predictions) -> float:
    """How far probabilities are from the shares of what came true, a row on average.

    The expected calibration error (Naeini et al. 2015) over bins of equally many rows: of two
    classes for the positive one's probability, of more for that of the likeliest (Guo et al. 2017).
    """
    gaps, sizes = reliability_gaps(target, truth, predictions.outputs)
    return float(np.average(np.abs(gaps), weights=sizes))


def _of_answers(name: str, **options: Any) -> Function:
    def function(_: Target, truth: Array, predictions: Predictions) -> float:
        import sklearn.metrics

        return float(getattr(sklearn.metrics, name)(truth, predictions.answers, **options))

    return function


def _of_classes(name: str, average: str) -> Function:
    """Precision, recall and the like; a class that is absent from these rows still counts."""

    def function(target: Target, truth: Array, predictions: Predictions) -> float:
        import sklearn.metrics

        binary = average == "binary"
        labels = None if binary else list(range(len(target.classes)))
        options: dict[str, Any] = {"average": average, "zero_division": 0, "labels": labels}
        return float(getattr(sklearn.metrics, name)(truth, predictions.answers, **options))

    return function


def _r2(_: Target, truth: Array, predictions: Predictions) -> float:
    from sklearn.metrics import r2_score

    if truth.size < 2 or np.ptp(truth) == 0:
        return float("nan")
    return float(r2_score(truth, predictions.answers))


METRICS = {
    one.name: one
    for one in (
        *(
            Metric(name, "probabilities", tasks, True, _undefined_if_absent(_roc_auc))
            for name, tasks in (("roc_auc", BINARY), ("roc_auc_ovr", MULTICLASS))
        ),
        Metric(
            *("average_precision", "probabilities", BINARY, True),
            _undefined_if_absent(_average_precision),
        ),
        Metric("log_loss", "probabilities", CLASSIFICATION, False, _log_loss),
        Metric("brier", "probabilities", CLASSIFICATION, False, _brier),
        Metric(*("calibration_error", "probabilities", CLASSIFICATION, False), _calibration_error),
        Metric("accuracy", "classes", CLASSIFICATION, True, _of_answers("accuracy_score")),
        Metric(
            *("balanced_accuracy", "classes", CLASSIFICATION, True),
            _undefined_if_absent(_of_answers("balanced_accuracy_score")),
        ),
        Metric("matthews", "classes", CLASSIFICATION, True, _of_answers("matthews_corrcoef")),
        *(
            Metric(
                name if average == "binary" else f"{name}_{average}",
                "classes",
                BINARY if average == "binary" else CLASSIFICATION,
                True,
                _of_classes(f"{name}_score", average),
            )
            for name in ("precision", "recall", "f1")
            for average in ("binary", "macro", "weighted")
        ),
        *(
            Metric(name, "values", REGRESSION, False, _of_answers(name))
            for name in (
                "root_mean_squared_error",
                "mean_absolute_error",
                "median_absolute_error",
            )
        ),
        Metric("r2", "values", REGRESSION, True, _r2),
    )
}


def metrics(names: list[str], target: Target, key: str = "evaluate.metrics") -> list[Metric]:
    """The named metrics, in order: scikit-learn's names, or the dotted names of own ones.

    Args:
        names: at least one.
        target: what is predicted.
        key: of the configuration, which holds the names.

    Raises:
        ConfigError: a name is not known, or its metric does not fit the target's task.
    """
    if not names:
        raise ConfigError(f"{key} is empty. Edit conf/.", "config.metric")
    chosen = [_by_name(name, key) for name in names]
    twice = [one.name for one in chosen if [other.name for other in chosen].count(one.name) > 1]
    if taken := sorted({*twice, *(one.name for one in chosen if one.name in RESERVED)}):
        raise ConfigError(
            f"{key}: the name {', '.join(taken)} is taken, by another metric or by what "
            "stands beside them in reports/metrics.json. Rename the function, or remove one.",
            "config.metric",
        )
    unfit = [one.name for one in chosen if target.task not in one.tasks]
    if unfit:
        fitting = ", ".join(name for name, one in METRICS.items() if target.task in one.tasks)
        raise ConfigError(
            f"{key} holds {', '.join(unfit)}, which does not fit {target.column!r}, a "
            f"{target.task} target; those that do: {fitting}. Choose evaluate={target.task} in "
            "conf/config.yaml, or edit conf/.",
            "config.metric",
        )
    return chosen


def _by_name(name: str, key: str) -> Metric:
    if "." not in name:
        if name not in METRICS:
            raise ConfigError(
                f"{key} holds {name!r}; allowed are {', '.join(METRICS)}, or the dotted "
                "name of an own one. Edit conf/.",
                "config.metric",
            )
        return METRICS[name]
    located = locate(name, key)
    if not isinstance(located, Metric):
        raise ConfigError(
            f"{key} holds {name!r}, which is a {type(located).__name__}; expected is a "
            "function of target, truth and predictions with the decorator @metric(…).",
            "config.metric",
        )
    return located


def measure(
    wanted: Iterable[Metric], target: Target, truth: Array, predictions: Predictions
) -> dict[str, float]:
    """Each metric's value on these rows.

    Raises:
        ModelError: a metric is no number on all rows, or raised.
    """
    values = {one.name: one(target, truth, predictions) for one in wanted}
    for name, value in values.items():
        if not np.isfinite(value):
            raise ModelError(
                f"the metric {name} is {value} on {truth.size} rows, so nothing can be said by it. "
                "Choose another in conf/evaluate, or fix its function.",
                "model.metric",
            )
    return values
