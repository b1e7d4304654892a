"""Sets of classes, or intervals of values, that hold the truth of all rows but a share.

Split conformal prediction: the quantile of scores of the validation rows says how unusual an answer
may be. The score of a class is what its probability lacks to one (Sadinle, Lei, Wasserman 2019), of
a value the distance to the prediction; so intervals are of one width, and a set may be empty, where
no class is likely enough. Rows that share a unit say less than as many of their own: each unit
weighs the same, and one more is put beside them whose scores have no bound (Lee, Barber, Willett
2023, Distribution-free inference with hierarchical data). That holds the level on rows of new
units; where the row is the unit it is the ordinary quantile.

The rows must be new to the predictor. An estimator that stopped early by the validation rows has
seen them a little, so `evaluate` checks the share on the test rows.
"""

import json
from dataclasses import dataclass
from math import ceil

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..errors import DataError
from ..split.target import HIGH, LOW, PREDICTION_SET, Array, Target
from ..split.units import Units, counted


@dataclass(frozen=True)
class Conformal:
    """How unusual an answer may be."""

    level: float  # share of rows whose truth may lie outside
    quantile: float  # of the scores
    unit: str  # for people
    units: int  # of the validation rows

    def members(self, outputs: Array) -> NDArray[np.bool_]:
        """Whether each class is in a row's set, (n, k), from probabilities, (n, k)."""
        return np.asarray(1 - outputs <= self.quantile)

    def covered(self, target: Target, outputs: Array, truth: Array) -> NDArray[np.bool_]:
        """Whether the truth, (n,), lies in each row's set or interval, (n,)."""
        return scores(target, outputs, truth) <= self.quantile

    def columns(self, target: Target, outputs: Array) -> list[pl.Series]:
        """What stands beside the predictions of n rows.

        Of values ``prediction_low`` and ``prediction_high``; of classes ``prediction_set``, a list
        as a text of JSON, which CSV can hold too, and which no class's name can break.
        """
        if not target.is_classification:
            return [
                pl.Series(LOW, outputs - self.quantile),
                pl.Series(HIGH, outputs + self.quantile),
            ]
        members = self.members(outputs)
        sets, index = np.unique(np.packbits(members, axis=1), axis=0, return_inverse=True)
        unpacked = np.unpackbits(sets, axis=1, count=len(target.classes)).astype(bool)
        texts = [
            json.dumps([target.classes[code] for code in np.flatnonzero(row)], ensure_ascii=False)
            for row in unpacked
        ]
        of_rows = pl.Series(index.reshape(-1), dtype=pl.UInt32)
        return [pl.Series(PREDICTION_SET, texts, dtype=pl.String).gather(of_rows)]


def scores(target: Target, outputs: Array, truth: Array) -> Array:
    """How unusual the truth of each row, (n,), is for outputs, (n, k) or (n,)."""
    if not target.is_classification:
        return np.abs(truth - outputs)
    return np.asarray(1 - outputs[np.arange(truth.size), truth.astype(np.intp)])


def fit_conformal(
    level: float, target: Target, outputs: Array, truth: Array, units: Units
) -> Conformal:
    """The quantile of rows that the predictor did not learn from.

    Args:
        level: share of rows whose truth may lie outside.
        target: what is predicted.
        outputs: (n, k) probabilities or (n,) values.
        truth: (n,) class codes, or numbers.
        units: of the n rows, enough for the level: see ``check_units``.
    """
    of_rows = scores(target, outputs, truth)
    weights = 1 / ((units.count + 1) * units.sizes[units.codes])
    order = np.argsort(of_rows, kind="stable")
    place = int(np.searchsorted(weights[order].cumsum(), 1 - level - 1e-9))
    quantile = float(of_rows[order[min(place, order.size - 1)]])
    return Conformal(level, quantile, units.name, units.count)


def check_units(level: float, units: Units) -> None:
    """Refuse a level for which the validation rows are too few.

    Raises:
        DataError: says how many it takes.
    """
    least = ceil((1 - level) / level - 1e-9)
    if units.count < least:
        held = counted(units.count, units.name)
        raise DataError(
            f"evaluate.conformal is {level:g}, which takes {counted(least, units.name)} in the "
            f"validation rows; there are {held}. Raise split.validation, or set a level of at "
            f"least {1 / (units.count + 1):.2g}.",
            "data.conformal",
        )
