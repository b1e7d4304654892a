"""Everything that is said of a model's scores on test rows."""

from typing import Any

import numpy as np

from .metrics import Array, interval, measure, metrics
from .paired import paired_bootstrap


def assess(
    names: list[str],
    truth: Array,
    scores: Array,
    threshold: float,
    *,
    resamples: int,
    level: float,
    seed: int,
) -> dict[str, Any]:
    """Metrics, their intervals, and a paired test against a constant answer.

    Args:
        names: of metrics; the first one decides.
        truth: (n,) of 0 and 1.
        scores: (n,) between 0 and 1.

    Returns:
        each metric by name; ``interval`` and ``dummy`` hold one entry a metric.
    """
    wanted = metrics(names)
    constant = np.full_like(scores, truth.mean())
    settings: dict[str, Any] = {
        "threshold": threshold,
        "resamples": resamples,
        "level": level,
        "seed": seed,
    }
    against = paired_bootstrap(names[0], truth, scores, constant, **settings)
    return measure(wanted, truth, scores, threshold) | {
        "test_rows": truth.size,
        "gain": against.gain,
        "p_value": against.p_value,
        "better_than_dummy": against.significant(level),
        "interval": {n: interval(m, truth, scores, **settings) for n, m in wanted.items()},
        "dummy": measure(wanted, truth, constant, threshold),
    }
