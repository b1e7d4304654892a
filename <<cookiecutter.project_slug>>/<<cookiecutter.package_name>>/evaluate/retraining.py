"""What models say that are trained anew: on folds, and on shares of the training rows."""

from typing import Any

import polars as pl

from ..config import Config
from ..model.metric import Metric
from ..model.training import ModelSpec
from ..split.features import features
from ..split.splits import SplitSpec, folds
from ..split.target import Target
from ..split.units import units
from .cross_validation import cross_validate
from .learning_curve import Part, learning_curve


def retrain(
    config: Config,
    tuned: dict[str, Any],
    target: Target,
    wanted: list[Metric],
    *,
    train: pl.DataFrame,
    validation: pl.DataFrame,
    test: pl.DataFrame,
) -> dict[str, Any]:
    """``cross_validation`` and ``learning_curve``, as far as the configuration asks for them.

    Args:
        tuned: parameters on top of the configuration.
        wanted: metrics; the first one decides.
    """
    spec, settings = ModelSpec.from_config(config, tuned), config.evaluate
    learned, held_out, scored = (_part(config, target, part) for part in (train, validation, test))
    results: dict[str, Any] = {}
    if config.split.folds:
        dealt = SplitSpec.from_config(config.data, config.split, target)
        results["cross_validation"] = cross_validate(
            *(spec, learned.features, target, learned.truth),
            folds=folds(train, dealt, number=config.split.folds, repeats=config.split.repeats),
            wanted=wanted,
            held_out=(held_out.features, held_out.truth),
        )
    if settings.learning_curve.shares:
        results["learning_curve"] = learning_curve(
            settings.learning_curve,
            spec,
            target,
            wanted[0],
            train=learned,
            units=units(train, settings.unit, group=config.split.group, time=config.data.time),
            validation=held_out,
            test=scored,
        )
    return results


def _part(config: Config, target: Target, rows: pl.DataFrame) -> Part:
    data = config.data
    x = features(rows, data.target, data.key, data.ignore)
    return Part(x, target.encode(rows[data.target]))
