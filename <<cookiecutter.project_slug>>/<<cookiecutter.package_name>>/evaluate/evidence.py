"""Rows whose truth is known, what a model said of them, and how intervals are drawn."""

from dataclasses import dataclass, replace
from typing import Any

from numpy.typing import NDArray

from ..model.metric import Metric, Predictions
from ..split.target import Array, Target
from ..split.units import Units
from .intervals import Interval, Replicates, intervals, replicate


@dataclass(frozen=True, eq=False)
class Evidence:
    """What n rows say of a model."""

    target: Target
    truth: Array  # (n,) class codes, or numbers
    predictions: Predictions
    units: Units
    resamples: int
    level: float
    seed: int

    @property
    def sampling(self) -> dict[str, Any]:
        """How intervals are drawn, as keywords."""
        return {
            "units": self.units,
            "resamples": self.resamples,
            "level": self.level,
            "seed": self.seed,
        }

    def value(self, metric: Metric) -> float:
        """The metric on these rows."""
        return metric(self.target, self.truth, self.predictions)

    def intervals(self, wanted: list[Metric]) -> dict[str, Interval]:
        """The interval of each metric, by name."""
        return intervals(wanted, self.target, self.truth, self.predictions, **self.sampling)

    def replicate(self, metric: Metric) -> Replicates:
        """The metric on resamples."""
        return replicate(
            *(metric, self.target, self.truth, self.predictions),
            units=self.units,
            resamples=self.resamples,
            seed=self.seed,
        )

    def subset(self, rows: NDArray[Any]) -> "Evidence":
        """What some rows say, given by number or by a mask."""
        of_rows = self.truth[rows], self.predictions[rows], self.units.subset(rows)
        truth, predictions, units = of_rows
        return replace(self, truth=truth, predictions=predictions, units=units)
