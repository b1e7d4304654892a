"""How good a model is on parts of the test rows, and where it is worse by more than chance.

A slice is compared with all other rows. Its difference gets a one-sided jackknife t-test over units
(Efron, Tibshirani 1993, 11), and the p-values of all slices are corrected together (Holm 1979), so
that among many slices none looks bad by chance.
"""

from dataclasses import asdict, dataclass, replace
from math import isfinite
from typing import Any

import numpy as np

from ..model.metric import Metric
from ..runtime.progress import progress
from ..split.target import Array
from ..split.units import Rows
from .evidence import Evidence
from .intervals import Interval, least_units, leave_out, variance
from .significance import holm
from .slicing import MIN_ROWS, Mask, Slicing

GROUPS = 50  # of units, at most, that the jackknife leaves out one by one


@dataclass(frozen=True)
class Slice:
    """The metric on some rows, and how it differs from that on the others; None: undefined."""

    name: str  # for people: "origin = JFK"
    rows: int
    units: int
    value: float | None
    interval: Interval
    gain: float | None = None  # over the other rows; negative: worse, also where lower is better
    p_value: float | None = None  # one-sided, that it is worse; Holm-corrected
    worse: bool = False  # by more than chance


@dataclass(frozen=True)
class Slices:
    """All slices of a model's test rows."""

    metric: str
    slices: list[Slice]
    left_out: list[str]  # what is in no slice, and why

    def to_json(self) -> dict[str, Any]:
        """As ``reports/slices.json`` holds it."""
        return asdict(self)

    @property
    def warnings(self) -> list[str]:
        """The slices that are worse, for people."""
        return [
            f"{self.metric} is {one.value:.4f} where {one.name} ({one.rows:,} rows), worse by "
            f"{-(one.gain or 0):.4f} than on the other rows, which is more than chance (p = "
            f"{one.p_value:.2g}, corrected for {len(self.slices)} slices)"
            for one in self.slices
            if one.worse
        ]


def measure_slices(slicing: Slicing, metric: Metric, evidence: Evidence) -> Slices:
    """The metric on each slice of test rows.

    Args:
        slicing: of these rows.
        metric: that decides.
        evidence: what the rows say.
    """
    measured = []
    with progress("slices", len(slicing.masks), "slices") as step:
        for name, mask in slicing.masks.items():
            measured.append(_measured(name, mask, metric, evidence))
            step()
    corrected = holm([one.p_value for one in measured])
    tested = [
        replace(one, p_value=p, worse=p is not None and p < evidence.level)
        for one, p in zip(measured, corrected, strict=True)
    ]
    return Slices(metric.name, tested, slicing.left_out)


def _measured(name: str, mask: Mask, metric: Metric, evidence: Evidence) -> Slice:
    part = evidence.subset(mask)
    value, interval = part.value(metric), part.intervals([metric])[metric.name]
    defined = value if isfinite(value) else None
    gain, p_value = _compared(mask, metric, evidence)
    return Slice(name, part.truth.size, part.units.count, defined, interval, gain, p_value)


def _compared(mask: Mask, metric: Metric, whole: Evidence) -> tuple[float | None, float | None]:
    """The gain of a slice over the other rows, and how likely it is so low by chance."""
    units, rest = whole.units, ~mask
    if rest.sum() < MIN_ROWS or units.subset(rest).count < least_units(whole.level):
        return None, None

    def gain(rows: Rows) -> float:
        inside = mask[rows]
        here, there = (
            metric.score(whole.target, whole.truth[part], whole.predictions[part])
            for part in (rows[inside], rows[~inside])
        )
        return here - there

    difference = gain(np.arange(mask.size))
    without = np.array([gain(rows) for rows in leave_out(units, GROUPS, whole.seed)])
    if not isfinite(difference) or not np.isfinite(without).all():
        return None, None
    freedom = min(without.size, units.subset(mask).effective) - 1
    return difference, _p_value(difference, without, freedom)


def _p_value(whole: float, without: Array, freedom: float) -> float:
    """That a gain is so low by chance, from its values without each unit, (groups,)."""
    from scipy.special import stdtr

    error = variance((without.size - 1) * (without.mean() - without)) ** 0.5
    if error == 0:
        return 0.0 if whole < 0 else 1.0
    return float(stdtr(max(freedom, 1.0), whole / error))
