"""Classical paired tests of two classifiers on the same rows, each for rows that come in units.

All of them are two-sided. With one row a unit they are the textbooks' tests; with larger units the
variance is that of the units' sums. Few units are paid for by Student's t in place of the normal.
The test of any other metric is in ``paired``.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ..split.target import Array
from .units import Units


def mcnemar(first_right: Array, second_right: Array, units: Units) -> float:
    """Whether two classifiers are right equally often.

    Of independent rows the mid-p exact test on the rows on which only one is right (Fagerland,
    Lydersen, Laake 2013). Of units a t test on each unit's difference of right answers, which is
    the form of Obuchowski (1998) with the reference of few units.

    Args:
        first_right: (n,) of booleans.
        second_right: (n,) of booleans.
        units: of the n rows.

    Returns:
        the p-value; 1 where the two are right on the same rows.
    """
    from scipy.stats import binom

    difference = first_right.astype(np.float64) - second_right
    if units.count < difference.size:
        return _t_test(np.bincount(units.codes, weights=difference, minlength=units.count))
    wins, losses = int((difference > 0).sum()), int((difference < 0).sum())
    number, fewer = wins + losses, min(wins, losses)
    if not number:
        return 1.0
    mid = 2 * binom.cdf(fewer, number, 0.5) - binom.pmf(fewer, number, 0.5)
    return float(min(mid, 1.0))


def delong(truth: Array, first: Array, second: Array, units: Units) -> float:
    """Whether two classifiers have the same area under the ROC curve.

    DeLong, DeLong, Clarke-Pearson (1988) by midranks (Sun, Xu 2014); of units with the covariance
    of Obuchowski (1997), which lets a unit hold rows of both classes.

    Args:
        truth: (n,) of 0 and 1; both occur.
        first: (n,) scores, the higher the more likely 1.
        second: (n,) scores of the other.
        units: of the n rows.

    Returns:
        the p-value; NaN where one class has fewer than two units.
    """
    positive = truth == 1
    codes = units.codes
    gain = _components(first, positive) - _components(second, positive)
    area = gain[positive].mean()  # the same mean as over the negative rows
    sums = {
        label: np.bincount(codes[rows], weights=gain[rows] - area, minlength=units.count)
        for label, rows in ((1, positive), (0, ~positive))
    }
    number = {1: int(positive.sum()), 0: int((~positive).sum())}
    having = {1: np.unique(codes[positive]).size, 0: np.unique(codes[~positive]).size}
    if min(having.values()) < 2:
        return float("nan")
    variance = sum(
        having[label] / (having[label] - 1) * (sums[label] ** 2).sum() / number[label] ** 2
        for label in (0, 1)
    )
    both = units.count / (units.count - 1) * (sums[0] * sums[1]).sum()
    variance += 2 * both / (number[0] * number[1])
    return _two_sided(area, variance, units.count)


def _components(scores: Array, positive: NDArray[np.bool_]) -> Array:
    """Of each row the share of rows of the other class that it is ordered rightly against, (n,)."""
    from scipy.stats import rankdata

    among_all = rankdata(scores)
    components = np.empty(scores.size)
    above, below = positive, ~positive
    components[above] = (among_all[above] - rankdata(scores[above])) / below.sum()
    components[below] = 1 - (among_all[below] - rankdata(scores[below])) / above.sum()
    return components


def corrected_t(differences: Array, held_out: float) -> float:
    """Whether two models differ over the folds of a cross-validation, repeated or not.

    The scores of folds are not independent, for their training rows overlap; the variance is
    corrected for it (Nadeau, Bengio 2003).

    Args:
        differences: (folds,) of the two models' scores.
        held_out: rows of a fold over the rows that its models learned from.

    Returns:
        the p-value; NaN of fewer than two folds.
    """
    if differences.size < 2:
        return float("nan")
    variance = (1 / differences.size + held_out) * differences.var(ddof=1)
    return _two_sided(float(differences.mean()), float(variance), differences.size)


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """P-values of several tests, so that any of them errs at the level (Holm 1979).

    What is undefined stays so and is not counted.
    """
    defined = sorted((value, name) for name, value in p_values.items() if np.isfinite(value))
    adjusted, largest = dict(p_values), 0.0
    for place, (value, name) in enumerate(defined):
        largest = max(largest, min(1.0, (len(defined) - place) * value))
        adjusted[name] = largest
    return adjusted


def _t_test(sums: Array) -> float:
    variance = sums.var(ddof=1) / sums.size if sums.size > 1 else float("nan")
    return _two_sided(float(sums.mean()), float(variance), sums.size)


def _two_sided(effect: float, variance: float, count: int) -> float:
    """The p-value of an effect with this variance, estimated from so many units."""
    from scipy.special import stdtr

    if variance <= 0:  # rounding may leave it below zero
        return 1.0 if effect == 0 else 0.0
    return float(2 * stdtr(count - 1, -abs(effect) / np.sqrt(variance)))
