"""Which features a model leans on."""

import numpy as np
import polars as pl

from ..model.metric import Metric, Predictions
from ..model.model import Model
from ..runtime.progress import progress
from ..split.target import Array

ROWS = 2000  # on which columns are shuffled


def permutation(
    model: Model, rows: pl.DataFrame, truth: Array, metric: Metric, *, seed: int
) -> dict[str, float]:
    """What the metric loses when a feature is shuffled (Breiman 2001), largest loss first.

    A loss is positive also where less of the metric is better.

    Args:
        rows: (n, …) with the model's features.
        truth: (n,) class codes, or numbers.
    """
    rng = np.random.default_rng(seed)
    chosen = np.sort(rng.choice(rows.height, min(ROWS, rows.height), replace=False))
    x, truth = model.contract.select(rows[chosen]), truth[chosen]

    def score(frame: pl.DataFrame) -> float:
        return metric.score(model.contract.target, truth, Predictions.of(model, frame))

    whole, order = score(x), rng.permutation(len(chosen))
    losses = {}
    with progress("importance", x.width, "columns") as step:
        for name in x.columns:
            losses[name] = whole - score(x.with_columns(x[name][order]))
            step()
    finite = {name: loss if np.isfinite(loss) else 0.0 for name, loss in losses.items()}
    return dict(sorted(finite.items(), key=lambda item: -item[1]))
