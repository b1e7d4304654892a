"""Would more data help? The deciding metric by the share of training rows."""

from dataclasses import dataclass
from statistics import fmean
from typing import Any

import numpy as np
import polars as pl

from ..config.evaluate import LearningCurve
from ..errors import DataError
from ..model.metric import Metric, Predictions
from ..model.threshold import best_threshold
from ..model.training import ModelSpec, fit
from ..runtime.progress import progress
from ..split.target import Array, Target, Task
from ..split.units import Units


@dataclass(frozen=True, eq=False)
class Part:
    """Rows with the model's features, and what came true."""

    features: pl.DataFrame  # (n, k)
    truth: Array  # (n,) class codes, or numbers


def learning_curve(
    settings: LearningCurve,
    spec: ModelSpec,
    target: Target,
    metric: Metric,
    *,
    train: Part,
    units: Units,
    validation: Part,
    test: Part,
) -> dict[str, Any]:
    """The metric on test rows by the share of training rows, and what a doubling brings.

    Whole units of the training rows are drawn. Each model stops early on validation rows, if it
    learns in rounds, and its threshold is chosen on them.

    Returns:
        ``points`` with share, rows, mean value and those of each drawing; ``per_doubling`` with its
        ``standard_error`` over drawings; ``helps``, whether that is more than chance.

    Raises:
        DataError: a share holds too few values of the target, or there are too few units.
    """
    rng, points = np.random.default_rng(spec.seed), []
    drawings = dict.fromkeys(sorted(settings.shares), settings.repeats) | {1.0: 1}
    with progress("learning curve", sum(drawings.values()), "models") as step:
        for share, repeats in drawings.items():
            values, sizes = [], []
            for _ in range(repeats):
                some = _drawn(train, units, share, rng)
                _check(target, some.truth, share)
                predictions = _predictions(spec, target, some, validation, test)
                values.append(metric(target, test.truth, predictions))
                sizes.append(some.truth.size)
                step()
            point = {"share": share, "rows": round(fmean(sizes)), "value": fmean(values)}
            points.append(point | {"values": values})
    return {"metric": metric.name, "points": points} | _trend(points, metric)


def _drawn(train: Part, units: Units, share: float, rng: np.random.Generator) -> Part:
    number = max(round(share * units.count), 1)
    rows = np.flatnonzero(np.isin(units.codes, rng.permutation(units.count)[:number]))
    return Part(train.features[rows], train.truth[rows])


def _check(target: Target, truth: Array, share: float) -> None:
    least = len(target.classes) if target.is_classification else 2
    if np.unique(truth).size < least:
        raise DataError(
            f"evaluate.learning_curve: {share:g} of the training rows hold too few different values"
            f" of {target.column!r} to learn from. Raise the share.",
            "data.learning_curve",
        )


def _predictions(
    spec: ModelSpec, target: Target, train: Part, validation: Part, test: Part
) -> Predictions:
    held_out = validation.features, validation.truth
    predictor = fit(spec, train.features, target, train.truth, held_out=held_out).predictor
    threshold = None
    if target.task is Task.BINARY:
        positive = predictor.predict(validation.features)[:, 1]
        threshold = best_threshold(validation.truth, positive, spec.threshold)
    outputs = predictor.predict(test.features)
    return Predictions(outputs, target.answers(outputs, threshold))


def _trend(points: list[dict[str, Any]], metric: Metric) -> dict[str, Any]:
    """A line through the value by log2 of rows, from a quarter of them on if these are enough."""
    from scipy.stats import linregress

    late = [point for point in points if point["share"] >= 0.25]
    chosen = late if len(late) > 2 else points
    pairs = [(np.log2(point["rows"]), value) for point in chosen for value in point["values"]]
    x, y = np.array(pairs).T
    if np.ptp(x) == 0:
        raise DataError(
            "evaluate.learning_curve: each share draws the same number of rows, because the "
            "training rows are of too few units. Set another evaluate.unit, or no shares.",
            "data.learning_curve",
        )
    line = linregress(x, y if metric.greater_is_better else -y, alternative="greater")
    return {
        "per_doubling": float(line.slope),
        "standard_error": float(line.stderr),
        "helps": bool(line.slope > 0 and line.pvalue < 0.05),
    }
