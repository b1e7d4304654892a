"""How far two spreads of a column are apart: each method takes counts in the same bins.

Half a row a bin is added, spread as both samples together are, so that an empty bin gives no
infinity and one that is empty in both no score. What chance alone gives to two samples of one
distribution is, to the method's ``power``, in the mean near a multiple of 1/n + 1/m.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from .bins import Bins, Counts

Shares = NDArray[np.float64]
SMOOTHING = 0.5  # rows a bin that are added to each sample
EMPTY = 1e-9  # rows of both in a bin that has none
MISSING = 2.0  # standard deviations


@dataclass(frozen=True)
class Divergence:
    """A method: its score of two arrays of shares, (..., bins) each."""

    score: Callable[..., Shares]
    power: int  # of the score that grows like one over the number of rows
    least: float  # scores below are of no importance, however many rows show them
    is_ordered: bool = False  # it needs bins on a line
    by_gaps: bool = False  # and how far these are apart; else bins stand at quantiles alone
    merge: Callable[[Counts], Counts] = np.asarray  # what ``on`` does to counts first

    def on(self, bins: Bins) -> "Divergence":
        """The method for counts in these bins."""
        if self.by_gaps:
            return replace(self, score=partial(self.score, gaps=bins.gaps))
        return replace(self, merge=bins.at_quantiles)

    def __call__(self, before: Counts, now: Counts) -> Shares:
        """The score of counts, (..., bins) each; what rounding makes negative is zero."""
        return np.maximum(self.score(*shares(self.merge(before), self.merge(now))), 0.0)


def shares(before: Counts, now: Counts) -> tuple[Shares, Shares]:
    """Smoothed shares of two samples' counts, (..., bins) each, that add up to one."""
    added, both = SMOOTHING * before.shape[-1], before + now + EMPTY
    spread = added * both / both.sum(axis=-1, keepdims=True)
    smoothed = before + spread, now + spread
    old, new = (np.asarray(one / one.sum(axis=-1, keepdims=True)) for one in smoothed)
    return old, new


def _kl(p: Shares, q: Shares) -> Shares:
    """Kullback and Leibler 1951: of the new shares from the old ones."""
    return np.asarray((q * np.log(q / p)).sum(axis=-1))


def _psi(p: Shares, q: Shares) -> Shares:
    """Population stability index: the sum of both directions of Kullback and Leibler."""
    return np.asarray(((q - p) * np.log(q / p)).sum(axis=-1))


def _jensen_shannon(p: Shares, q: Shares) -> Shares:
    """The distance (Endres, Schindelin 2003): the root of the divergence in bits, 0 to 1."""
    middle = (p + q) / 2
    both = (_kl(middle, p) + _kl(middle, q)) / 2
    return np.asarray(np.sqrt(np.maximum(both, 0.0) / np.log(2)))


def _total_variation(p: Shares, q: Shares) -> Shares:
    """Half of the sum of differences: the share of rows that would have to move."""
    return np.asarray(np.abs(p - q).sum(axis=-1) / 2)


def _chi_squared(p: Shares, q: Shares) -> Shares:
    """Neyman's chi-squared of the shares: per row, so that it does not grow with the rows."""
    return np.asarray(((q - p) ** 2 / p).sum(axis=-1))


def _kolmogorov_smirnov(p: Shares, q: Shares) -> Shares:
    """The largest difference of the cumulative shares, at the bins' edges."""
    return np.asarray(np.abs(np.cumsum(q - p, axis=-1)).max(axis=-1))


def _wasserstein(p: Shares, q: Shares, gaps: Shares) -> Shares:
    """Earth mover's distance in standard deviations; a value that goes missing moves by MISSING.

    Args:
        gaps: between the middles of neighbouring bins, (bins - 2,).
    """
    old, new = (one[..., :-1] / one[..., :-1].sum(axis=-1, keepdims=True) for one in (p, q))
    moved = (np.abs(np.cumsum(new - old, axis=-1)[..., :-1]) * gaps).sum(axis=-1)
    return np.asarray(moved + MISSING * np.abs(q[..., -1] - p[..., -1]))


DIVERGENCES = {
    "psi": Divergence(_psi, 1, 0.015),
    "kl": Divergence(_kl, 1, 0.0075),
    "jensenshannon": Divergence(_jensen_shannon, 2, 0.04),
    "total_variation": Divergence(_total_variation, 2, 0.03),
    "chi_squared": Divergence(_chi_squared, 1, 0.015),
    "ks": Divergence(_kolmogorov_smirnov, 2, 0.03, is_ordered=True),
    "wasserstein": Divergence(_wasserstein, 2, 0.08, is_ordered=True, by_gaps=True),
}
