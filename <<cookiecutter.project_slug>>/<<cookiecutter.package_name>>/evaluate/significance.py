"""Classical paired tests of two models on the same rows, each for rows that come in units.

All of them are two-sided. With one row a unit they are the textbooks' tests; with larger units the
variance is that of the units' sums. Few units are paid for by Student's t in place of the normal.
The test of any other metric is in ``paired``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..split.target import Array
from ..split.units import Units
from .intervals import GROUPS, Interval
from .paired import sign_flip


@dataclass(frozen=True)
class Significance:
    """How much better the first of two models is, and whether that may be chance."""

    gain: float | None  # positive: the first is better
    interval: Interval  # of the gain
    p_value: float | None  # None where it is undefined
    detail: str = ""  # for people: what was counted, or why there is no p-value


def mcnemar(first: Array, second: Array, units: Units, *, level: float, seed: int) -> Significance:
    """Whether two classifiers are right equally often; the gain is that of the accuracy.

    Of independent rows the mid-p exact test on the rows on which only one is right (Fagerland,
    Lydersen, Laake 2013). Of larger units a sign-flip test on each unit's difference of right
    answers: the idea of Durkalski et al. (2003), exact for few units.

    Args:
        first: (n,) of booleans, whether the answer is right.
        second: (n,) of booleans.
        units: of the n rows.
        level: of the interval.
        seed: of the signs.
    """
    difference = first.astype(np.float64) - second
    gain, rows = float(difference.mean()), difference.size
    wins, losses = int((difference > 0).sum()), int((difference < 0).sum())
    if units.count == rows:
        p_value = _mid_p(wins, losses)
    else:
        p_value = sign_flip(_sums(difference, units.merged(GROUPS, seed)), seed=seed)
    squares = (_sums(difference - gain, units) ** 2).sum()
    variance = _unbiased(units.count) * float(squares) / rows**2
    detail = f"only the first is right on {wins:,} rows, only the second on {losses:,}"
    result = _student(gain, variance, units.count, level)
    return replace(result, p_value=p_value, detail=detail)


def _sums(values: Array, units: Units) -> Array:
    """The sum of each unit's values, (units.count,)."""
    return np.asarray(np.bincount(units.codes, values, units.count), dtype=np.float64)


def _unbiased(number: int) -> float:
    """By what a sum of squares of so many units, around their own mean, is too small."""
    return number / (number - 1) if number > 1 else float("nan")


def _mid_p(wins: int, losses: int) -> float:
    from scipy.stats import binom

    number, fewer = wins + losses, min(wins, losses)
    if not number:
        return 1.0
    mid = 2 * binom.cdf(fewer, number, 0.5) - binom.pmf(fewer, number, 0.5)
    return float(min(mid, 1.0))


def delong(
    truth: Array, first: Array, second: Array, units: Units, *, level: float
) -> Significance:
    """Whether two classifiers have the same area under the ROC curve, whose gain it is.

    DeLong, DeLong, Clarke-Pearson (1988) by midranks (Sun, Xu 2014); of units with the covariance
    of Obuchowski (1997), which lets a unit hold rows of both classes. Student's t has the degrees
    of freedom of the class that fewer units hold.

    Args:
        truth: (n,) of 0 and 1; both occur.
        first: (n,) scores, the higher the more likely 1.
        second: (n,) scores of the other.
        units: of the n rows.
        level: of the interval.
    """
    positive = truth == 1
    gains = _components(first, positive) - _components(second, positive)
    gain = float(gains[positive].mean())  # the same mean as over the negative rows
    sums, having = [], []
    for rows in (positive, ~positive):
        share = np.where(rows, gains - gain, 0) / rows.sum()
        sums.append(_sums(share, units))
        having.append(np.unique(units.codes[rows]).size)
    variance = sum(_unbiased(n) * (one**2).sum() for n, one in zip(having, sums, strict=True))
    variance += 2 * _unbiased(units.count) * (sums[0] * sums[1]).sum()
    return _student(gain, float(variance), min(having), level)


def _components(scores: Array, positive: NDArray[np.bool_]) -> Array:
    """Of each row the share of rows of the other class that it is ordered rightly against, (n,)."""
    from scipy.stats import rankdata

    among_all = rankdata(scores)
    components = np.empty(scores.size)
    above, below = positive, ~positive
    components[above] = (among_all[above] - rankdata(scores[above])) / below.sum()
    components[below] = 1 - (among_all[below] - rankdata(scores[below])) / above.sum()
    return components


def corrected_t(gains: Array, held_out: float, *, level: float) -> Significance:
    """Whether two ways to train differ over the folds of a cross-validation, repeated or not.

    The scores of folds are not independent, for their training rows overlap; the variance is
    corrected for it (Nadeau, Bengio 2003).

    Args:
        gains: (folds,) of the two models' scores; both were scored on the same folds.
        held_out: rows of a fold over the rows that its models learned from.
        level: of the interval.
    """
    folds = gains.size
    variance = (1 / folds + held_out) * gains.var(ddof=1) if folds > 1 else np.nan
    result = _student(float(gains.mean()), float(variance), folds, level)
    return replace(result, detail=result.detail or f"{folds} folds")


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """P-values of several tests, so that any of them errs at the level (Holm 1979).

    What is undefined stays so and is not counted.
    """
    defined = sorted((value, number) for number, value in enumerate(p_values) if value is not None)
    adjusted, largest = list(p_values), 0.0
    for place, (value, number) in enumerate(defined):
        largest = max(largest, min(1.0, (len(defined) - place) * value))
        adjusted[number] = largest
    return adjusted


def _student(gain: float, variance: float, count: int, level: float) -> Significance:
    """Student's t test, and interval, of a gain with this variance, by ``count`` observations."""
    from scipy.special import stdtr, stdtrit

    if not np.isfinite(variance):
        reason = "too few units"
        return Significance(gain, Interval(reason=reason), None, reason)
    if variance <= 0:
        reason = "the gain is the same in every unit"
        return Significance(gain, Interval(reason=reason), None if gain else 1.0, reason)
    error = float(np.sqrt(variance))
    width = -error * float(stdtrit(count - 1, level / 2))
    p_value = 2 * float(stdtr(count - 1, -abs(gain) / error))
    return Significance(gain, Interval(gain - width, gain + width), p_value)
