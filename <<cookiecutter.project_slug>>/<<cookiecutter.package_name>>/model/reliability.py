"""How far probabilities are from the shares of what happens."""

import numpy as np
from numpy.typing import NDArray

from ..split.target import Array, Target, Task

BINS = 10  # of equally many rows


def reliability(target: Target, truth: Array, outputs: Array) -> tuple[NDArray[np.bool_], Array]:
    """What happened, and its probability, each (n,): of the positive or the most probable class.

    Args:
        truth: (n,) class codes.
        outputs: (n, k) probabilities.
    """
    if target.task is Task.BINARY:
        return truth == 1, outputs[:, 1]
    return truth == outputs.argmax(axis=1), outputs.max(axis=1)


def reliability_gaps(
    target: Target, truth: Array, outputs: Array
) -> tuple[Array, NDArray[np.intp]]:
    """Predicted less observed share of each bin, and its rows, (bins,) both; see ``reliability``.

    Equal probabilities share a bin.
    """
    happened, probability = reliability(target, truth, outputs)
    edges = np.quantile(probability, np.linspace(0, 1, BINS + 1)[1:-1])
    bins = np.searchsorted(edges, probability)
    sizes = np.bincount(bins)
    sums = np.bincount(bins, probability) - np.bincount(bins, happened)
    return sums[sizes > 0] / sizes[sizes > 0], sizes[sizes > 0]
