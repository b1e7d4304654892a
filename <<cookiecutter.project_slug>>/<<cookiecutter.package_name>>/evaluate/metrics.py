"""Metrics by scikit-learn's names, with bootstrap intervals."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ConfigError

Array = NDArray[np.float64]
Metric = Callable[[Array, Array, float], float]  # truth (n,) of 0/1, scores (n,), threshold


def _of_scores(name: str) -> Metric:
    def metric(truth: Array, scores: Array, _: float) -> float:
        import sklearn.metrics

        return float(getattr(sklearn.metrics, name)(truth, scores))

    return metric


def _of_answers(name: str, **options: Any) -> Metric:
    def metric(truth: Array, scores: Array, threshold: float) -> float:
        import sklearn.metrics

        return float(getattr(sklearn.metrics, name)(truth, scores >= threshold, **options))

    return metric


METRICS: dict[str, Metric] = {
    "roc_auc": _of_scores("roc_auc_score"),
    "average_precision": _of_scores("average_precision_score"),
    "log_loss": _of_scores("log_loss"),
    "brier": _of_scores("brier_score_loss"),
    "accuracy": _of_answers("accuracy_score"),
    "balanced_accuracy": _of_answers("balanced_accuracy_score"),
    "precision": _of_answers("precision_score", zero_division=0),
    "recall": _of_answers("recall_score", zero_division=0),
    "f1": _of_answers("f1_score", zero_division=0),
}
LOWER_IS_BETTER = frozenset({"log_loss", "brier"})


def metrics(names: list[str]) -> dict[str, Metric]:
    """The named metrics, in order.

    Raises:
        ConfigError: a name is not known.
    """
    unknown = [name for name in names if name not in METRICS]
    if unknown or not names:
        raise ConfigError(
            f"evaluate.metrics holds {', '.join(unknown) or 'nothing'}; known are "
            f"{', '.join(METRICS)}.",
            "config.metric",
        )
    return {name: METRICS[name] for name in names}


def measure(
    wanted: dict[str, Metric], truth: Array, scores: Array, threshold: float
) -> dict[str, float]:
    """Each metric's value on these rows."""
    return {name: metric(truth, scores, threshold) for name, metric in wanted.items()}


def interval(
    metric: Metric,
    truth: Array,
    scores: Array,
    threshold: float,
    *,
    resamples: int,
    level: float,
    seed: int,
) -> tuple[float, float]:
    """A percentile bootstrap interval at confidence ``1 - level`` (Efron 1979)."""
    draws = resample(truth, resamples, seed)
    values = [metric(truth[rows], scores[rows], threshold) for rows in draws]
    low, high = np.quantile(values, [level / 2, 1 - level / 2])
    return float(low), float(high)


def resample(truth: Array, resamples: int, seed: int) -> NDArray[np.intp]:
    """(resamples, n) row numbers, drawn with replacement within each class: none gets empty."""
    rng = np.random.default_rng(seed)
    classes = [np.flatnonzero(truth == value) for value in np.unique(truth)]
    return np.concatenate([rng.choice(rows, (resamples, rows.size)) for rows in classes], axis=1)
