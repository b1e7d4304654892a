"""Is one model better than another? A paired test: both answer the same rows."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..model.metrics import LOWER_IS_BETTER, METRICS, Array, resample


@dataclass(frozen=True)
class Comparison:
    """A first model beside a second one, on the same rows."""

    metric: str
    first: float
    second: float
    gain: float  # positive: the first is better, also where lower is better
    low: float  # interval of the gain
    high: float
    p_value: float  # one-sided: how often the first is no better, over resamples

    def significant(self, level: float) -> bool:
        """Whether the first is better than the second at this level."""
        return self.gain > 0 and self.p_value < level


def paired_bootstrap(
    metric: str,
    truth: Array,
    first: Array,
    second: Array,
    *,
    threshold: float,
    resamples: int,
    level: float,
    seed: int,
) -> Comparison:
    """Compare two models' scores, each (n,), by resampling rows (Efron, Tibshirani 1993)."""
    sign = -1.0 if metric in LOWER_IS_BETTER else 1.0
    measure = METRICS[metric]

    def gain(rows: Any) -> float:
        return sign * (
            measure(truth[rows], first[rows], threshold)
            - measure(truth[rows], second[rows], threshold)
        )

    gains = np.array([gain(rows) for rows in resample(truth, resamples, seed)])
    low, high = np.quantile(gains, [level / 2, 1 - level / 2])
    return Comparison(
        metric=metric,
        first=measure(truth, first, threshold),
        second=measure(truth, second, threshold),
        gain=gain(slice(None)),
        low=float(low),
        high=float(high),
        p_value=float((np.sum(gains <= 0) + 1) / (resamples + 1)),
    )
