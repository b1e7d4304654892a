"""Scores of a model that is trained anew on each fold: how much they depend on the rows."""

from statistics import mean, stdev
from typing import Any

import numpy as np
import polars as pl

from ..config.evaluate import Threshold
from ..errors import DataError
from ..model.metric import Metric, Predictions
from ..model.threshold import best_threshold
from ..model.training import HeldOut, ModelSpec, fit
from ..runtime.progress import progress
from ..split.splits import Fold
from ..split.target import Array, Target, Task


def cross_validate(
    spec: ModelSpec,
    features: pl.DataFrame,
    target: Target,
    truth: Array,
    *,
    folds: list[Fold],
    wanted: list[Metric],
    held_out: HeldOut | None = None,
) -> dict[str, dict[str, Any]]:
    """For each metric its ``mean`` and standard deviation ``spread``, and the value of each fold.

    Preprocessing is fitted anew too. Folds share training rows, so the spread is no standard error;
    the correction of Nadeau, Bengio (2003) needs ``held_out``, a fold's rows over those it learned
    from.

    Args:
        features: (n, k) rows.
        truth: (n,) class codes, or numbers.
        held_out: rows of no fold, on which training may stop early, as that of the model does.

    Raises:
        DataError: a fold lacks a class.
    """
    for number, (train, scored) in enumerate(folds, start=1):
        _check_classes(target, truth, train, scored, f"fold {number} of {len(folds)}")
    outputs = []
    with progress("cross-validation", len(folds), "folds") as step:
        for train, scored in folds:
            fitted = fit(spec, features[train], target, truth[train], held_out=held_out)
            outputs.append(fitted.predictor.predict(features[scored]))
            step()
    scores = score_folds(target, truth, folds, outputs, wanted=wanted, aim=spec.threshold)
    share = mean(len(scored) / len(train) for train, scored in folds)
    return {
        name: {"mean": mean(values), "spread": stdev(values), "folds": values, "held_out": share}
        for name, values in scores.items()
    }


def score_folds(
    target: Target,
    truth: Array,
    folds: list[Fold],
    outputs: list[Array],
    *,
    wanted: list[Metric],
    aim: Threshold,
) -> dict[str, list[float]]:
    """Each metric's value on each fold.

    A fold's threshold comes of the other folds, of rows that it does not hold: what it is judged
    by is not chosen on it.

    Args:
        truth: (n,) of all rows.
        outputs: of each fold, (rows of the fold, k) or (rows of the fold,).
        wanted: the metrics.
        aim: of the thresholds.
    """
    scores: dict[str, list[float]] = {metric.name: [] for metric in wanted}
    for number, (_, scored) in enumerate(folds):
        threshold = _threshold(target, truth, folds, outputs, aim, without=number)
        answers = target.answers(outputs[number], threshold)
        predictions = Predictions(outputs[number], answers)
        for metric in wanted:
            scores[metric.name].append(metric(target, truth[scored], predictions))
    return scores


def _threshold(
    target: Target,
    truth: Array,
    folds: list[Fold],
    outputs: list[Array],
    aim: Threshold,
    *,
    without: int,
) -> float | None:
    if target.task is not Task.BINARY:
        return None
    others = [number for number in range(len(folds)) if number != without]
    if not others:
        return 0.5
    rows = np.concatenate([folds[number][1] for number in others])
    positive = np.concatenate([outputs[number][:, 1] for number in others])
    kept = ~np.isin(rows, folds[without][1])  # repeated folds hold the same rows again
    return best_threshold(truth[rows[kept]], positive[kept], aim) if kept.any() else 0.5


def _check_classes(target: Target, truth: Array, train: Any, scored: Any, name: str) -> None:
    """Refuse a fold in which nothing can be learned or measured."""
    least = len(target.classes) if target.is_classification else 2
    for side, rows in (("learns from", train), ("scores", scored)):
        if np.unique(truth[rows]).size < least:
            what = "of every class" if target.is_classification else "with two values"
            raise DataError(
                f"{name} {side} rows that are not {what}. Ask for fewer folds.", "data.folds"
            )
