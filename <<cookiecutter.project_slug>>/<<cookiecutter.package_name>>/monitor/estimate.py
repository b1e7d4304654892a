"""Performance without labels: what the metric would be if the model's probabilities are true.

Labels are drawn from the calibrated probabilities, many times, and the metric is computed of each
draw, so any metric can be estimated, one's own too (for the mean of a loss this is the expected
loss itself). A number gets the error of a test row whose prediction was near. Such an estimate
sees that rows became harder, not that the world answers otherwise (Garg et al. 2022).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import DataError
from ..evaluate.row_predictions import RowPredictions
from ..model.metric import Metric, Predictions
from ..paths import METRICS
from ..split.target import Array, Target

DRAWS = 20  # of labels; the mean of so many metrics has little noise of its own
NEIGHBOURS = 50  # test rows of a similar prediction, whose errors a number may get


@dataclass(frozen=True)
class Estimated:
    """The metric that decides: of the test rows, and as it is estimated of rows without labels."""

    metric: str
    tested: float
    estimated: float
    lost: float  # the share of the gain over a constant answer; below 0, it is better


def estimate_loss(
    metric: Metric,
    predictions: Predictions,
    tested: RowPredictions,
    results: Mapping[str, Any],
    *,
    size: int,
    seed: int,
) -> Estimated | None:
    """What n predictions are expected to lose; None where the metric is not defined.

    The test rows' own estimate is compared, so that an error of the probabilities that both share
    does not count.

    Args:
        tested: predictions and truth of test rows, of which at most ``size`` are drawn.
        results: of these: reports/metrics.json.

    Raises:
        DataError: the results lack the metric.
    """
    value, dummy = _of_test(metric, results)
    drawn = np.random.default_rng(seed).permutation(len(tested.truth))[:size]
    sample = (tested.predictions[drawn], tested.truth[drawn])
    of_test, of_new = (
        estimate(metric, tested.target, one, tested=sample, seed=seed)
        for one in (sample[0], predictions)
    )
    change = of_new - of_test
    if not np.isfinite([change, value, dummy]).all():
        return None
    gain = (value - dummy) * (1 if metric.greater_is_better else -1)
    worse = -change if metric.greater_is_better else change
    return Estimated(metric.name, value, value + change, worse / gain if gain > 0 else 0.0)


def _of_test(metric: Metric, results: Mapping[str, Any]) -> tuple[float, float]:
    """The metric of the model and of a constant answer."""
    try:
        return float(results[metric.name]), float(results["dummy"][metric.name])
    except (KeyError, TypeError) as error:
        raise DataError(
            f"{METRICS} lacks {metric.name} of evaluate.metrics. Run `make repro`.", "data.report"
        ) from error


def estimate(
    metric: Metric,
    target: Target,
    predictions: Predictions,
    *,
    tested: tuple[Predictions, Array],
    seed: int,
) -> float:
    """The metric that n predictions are expected to reach; NaN where no draw defines it.

    Args:
        predictions: of rows without labels.
        tested: predictions and truth of m test rows, of a regression; else not used.
    """
    values = [
        metric(target, truth, predictions) for truth in _labels(target, predictions, tested, seed)
    ]
    defined = [value for value in values if np.isfinite(value)]
    return float(np.mean(defined)) if defined else float("nan")


def _labels(
    target: Target, predictions: Predictions, tested: tuple[Predictions, Array], seed: int
) -> Iterator[Array]:
    rng, outputs = np.random.default_rng(seed), predictions.outputs
    if target.is_classification:
        above = np.cumsum(outputs, axis=1)[:, :-1]
        for _ in range(DRAWS):
            yield (rng.random((len(outputs), 1)) > above).sum(axis=1).astype(np.float64)
        return
    order = np.argsort(tested[0].outputs, kind="stable")
    predicted, errors = tested[0].outputs[order], (tested[1] - tested[0].outputs)[order]
    near = np.searchsorted(predicted, outputs)
    for _ in range(DRAWS):
        moved = near + rng.integers(-NEIGHBOURS // 2, NEIGHBOURS // 2 + 1, near.size)
        yield outputs + errors[np.clip(moved, 0, errors.size - 1)]
