"""Scores of a model that is trained anew on each fold: how much they depend on the rows."""

from statistics import mean, stdev
from typing import Any

import polars as pl

from ..errors import DataError
from ..model.training import ModelSpec, fit, score
from ..split.splits import Fold
from .metrics import measure, metrics


def cross_validate(
    spec: ModelSpec,
    features: pl.DataFrame,
    target: pl.Series,
    *,
    folds: list[Fold],
    names: list[str],
    threshold: float,
) -> dict[str, dict[str, Any]]:
    """For each metric its ``mean`` and standard deviation ``spread``, and the value of each fold.

    Preprocessing is fitted anew too. Folds share training rows, so the spread is no standard error
    (Nadeau, Bengio 2003).

    Raises:
        DataError: a fold holds rows of one class only.
        ConfigError: a metric is not known.
    """
    wanted = metrics(names)
    truth = (target == target.unique().sort()[-1]).cast(pl.Float64)
    found = []
    for number, (train, held_out) in enumerate(folds, start=1):
        if truth[train].n_unique() < 2 or truth[held_out].n_unique() < 2:
            raise DataError(
                f"fold {number} of {len(folds)} holds one class only. Ask for fewer folds.",
                "data.folds",
            )
        fitted = fit(spec, features[train], target[train])
        scores = score(fitted.pipeline, features[held_out])
        found.append(measure(wanted, truth[held_out].to_numpy(), scores.to_numpy(), threshold))
    return {
        name: {"mean": mean(values), "spread": stdev(values), "folds": values}
        for name in wanted
        for values in [[fold[name] for fold in found]]
    }
