"""Has a metric of one model changed? Two sets of rows, with units of their own: before, and now.

The variance of each side is that of its jackknife pseudo-values, one a unit; their difference is
compared with Student's t at Welch's degrees of freedom (Welch 1947), from the effective numbers of
units. Unlike a bootstrap's, such an interval can be given at any level. Units that both sides
share, such as customers, make it wider than need be.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, isfinite, sqrt

import numpy as np

from ..split.target import Array
from ..split.units import counted
from .intervals import GROUPS, Interval, Replicates, variance
from .paired import MOST, POWER
from .slicing import MIN_ROWS

MIN_UNITS = 6  # of a side: of fewer, the variance itself is a guess


@dataclass(frozen=True)
class Change:
    """A metric now beside the same before, each on rows of its own; None: undefined."""

    metric: str
    before: float | None
    now: float | None
    gain: float | None  # positive: better now, also where lower is better
    interval: Interval  # of the gain
    tolerance: float  # a loss up to this counts as none
    more_units: int | None = None  # of now, that would decide at this gain; None where none would

    @property
    def fell(self) -> bool:
        """Whether more than the tolerance was lost, and that is hardly chance."""
        gain, high = self.gain, self.interval.high
        return gain is not None and gain < -self.tolerance and high is not None and high < 0

    @property
    def holds(self) -> bool:
        """Whether a loss of more than the tolerance can be ruled out."""
        return self.interval.low is not None and self.interval.low >= -self.tolerance


def change(now: Replicates, before: Replicates, *, level: float, tolerance: float) -> Change:
    """A metric on two sets of rows that share no unit.

    Args:
        now: the metric on the newer rows.
        before: the same metric on the older ones.
        level: of the interval. A metric that did not change is said to have fallen in half as many
            cases at most.
        tolerance: the loss that counts as none, 0 or more.
    """
    gain = (now.whole - before.whole) * (1 if now.metric.greater_is_better else -1)
    result = Change(
        metric=now.metric.name,
        before=_defined(before.whole),
        now=_defined(now.whole),
        gain=_defined(gain),
        interval=Interval(),
        tolerance=tolerance,
    )
    reason = _undefined(before, "before") or _undefined(now, "now")
    if reason:
        return replace(result, interval=Interval(reason=reason), more_units=_missing(now))
    sides = (now, before)
    variances = np.array([variance(side.pseudo_values) for side in sides])
    margin = _t(variances, sides, level) * sqrt(variances.sum())
    result = replace(result, interval=Interval(gain - margin, gain + margin))
    if result.fell or result.holds:
        return result
    return replace(result, more_units=_more_units(result, variances, now.units.count, level))


def _defined(value: float) -> float | None:
    return value if isfinite(value) else None


def _undefined(side: Replicates, when: str) -> str | None:
    """Why a side says nothing, if so."""
    name, units = side.metric.name, side.units
    if units.count < MIN_UNITS or units.codes.size < MIN_ROWS:
        held = f"{counted(units.count, units.name)} and {counted(units.codes.size, 'row')}"
        return f"only {held} {when}; it takes {MIN_UNITS} and {MIN_ROWS}"
    if not (isfinite(side.whole) and np.isfinite(side.without_unit).all()):
        return f"{name} is undefined on the rows {when}, or without one {units.name} of them"
    return None


def _missing(now: Replicates) -> int | None:
    """How many units more there must be for anything to be said, if rows come as they came."""
    units, rows = now.units.count, now.units.codes.size
    missing = max(MIN_UNITS - units, ceil((MIN_ROWS - rows) * units / rows) if rows else 0)
    return missing if missing > 0 else None


def _t(variances: Array, sides: Sequence[Replicates], level: float) -> float:
    """The quantile by which standard errors become a margin."""
    from scipy.special import stdtrit

    if not variances.sum():
        return 0.0
    sizes = np.array([min(side.units.effective, GROUPS) for side in sides])
    freedom = variances.sum() ** 2 / (variances**2 / np.maximum(sizes - 1, 1)).sum()
    return float(stdtrit(freedom, 1 - level / 2))


def _more_units(result: Change, variances: Array, units: int, level: float) -> int | None:
    """How many more units now would decide with POWER, if the true gain is the observed one."""
    from scipy.special import ndtri

    gain = result.gain or 0.0
    distance = -gain if gain < -result.tolerance else gain + result.tolerance
    error = distance / float(ndtri(1 - level / 2) + ndtri(POWER))  # that would decide
    of_now, of_before = map(float, variances)
    if error**2 <= of_before:
        return None
    needed = min(units * of_now / (error**2 - of_before), MOST)
    return max(ceil(needed), units + 1) - units
