"""Performance without labels: what the metric would be if the model's probabilities are true.

Labels are drawn from the calibrated probabilities, many times, and the metric is computed of each
draw, so any metric can be estimated, one's own too (for the mean of a loss this is the expected
loss itself). A number gets the error of a test row whose prediction was near. Such an estimate
sees that rows became harder, not that the world answers otherwise (Garg et al. 2022).
"""

from collections.abc import Iterator

import numpy as np

from ..model.metric import Metric, Predictions
from ..split.target import Array, Target

DRAWS = 20  # of labels; the mean of so many metrics has little noise of its own
NEIGHBOURS = 50  # test rows of a similar prediction, whose errors a number may get


def estimate(
    metric: Metric,
    target: Target,
    predictions: Predictions,
    *,
    tested: tuple[Array, Array],
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
    target: Target, predictions: Predictions, tested: tuple[Array, Array], seed: int
) -> Iterator[Array]:
    rng, outputs = np.random.default_rng(seed), predictions.outputs
    if target.is_classification:
        above = np.cumsum(outputs, axis=1)[:, :-1]
        for _ in range(DRAWS):
            yield (rng.random((len(outputs), 1)) > above).sum(axis=1).astype(np.float64)
        return
    order = np.argsort(tested[0], kind="stable")
    predicted, errors = tested[0][order], (tested[1] - tested[0])[order]
    near = np.searchsorted(predicted, outputs)
    for _ in range(DRAWS):
        moved = near + rng.integers(-NEIGHBOURS // 2, NEIGHBOURS // 2 + 1, near.size)
        yield outputs + errors[np.clip(moved, 0, errors.size - 1)]
