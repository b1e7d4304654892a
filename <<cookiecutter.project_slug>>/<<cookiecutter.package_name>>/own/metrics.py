"""Own metrics, for `metrics` in conf/evaluate: a function with the decorator `metric`.

It gets the target, the true values (n,) and the predictions: class codes by the model's threshold
or values in `predictions.answers` (n,), probabilities in `predictions.outputs` (n, classes). Class
codes count from 0 in the order of `target.classes`; of two classes 1 is the positive one.
"""

import numpy as np

from ..model.metric import Predictions, metric
from ..split.target import Array, Target

MISSED, FALSE_ALARM = 5.0, 1.0  # what one row of either kind costs


@metric(needs="classes", tasks=("binary",), greater_is_better=False)
def cost(target: Target, truth: Array, predictions: Predictions) -> float:  # noqa: ARG001
    """The mean cost of a row: a missed positive one costs more than a false alarm."""
    missed = (truth == 1) & (predictions.answers == 0)
    false_alarm = (truth == 0) & (predictions.answers == 1)
    return float(np.mean(MISSED * missed + FALSE_ALARM * false_alarm))
