"""How certain a metric is: intervals and variances over units of independence.

The bootstrap draws whole units with replacement (cluster bootstrap; Davison, Hinkley 1997, 3.8),
the jackknife leaves out one unit at a time (Efron, Tibshirani 1993, 11). With one row a unit both
are the ordinary ones. The jackknife is for metrics that change little with one unit, which is
nearly all; the known exception is a median of few rows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import floor, isfinite, log2, sqrt

import numpy as np

from ..model.metric import Metric, Predictions
from ..runtime.progress import progress
from ..split.target import Array, Target
from ..split.units import ROW, Rows, Units, counted

GROUPS = 200  # of units, at most, that the jackknife leaves out one by one
ROW_GROUPS = 50  # of rows, at most, for the variance that a design effect compares with
MAX_UNDEFINED = 0.1  # share of resamples in which a metric may be undefined


@dataclass(frozen=True)
class Interval:
    """``low`` and ``high`` are None where no interval can be given, and ``reason`` says why."""

    low: float | None = None
    high: float | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Precision:
    """How much n rows say: of how many units they are, and what that costs."""

    unit: str  # for people, such as "day of departure"
    units: int
    effective_units: float  # of equal size, that would say as much (Kish 1965)
    rows: int
    design_effect: float | None  # variance by units : variance by rows; None where undefined


def least_units(level: float) -> int:
    """The fewest units from which a difference can be significant, or an interval hold its level.

    The differences of n units have 2**n patterns of sign, so no two-sided test of signs is below
    2**(1 - n), and no interval within the units' own values covers more than 1 - 2**(1 - n).
    """
    return floor(log2(1 / level)) + 2


def resample(units: Units, resamples: int, seed: int) -> Iterator[Rows]:
    """The rows of ``units.count`` units that are drawn with replacement, each (about n,)."""
    rng = np.random.default_rng(seed)
    order = np.argsort(units.codes, kind="stable")
    sizes = units.sizes
    starts = np.cumsum(sizes) - sizes
    with progress("bootstrap", resamples, "resamples") as step:
        for _ in range(resamples):
            step()
            drawn = rng.integers(units.count, size=units.count)
            if units.count == order.size:
                yield order[drawn]
                continue
            lengths = sizes[drawn]
            ends = np.cumsum(lengths)
            offsets = np.repeat(starts[drawn] - ends + lengths, lengths)
            yield order[offsets + np.arange(ends[-1])]


def leave_out(units: Units, groups: int, seed: int) -> Iterator[Rows]:
    """The rows without one unit, for each unit; more units than ``groups`` are merged at random."""
    merged = units.merged(groups, seed)
    with progress("jackknife", merged.count, "groups") as step:
        for left_out in range(merged.count):
            yield np.flatnonzero(merged.codes != left_out)
            step()


@dataclass(frozen=True, eq=False)
class Replicates:
    """A metric of one model: on all rows, on resamples, and without some of the rows."""

    metric: Metric
    units: Units
    whole: float
    resampled: Array  # (resamples,)
    without_unit: Array  # (at most GROUPS,)
    without_rows: Array  # (at most ROW_GROUPS,); none where the unit is the row

    @property
    def pseudo_values(self) -> Array:
        """What each unit contributes, (at most GROUPS,); their mean is the metric on all rows.

        Jackknife pseudo-values (Tukey 1958), around the value itself and not around that less its
        bias, so that a test on them and the figure beside it agree.
        """
        return self.whole + _deviations(self.without_unit)

    def gain(self, other: "Replicates") -> "Replicates":
        """How much better this model is than the other on the same rows: positive is better."""
        sign = 1 if self.metric.greater_is_better else -1
        return replace(
            self,
            whole=sign * (self.whole - other.whole),
            resampled=sign * (self.resampled - other.resampled),
            without_unit=sign * (self.without_unit - other.without_unit),
            without_rows=sign * (self.without_rows - other.without_rows),
        )

    def interval(self, level: float) -> Interval:
        """The interval at confidence ``1 - level``."""
        return percentiles(self.resampled, self.metric.name, self.units, level)

    def precision(self) -> Precision:
        """How much the rows say of this metric."""
        units, rows = self.units, self.units.codes.size
        effect = 1.0 if units.count == rows else None
        if self.without_rows.size and units.count > 1:
            by_rows = variance(_deviations(self.without_rows))
            ratio = variance(_deviations(self.without_unit)) / by_rows if by_rows > 0 else np.nan
            effect = ratio if isfinite(ratio) else None
        return Precision(units.name, units.count, units.effective, rows, effect)


def _deviations(without: Array) -> Array:
    return np.asarray((without.size - 1) * (without.mean() - without))


def variance(values: Array) -> float:
    """The variance of a statistic, by its pseudo-values, (n,)."""
    return float(values.var(ddof=1)) / values.size


def replicate(
    metric: Metric,
    target: Target,
    truth: Array,
    predictions: Predictions,
    *,
    units: Units,
    resamples: int,
    seed: int,
) -> Replicates:
    """A metric on n rows, on resamples of their units, and without some of them.

    Two models that are replicated with the same units and seed see the same rows each time, so
    their difference is paired.

    Args:
        metric: any.
        target: what is predicted.
        truth: (n,) class codes, or numbers.
        predictions: of the n rows.
        units: of the n rows.
        resamples: their number.
        seed: of all that is drawn.
    """

    def values(draws: Iterator[Rows]) -> Array:
        return np.array([metric(target, truth[rows], predictions[rows]) for rows in draws])

    by_row = Units(ROW, np.arange(0 if units.count == truth.size else truth.size))
    return Replicates(
        metric,
        units,
        metric(target, truth, predictions),
        values(resample(units, resamples, seed)),
        values(leave_out(units, GROUPS, seed)) if units.count > 1 else np.array([]),
        values(leave_out(by_row, ROW_GROUPS, seed)),
    )


def intervals(
    wanted: list[Metric],
    target: Target,
    truth: Array,
    predictions: Predictions,
    *,
    units: Units,
    resamples: int,
    level: float,
    seed: int,
) -> dict[str, Interval]:
    """The interval of each metric at confidence ``1 - level``, by name; see ``replicate``."""
    values = resampled(
        wanted, target, truth, predictions, units=units, resamples=resamples, seed=seed
    )
    return {name: percentiles(column, name, units, level) for name, column in values.items()}


def resampled(
    wanted: Sequence[Metric],
    target: Target,
    truth: Array,
    predictions: Predictions,
    *,
    units: Units,
    resamples: int,
    seed: int,
) -> dict[str, Array]:
    """Each metric's values on the same resamples of units, (resamples,), by name.

    Two models that are resampled with the same units and seed see the same rows each time.
    """
    values = np.empty((resamples, len(wanted)))
    for number, rows in enumerate(resample(units, resamples, seed)):
        drawn = predictions[rows]
        values[number] = [one(target, truth[rows], drawn) for one in wanted]
    return {one.name: column for one, column in zip(wanted, values.T, strict=True)}


def percentiles(values: Array, name: str, units: Units, level: float) -> Interval:
    """The expanded percentile interval of bootstrapped values, (resamples,).

    The quantiles lie further out, as those of Student's t beside the normal's: a bootstrap of n
    units has a variance that is too small by (n - 1) / n, and tails that are too light (Hesterberg
    2015, What Teachers Should Know About the Bootstrap, 5.3). n is the effective number of units:
    with units of very different size, their count would leave the interval too short.
    """
    from scipy.special import ndtr, stdtrit

    if units.count < (least := least_units(level)):
        held = counted(units.count, units.name)
        return Interval(reason=f"only {held}: an interval at level {level:g} needs {least}")
    defined = values[np.isfinite(values)]
    if defined.size < (1 - MAX_UNDEFINED) * values.size:
        share = 1 - defined.size / values.size
        return Interval(reason=f"{name} is undefined in {share:.0%} of the resamples")
    size = max(units.effective, 2.0)
    outside = float(ndtr(sqrt(size / (size - 1)) * stdtrit(size - 1, level / 2)))
    low, high = np.quantile(defined, [outside, 1 - outside], method="weibull")
    return Interval(float(low), float(high))
