"""Above which score a column has drifted: from past batches, or from chance alone.

Rows of one day or week share their weather: an ordinary week differs from the year by more than
chance between independent rows explains. So limits come from past batches of the length that
arrives. A batch's score, divided by what is expected of one of its size, is a sum of squares of
what the batch shares: near a multiple of chi-squared (Satterthwaite 1946), whose degrees of freedom
follow from how much the past scores vary. The limit is the upper prediction bound for one more
batch, by the F distribution, at a level for all columns together (Bonferroni). With few past
batches, the limit is that of chance: draws of both samples from the reference's shares.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .bins import Counts
from .divergences import Divergence

FEWEST = 12  # past batches that limits can come from
WIDER = 16  # over the number of past batches: how much more a score varies than they show
DRAWS, FEW_DRAWS = 4000, 400  # of samples that differ by chance alone: for a quantile, for a mean
TAIL = 0.02  # of the draws: beyond, scores are taken to fall off exponentially
FLOOR = 1e-12  # of what is divided by

Scores = NDArray[np.float64]


@dataclass(frozen=True)
class History:
    """What ordinary batches looked like in one column.

    ``expected`` is the mean of the score, to the method's power: a part by chance, and one that
    batches of that length always have. A piece of a batch has more of that: half a week is half as
    many days.
    """

    chance: float  # times (1/n + 1/m): the part of chance
    between: float  # the part that does not shrink with the rows
    mean: float  # of score / expected
    variation: float  # and its variance over the squared mean
    batches: int
    days: float  # of an ordinary batch

    def expected(self, rows: Scores | float, reference: Scores | float, days: float) -> Scores:
        """The mean of an ordinary batch's score, to the method's power."""
        by_chance = self.chance * (1 / np.asarray(rows) + 1 / np.asarray(reference))
        return np.asarray(by_chance + self.between * max(1.0, self.days / days))

    def limit(
        self, method: Divergence, rows: int, reference: int, level: float, *, days: int
    ) -> float:
        """The score that an ordinary batch of so many rows exceeds with probability ``level``.

        Of a skewed score, few batches show too little variation: WIDER makes up for that.
        """
        from scipy.stats import f

        variation = self.variation * (1 + WIDER / self.batches)
        freedom = max(2 / max(variation, FLOOR), 1.0)
        times = self.mean * f.isf(level, freedom, freedom * self.batches)
        return float((self.expected(rows, reference, days) * times) ** (1 / method.power))


def learn_history(
    method: Divergence, reference: Counts, batches: Sequence[Counts], *, days: float, seed: int
) -> History:
    """The history of one column from the counts of past batches, each (bins,), a part of it.

    Each is compared with the rest of the reference, of which it is no part.

    Args:
        days: of an ordinary batch.
    """
    rows = np.array([batch.sum() for batch in batches], dtype=np.float64)
    others = float(reference.sum()) - rows
    powers = np.array([float(method(reference - one, one)) for one in batches]) ** method.power
    alone = History(_chance(method, reference, rows, seed), 0.0, 1.0, 0.0, len(batches), days)
    between = max(float((powers - alone.expected(rows, others, days)).mean()), 0.0)
    history = replace(alone, between=between)
    ratios = powers / np.maximum(history.expected(rows, others, days), FLOOR)
    mean = max(float(ratios.mean()), FLOOR)
    return replace(history, mean=mean, variation=float(ratios.var(ddof=1)) / mean**2)


def pooled(histories: Sequence[History]) -> list[History]:
    """The histories of columns; none varies less than half of them do.

    How much a score varies is not known from a dozen batches of one column; of all together it is.
    """
    typical = float(np.median([one.variation for one in histories])) if histories else 0.0
    return [replace(one, variation=max(one.variation, typical)) for one in histories]


def _chance(method: Divergence, reference: Counts, batches: Scores, seed: int) -> float:
    rows = int(np.median(batches))
    drawn = drawn_by_chance(method, reference, rows, FEW_DRAWS, seed)
    return float((drawn**method.power).mean() / (1 / rows + 1 / reference.sum()))


def drawn_by_chance(
    method: Divergence, reference: Counts, rows: int, draws: int, seed: int
) -> Scores:
    """Scores of pairs of samples of the reference's shares, as large as it and ``rows``."""
    rng, p = np.random.default_rng(seed), reference / reference.sum()
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
