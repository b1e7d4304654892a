"""Pairs of models whose truth is known, on independent rows and on rows in clusters."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from <<cookiecutter.package_name>>.evaluate.intervals import (
    replicate,
)
from <<cookiecutter.package_name>>.evaluate.paired import (
    Comparison,
    compare,
)
from <<cookiecutter.package_name>>.model.metric import (
    Metric,
    Predictions,
)
from <<cookiecutter.package_name>>.split.target import Target, Task
from <<cookiecutter.package_name>>.split.units import Units

LEVEL = 0.05
TARGET = Target("y", Task.REGRESSION)
SQUARED_ERROR = Metric(
    "mean_squared_error",
    "values",
    frozenset({Task.REGRESSION}),
    greater_is_better=False,
    function=lambda _, truth, predictions: float(np.mean((truth - predictions.answers) ** 2)),
)


def days(number: int, rows: int) -> Units:
    """So many days with so many rows each."""
    return Units("day of departure", np.repeat(np.arange(number), rows))


def by_row(units: Units) -> Units:
    """The same rows, each as its own unit."""
    return Units("row", np.arange(units.codes.size))


def values(numbers: NDArray[np.float64]) -> Predictions:
    """Predictions of a regression."""
    return Predictions(numbers, numbers)


@dataclass(frozen=True)
class Pair:
    """Two models that predict zero, but for an error of their own, which rows of a unit share."""

    truth: NDArray[np.float64]
    first: Predictions
    second: Predictions

    def compare(self, units: Units, resamples: int = 1) -> Comparison:
        """The two by their squared error; the interval needs more resamples."""
        drawn = {"units": units, "resamples": resamples, "seed": 1}
        replicates = [
            replicate(SQUARED_ERROR, TARGET, self.truth, model, **drawn)
            for model in (self.first, self.second)
        ]
        return compare(*replicates, level=LEVEL, seed=1)


def pair(rng: np.random.Generator, shared: Units, gain: float = 0.0) -> Pair:
    """Models whose errors are drawn anew for each unit; the first's true gain is ``gain`` of 1.

    Of 40 rows a unit, the variance of the gain is about 20 times what it is of independent rows.
    """
    weather, first, second = rng.normal(size=(3, shared.count))
    truth = weather[shared.codes] + rng.normal(scale=1.25, size=shared.codes.size)
    first = first * np.sqrt(1 - gain)
    return Pair(truth, values(first[shared.codes]), values(second[shared.codes]))
