"""What each policy cost: its retrainings, and what its answers were worse than the best policy's.

One unit of loss is the gain of the first model over a constant answer: to lose all of it for one
period costs ``Prices.value``. The metric of a year is the mean of its periods, weighted by their
rows. Intervals and tests draw, leave out or flip units of independence of the whole year, the same
for all policies, so that they are paired.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from ..errors import ConfigError, DataError, ModelError
from ..evaluate.intervals import (
    GROUPS,
    Interval,
    Replicates,
    leave_out,
    percentiles,
    resample,
)
from ..evaluate.paired import Comparison, compare
from ..model.metric import Metric, Predictions
from ..split.target import Array, Target
from ..split.units import Rows, Units
from .player import Year
from .policies import Policy
from .training import Rules, Trained


@dataclass(frozen=True)
class Prices:
    """What things cost, in any one unit, such as that of one retraining."""

    retraining: float = 1.0  # one of them, with all the work around it
    value: float = 100.0  # of the model for one period, compared with a constant answer

    def __post_init__(self) -> None:
        if not (0 <= self.retraining < inf and 0 < self.value < inf):
            raise ConfigError(
                f"a retraining costs {self.retraining:g} and the model is worth {self.value:g} a "
                "period; the first may be 0 or more, the second above 0.",
                "config.prices",
            )


@dataclass(frozen=True, eq=False)
class Outcome:
    """What came of a policy."""

    year: Year
    metrics: dict[str, Replicates]  # of the year; the first decides
    cost: float
    interval: Interval  # of the cost, by what the answers were worse

    @property
    def policy(self) -> Policy:
        """Under which it was played."""
        return self.year.policy


@dataclass(frozen=True, eq=False)
class Ranking:
    """The policies, the cheapest first."""

    outcomes: list[Outcome]
    second: Outcome | None  # the next after the first that did anything else
    beside: Comparison | None  # the first beside the second, in the deciding metric

    def told_apart(self, level: float) -> bool:
        """Whether the first is cheaper than the second by more than chance."""
        return self.beside is not None and self.beside.significant(level)


def rank(
    start: Trained, years: Sequence[Year], units: Units, rules: Rules, prices: Prices
) -> Ranking:
    """The outcomes of policies that were played on the same stream.

    Args:
        start: the first model.
        years: one a policy.
        units: of all rows that arrived, in their order.
        rules: as they were played.
        prices: of what costs.

    Raises:
        ModelError: the first model is no better than a constant answer, so nothing can be lost.
    """
    if start.gain <= 0:
        raise ModelError(
            f"the first model is no better than a constant answer in {rules.metrics[0].name}, so "
            "there is no gain to lose. Choose another model, or data of more time.",
            "model.gain",
        )
    metrics, deciding = _metrics(years, units, rules), rules.metrics[0]
    sign = 1 if deciding.greater_is_better else -1
    best = max((one[deciding.name] for one in metrics), key=lambda one: sign * one.whole)
    unit = prices.value * len(years[0].turns) / start.gain  # what one of the metric costs a year
    outcomes = []
    for year, of_year in zip(years, metrics, strict=True):
        lost, work = best.gain(of_year[deciding.name]), prices.retraining * year.retrainings
        bound = percentiles(work + unit * lost.resampled, "the cost", units, rules.level)
        outcomes.append(Outcome(year, of_year, work + unit * lost.whole, bound))
    simplest = list(Policy).index
    outcomes.sort(key=lambda one: (round(one.cost, 9), simplest(one.policy)))
    first, *others = outcomes
    second = next((one for one in others if one.year.acts != first.year.acts), None)
    beside = None if second is None else _beside(first, second, unit, rules, prices)
    return Ranking(outcomes, second, beside)


def _metrics(years: Sequence[Year], units: Units, rules: Rules) -> list[dict[str, Replicates]]:
    """The metrics of each year; the same champions gave the same answers."""
    known: dict[tuple[str, ...], dict[str, Replicates]] = {}
    for year in years:
        if (champions := tuple(year.champions)) not in known:
            answers = Said.of(year)
            known[champions] = {
                one.name: answers.replicate(one, units, rules) for one in rules.metrics
            }
    return [known[tuple(year.champions)] for year in years]


def _beside(
    first: Outcome, second: Outcome, unit: float, rules: Rules, prices: Prices
) -> Comparison:
    """The first's gain must pay for the retrainings that it has more."""
    more = first.year.retrainings - second.year.retrainings
    name = rules.metrics[0].name
    return compare(
        *(first.metrics[name], second.metrics[name]),
        level=rules.level,
        seed=rules.seed,
        margin=prices.retraining * more / unit,
    )


@dataclass(frozen=True, eq=False)
class Said:
    """All answers of a year beside their truth, in order, and where each period ends."""

    target: Target
    truth: Array
    predictions: Predictions
    ends: NDArray[np.intp]

    @classmethod
    def of(cls, year: Year) -> "Said":
        """What the champions of a year said."""
        parts = [turn.answers.evidence for turn in year.turns]
        outputs, answers = (
            np.concatenate([getattr(one.predictions, side) for one in parts])
            for side in ("outputs", "answers")
        )
        return cls(
            parts[0].target,
            np.concatenate([one.truth for one in parts]),
            Predictions(outputs, answers),
            np.cumsum([one.truth.size for one in parts]),
        )

    def by_period(self, metric: Metric, rows: Rows) -> Array:
        """The metric on some rows of each period, (periods,); NaN where it is undefined."""
        rows = np.sort(rows)
        parts = np.split(rows, np.searchsorted(rows, self.ends[:-1]))
        values = [
            metric(self.target, self.truth[one], self.predictions[one]) if one.size else np.nan
            for one in parts
        ]
        return np.array(values)

    def replicate(self, metric: Metric, units: Units, rules: Rules) -> Replicates:
        """The metric of the year, over the periods in which it is defined."""
        every = np.arange(self.truth.size)
        defined = np.isfinite(self.by_period(metric, every))
        if not defined.any():
            raise DataError(
                f"{metric.name} is defined in no period that arrived: each holds one class only. "
                "Use more rows, or another first metric in conf/evaluate.",
                "data.one_class",
            )
        sizes = np.diff(self.ends, prepend=0)[defined]

        def value(rows: Rows) -> float:
            return float(np.average(self.by_period(metric, rows)[defined], weights=sizes))

        def values(draws: Iterator[Rows]) -> Array:
            return np.array([value(rows) for rows in draws])

        return Replicates(
            metric=metric,
            units=units,
            whole=value(every),
            resampled=values(resample(units, rules.bootstrap, rules.seed)),
            without_unit=values(leave_out(units, GROUPS, rules.seed)),
            without_rows=np.array([]),
        )
