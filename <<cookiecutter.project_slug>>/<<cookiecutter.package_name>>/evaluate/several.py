"""Several models on the same test rows: each by every metric, and every pair by paired tests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np

from ..errors import DataError
from ..model.metric import Metric
from ..split.target import Array, Task
from ..split.units import Units
from .intervals import Interval, Precision, Replicates, percentiles, replicate, resampled
from .paired import compare
from .row_predictions import RowPredictions
from .significance import Significance, corrected_t, delong, holm, mcnemar


@dataclass(frozen=True, eq=False)
class FoldScores:
    """A metric's values over the folds of a cross-validation."""

    values: Array  # (folds,)
    held_out: float  # rows of a fold over the rows that its models learned from


@dataclass(frozen=True, eq=False)
class Contender:
    """A model that is compared."""

    name: str  # for people: an experiment, a branch, a commit
    rows: RowPredictions
    folds: Mapping[str, FoldScores]  # by metric; empty without a cross-validation


@dataclass(frozen=True)
class Figure:
    """A metric of a model, or a gain in it: value, None where undefined, and interval."""

    value: float | None
    interval: Interval


@dataclass(frozen=True)
class Pair:
    """Two models, the first of which has the better value of the deciding metric."""

    first: str
    second: str
    gains: dict[str, Figure]  # by metric
    tests: dict[str, Significance]  # by name; the first one decides
    adjusted: dict[str, float | None]  # their p-values, for as many pairs (Holm)
    precision: Precision  # of the gain in the deciding metric
    more_units: int | None  # that would decide at this gain, see ``Comparison``

    @property
    def leading(self) -> Significance:
        """The test that decides."""
        return next(iter(self.tests.values()))

    def decided(self, level: float) -> bool:
        """Whether the first is better than the second at this level."""
        p_value = next(iter(self.adjusted.values()))
        return p_value is not None and p_value < level


@dataclass(frozen=True)
class Ranking:
    """Several models, the best by the deciding metric first, and every pair of them."""

    deciding: str
    level: float
    models: dict[str, dict[str, Figure]]  # by name and metric
    pairs: list[Pair]


def check_same_rows(contenders: Sequence[Contender]) -> None:
    """Refuse models that were tested on different rows.

    Raises:
        DataError: says how many rows they share.
    """
    first, *others = contenders
    for other in others:
        names = f"{first.name} and {other.name}"
        ours, theirs = first.rows, other.rows
        if ours.target != theirs.target or ours.keys.name != theirs.keys.name:
            raise DataError(
                f"{names} answer different questions: {_question(ours)}, and {_question(theirs)}. "
                "Compare models of one table and target.",
                "data.other_target",
            )
        if not ours.keys.equals(theirs.keys, check_dtypes=True):
            raise DataError(
                f"{names} were tested on different rows: {len(ours.keys):,} and "
                f"{len(theirs.keys):,}, of which they share {_shared(ours, theirs):,}. Run one of "
                "them again on the data, schema and split (split.seed) of the other.",
                "data.other_rows",
            )
        if changed := int((ours.truth != theirs.truth).sum()):
            raise DataError(
                f"{names} were tested on rows of the same keys, of which {changed:,} have another "
                "truth: the data changed in between. Run one of them again on the data of the "
                "other.",
                "data.other_truth",
            )


def _question(rows: RowPredictions) -> str:
    target = rows.target
    classes = f" ({', '.join(map(str, target.classes))})" if target.classes else ""
    return f"{target.column!r}{classes} of each {rows.keys.name!r}"


def _shared(ours: RowPredictions, theirs: RowPredictions) -> int:
    if ours.keys.dtype != theirs.keys.dtype:
        return 0
    return int(ours.keys.is_in(theirs.keys.implode()).sum())


def rank(
    contenders: Sequence[Contender],
    metrics: Sequence[Metric],
    *,
    resamples: int,
    level: float,
    seed: int,
) -> Ranking:
    """Models in order of the deciding metric, each pair of them tested.

    The units are those of the model that has the fewest, which is the most cautious.

    Args:
        contenders: two or more, tested on the same rows, see ``check_same_rows``.
        metrics: the first one decides.
        resamples: of the intervals.
        level: of intervals and tests.
        seed: of all that is drawn.
    """
    units = min((one.rows.units for one in contenders), key=lambda units: units.count)
    drawn: dict[str, Any] = {"units": units, "resamples": resamples, "seed": seed}
    measured = [_Measured.measure(one, metrics, drawn) for one in contenders]
    measured.sort(key=_Measured.order)
    models = {one.of.name: one.figures(level) for one in measured}
    pairs = [_pair(*pair, level=level, seed=seed) for pair in combinations(measured, 2)]
    return Ranking(metrics[0].name, level, models, _with_holm(pairs))


@dataclass(frozen=True, eq=False)
class _Measured:
    """A model by every metric: on all rows, and on resamples of their units."""

    of: Contender
    metrics: Sequence[Metric]
    deciding: Replicates
    values: dict[str, float]
    resampled: dict[str, Array]

    @classmethod
    def measure(
        cls, one: Contender, metrics: Sequence[Metric], drawn: Mapping[str, Any]
    ) -> "_Measured":
        rows, (first, *others) = (one.rows.target, one.rows.truth, one.rows.predictions), metrics
        deciding = replicate(first, *rows, **drawn)
        values = {first.name: deciding.whole} | {other.name: other(*rows) for other in others}
        columns = {first.name: deciding.resampled} | resampled(others, *rows, **drawn)
        return cls(one, metrics, deciding, values, columns)

    def order(self) -> float:
        """A number that is the lower the better the model; what is undefined comes last."""
        value = self.deciding.whole
        if not np.isfinite(value):
            return np.inf
        return -value if self.deciding.metric.greater_is_better else value

    def figures(self, level: float) -> dict[str, Figure]:
        """Each metric with its interval."""
        return {
            name: self._figure(name, value, self.resampled[name], level)
            for name, value in self.values.items()
        }

    def gains(self, other: "_Measured", level: float) -> dict[str, Figure]:
        """How much better this model is than another by each metric: positive is better."""
        gains = {}
        for metric in self.metrics:
            name, sign = metric.name, 1 if metric.greater_is_better else -1
            value = sign * (self.values[name] - other.values[name])
            columns = sign * (self.resampled[name] - other.resampled[name])
            gains[name] = self._figure(name, value, columns, level)
        return gains

    def _figure(self, name: str, value: float, columns: Array, level: float) -> Figure:
        interval = percentiles(columns, name, self.deciding.units, level)
        return Figure(value if np.isfinite(value) else None, interval)


def _pair(first: _Measured, second: _Measured, *, level: float, seed: int) -> Pair:
    metric, units = first.deciding.metric, first.deciding.units
    by_sign = compare(first.deciding, second.deciding, level=level, seed=seed)
    tests = {
        f"sign-flip ({metric.name})": Significance(
            by_sign.gain, by_sign.interval, by_sign.p_value, by_sign.reason or ""
        ),
        **_classical(first.of.rows, second.of.rows, units, level=level, seed=seed),
        **_over_folds(first.of, second.of, metric, level=level),
    }
    names, gains = (first.of.name, second.of.name), first.gains(second, level)
    return Pair(*names, gains, tests, {}, by_sign.precision, by_sign.more_units)


def _classical(
    first: RowPredictions, second: RowPredictions, units: Units, *, level: float, seed: int
) -> dict[str, Significance]:
    """The tests that people know by name; none of a regression."""
    target, truth = first.target, first.truth
    if not target.is_classification:
        return {}
    ours, theirs = first.predictions, second.predictions
    right, others = ours.answers == truth, theirs.answers == truth
    tests = {"McNemar (accuracy)": mcnemar(right, others, units, level=level, seed=seed)}
    if target.task is Task.BINARY and np.unique(truth).size == 2:
        areas = delong(truth, ours.outputs[:, 1], theirs.outputs[:, 1], units, level=level)
        tests["DeLong (roc_auc)"] = areas
    return tests


def _over_folds(
    first: Contender, second: Contender, metric: Metric, *, level: float
) -> dict[str, Significance]:
    """The test by the folds, where both models were scored on folds of the same sizes."""
    one, other = (contender.folds.get(metric.name) for contender in (first, second))
    if one is None or other is None or one.held_out != other.held_out:
        return {}
    if one.values.size != other.values.size:
        return {}
    gains = one.values - other.values
    gains = gains if metric.greater_is_better else -gains
    return {f"corrected t ({metric.name})": corrected_t(gains, one.held_out, level=level)}


def _with_holm(pairs: list[Pair]) -> list[Pair]:
    """The pairs with the p-values of each test adjusted for as many pairs as it was done on."""
    adjusted: list[dict[str, float | None]] = [{} for _ in pairs]
    for name in dict.fromkeys(name for pair in pairs for name in pair.tests):
        having = [number for number, pair in enumerate(pairs) if name in pair.tests]
        p_values = holm([pairs[number].tests[name].p_value for number in having])
        for number, p_value in zip(having, p_values, strict=True):
            adjusted[number][name] = p_value
    return [replace(pair, adjusted=one) for pair, one in zip(pairs, adjusted, strict=True)]
