"""Above which score a column has drifted: from past batches, or from chance alone.

Rows of one day or week share their weather: an ordinary week differs from the year by more than
chance between independent rows explains. So limits come from past batches of the length that
arrives. A batch's score is divided by what is expected of one of its size; the logarithm of that is
near normal, and the limit is its upper prediction bound for one more batch (Hahn, Meeker 1991,
chapter 4), at a level for all columns together by Bonferroni's inequality. With few past batches,
the limit is that of chance: draws of both samples from the reference's shares.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .bins import Counts
from .divergences import Divergence, shares

FEWEST = 12  # past batches that limits can come from
DRAWS = 4000  # of samples that differ by chance alone
TAIL = 0.02  # of the draws: beyond, scores are taken to fall off exponentially
FLOOR = 1e-12  # of a score, for its logarithm

Scores = NDArray[np.float64]


@dataclass(frozen=True)
class History:
    """What ordinary batches looked like in one column.

    ``expected(n)`` is the mean of the score, to the method's power, in a batch of n rows: a part by
    chance, and one that batches of that length always have. A piece of a batch has more of that:
    half a week is half as many days.
    """

    chance: float  # times (1/n + 1/m): the part of chance
    between: float  # the part that does not shrink with the rows
    centre: float  # mean of the logarithm of score / expected
    spread: float  # and its standard deviation
    batches: int
    rows: float  # of an ordinary batch

    def expected(self, rows: Scores | float, reference: Scores | float) -> Scores:
        """The mean of an ordinary batch's score, to the method's power."""
        by_chance = self.chance * (1 / np.asarray(rows) + 1 / np.asarray(reference))
        return np.asarray(by_chance + self.between * np.maximum(1, self.rows / np.asarray(rows)))

    def limit(self, method: Divergence, rows: int, reference: int, level: float) -> float:
        """The score that an ordinary batch of so many rows exceeds with probability ``level``."""
        from scipy.stats import t

        times = np.sqrt(1 + 1 / self.batches) * t.isf(level, self.batches - 1)
        bound = self.expected(rows, reference) * np.exp(self.centre + times * self.spread)
        return float(bound ** (1 / method.power))


def learn_history(
    method: Divergence, reference: Counts, batches: Sequence[Counts], seed: int
) -> History:
    """The history of one column from the counts of past batches, each (bins,), a part of it.

    Each is compared with the rest of the reference, of which it is no part.
    """
    rows = np.array([batch.sum() for batch in batches], dtype=np.float64)
    others = float(reference.sum()) - rows
    typical = float(np.median(rows))
    scores = np.array([float(method(reference - one, one)) for one in batches])
    powers = np.maximum(scores, FLOOR) ** method.power
    chance = _chance(method, reference, int(typical), seed)
    alone = History(chance, 0.0, 0.0, 0.0, len(batches), typical)
    excess = (powers - alone.expected(rows, others)).mean() / np.maximum(1, typical / rows).mean()
    with_between = History(chance, max(float(excess), 0.0), 0.0, 0.0, len(batches), typical)
    logs = np.log(powers / with_between.expected(rows, others))
    centre, spread = float(logs.mean()), float(logs.std(ddof=1))
    return History(chance, with_between.between, centre, spread, len(batches), typical)


def _chance(method: Divergence, reference: Counts, rows: int, seed: int) -> float:
    drawn = drawn_by_chance(method, reference, rows, 400, seed)
    return float((drawn**method.power).mean() / (1 / rows + 1 / reference.sum()))


def drawn_by_chance(
    method: Divergence, reference: Counts, rows: int, draws: int, seed: int
) -> Scores:
    """Scores of pairs of samples of the reference's shares, as large as it and ``rows``."""
    rng, p = np.random.default_rng(seed), shares(reference)
    before = rng.multinomial(int(reference.sum()), p, size=draws)
    return method(before, rng.multinomial(rows, p, size=draws))


def chance_limit(
    method: Divergence, reference: Counts, rows: int, level: float, seed: int
) -> float:
    """The score that independent rows exceed by chance with probability ``level``.

    Below TAIL, the score to the method's power is extrapolated: its excess over a high quantile is
    near exponential, as that of a chi-squared number is.
    """
    powers = drawn_by_chance(method, reference, rows, DRAWS, seed) ** method.power
    if level >= TAIL:
        return float(np.quantile(powers, 1 - level) ** (1 / method.power))
    start = float(np.quantile(powers, 1 - TAIL))
    excess = float((powers[powers >= start] - start).mean())
    return float((start + excess * np.log(TAIL / level)) ** (1 / method.power))
