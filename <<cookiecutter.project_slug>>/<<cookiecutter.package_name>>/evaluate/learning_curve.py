"""Would more data help? The deciding metric by the share of training rows."""

from dataclasses import dataclass
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
from ..split.units import Rows, Units


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
    """Models of a share of the training rows, on test rows.

    Args:
        settings: the shares, and the drawings for each.
        spec: what is trained.
        target: what is predicted.
        metric: that decides.
        train: the rows of which a share is drawn, whole units at a time.
        units: of the training rows.
        validation: where each model's threshold is chosen.
        test: where each model is measured.

    Returns:
        ``points`` with share, mean number of rows, mean value and those of each drawing;
        ``per_doubling``, by how much the metric improves when rows double, and its
        ``standard_error`` over drawings; ``helps``, whether that is more than chance.

    Raises:
        DataError: a share holds too few rows of a class.
    """
    rng, points = np.random.default_rng(spec.seed), []
    shares = [*sorted(settings.shares), 1.0]
    with progress("learning curve", len(settings.shares) * settings.repeats + 1, "models") as step:
        for share in shares:
            values, sizes = [], []
            for _ in range(settings.repeats if share < 1 else 1):
                rows = _drawn(units, share, rng)
                _check(target, train.truth[rows], share)
                some = Part(train.features[rows], train.truth[rows])
                predictions = _predictions(spec, target, some, validation, test)
                values.append(metric(target, test.truth, predictions))
                sizes.append(rows.size)
                step()
            points.append(
                {
                    "share": share,
                    "rows": round(float(np.mean(sizes))),
                    "value": float(np.mean(values)),
                    "values": values,
                }
            )
    return {"metric": metric.name, "points": points} | _trend(points, metric)


def _drawn(units: Units, share: float, rng: np.random.Generator) -> Rows:
    number = max(round(share * units.count), 1)
    return np.flatnonzero(np.isin(units.codes, rng.permutation(units.count)[:number]))


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
    predictor = fit(spec, train.features, target, train.truth).predictor
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
    line = linregress(x, y if metric.greater_is_better else -y, alternative="greater")
    return {
        "per_doubling": float(line.slope),
        "standard_error": float(line.stderr),
        "helps": bool(line.slope > 0 and line.pvalue < 0.05),
    }
