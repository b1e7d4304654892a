"""Everything that is said of a model's predictions on test rows."""

from dataclasses import asdict
from typing import Any

import numpy as np

from ..model.metric import Metric, Predictions
from ..model.metrics import measure
from ..split.target import Array, Target
from ..split.units import Units
from .intervals import intervals, replicate
from .paired import compare


def assess(
    wanted: list[Metric],
    target: Target,
    truth: Array,
    predictions: Predictions,
    threshold: float | None,
    *,
    units: Units,
    resamples: int,
    level: float,
    seed: int,
) -> dict[str, Any]:
    """Metrics, their intervals by units, and a paired test against a constant answer.

    Args:
        wanted: metrics; the first one decides.
        truth: (n,) class codes, or numbers.
        threshold: of the constant answer too.
        units: of the n rows.

    Returns:
        each metric by name; an ``interval`` and a ``dummy`` of each; the ``sample`` of the first.
    """
    constant = constant_answer(target, truth, threshold)
    drawn: dict[str, Any] = {"units": units, "resamples": resamples, "seed": seed}
    pair = [replicate(wanted[0], target, truth, one, **drawn) for one in (predictions, constant)]
    against = compare(*pair, level=level, seed=seed)
    bounds = {wanted[0].name: pair[0].interval(level)}
    bounds |= intervals(wanted[1:], target, truth, predictions, level=level, **drawn)
    return measure(wanted, target, truth, predictions) | {
        "deciding": wanted[0].name,
        "test_rows": truth.size,
        "gain": against.gain,
        "p_value": against.p_value,
        "better_than_dummy": against.significant(level),
        "against_constant": asdict(against),
        "interval": {name: asdict(bound) for name, bound in bounds.items()},
        "dummy": measure(wanted, target, truth, constant),
        "sample": asdict(pair[0].precision()),
    }


def constant_answer(target: Target, truth: Array, threshold: float | None) -> Predictions:
    """The shares of the classes, or the mean, for each of n rows: what a model must beat."""
    if not target.is_classification:
        outputs = np.full(truth.size, truth.mean())
    else:
        counts = np.bincount(truth.astype(int), minlength=len(target.classes))
        outputs = np.tile(counts / truth.size, (truth.size, 1))
    return Predictions(outputs, target.answers(outputs, threshold))
