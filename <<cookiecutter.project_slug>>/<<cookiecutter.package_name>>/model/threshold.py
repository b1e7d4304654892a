"""From which probability on a binary model answers with the positive class."""

import numpy as np

from ..config.evaluate import Threshold
from ..errors import ModelError
from ..split.target import Array


def best_threshold(truth: Array, positive: Array, aim: Threshold) -> float:
    """The threshold that serves the aim best on these rows.

    It is one of their probabilities, or just above all of them where no positive answer pays.
    Where none reaches the precision that is asked for, it is the one that comes closest.

    Args:
        truth: (n,) of 0 and 1.
        positive: (n,) probabilities of 1.
        aim: what it is for.
    """
    if aim.value is not None:
        return aim.value
    thresholds, hits, alarms = _counts(truth, positive)
    if aim.false_positive is not None and aim.false_negative is not None:
        cost = aim.false_positive * alarms + aim.false_negative * (hits[0] - hits)
        return float(thresholds[np.argmin(cost)])
    precision = hits / np.maximum(hits + alarms, 1)
    if aim.at_least is not None:
        enough = precision >= aim.at_least
        best = np.lexsort((precision, hits, enough) if enough.any() else (hits, precision))[-1]
        return float(thresholds[best])
    f1 = 2 * hits / np.maximum(hits[0] + hits + alarms, 1)
    return float(thresholds[np.argmax(f1)])


def check_reached(truth: Array, positive: Array, threshold: float, aim: Threshold) -> None:
    """Refuse a threshold that does not reach the precision that is asked for.

    Args:
        truth: (n,) of 0 and 1.
        positive: (n,) probabilities of 1.
        threshold: that ``best_threshold`` chose on these rows.
        aim: what it is for.

    Raises:
        ModelError: says how much is reached.
    """
    answered = positive >= threshold
    precision = float(truth[answered].mean()) if answered.any() else 0.0
    if aim.at_least is not None and precision < aim.at_least:
        raise ModelError(
            f"evaluate.threshold asks for a precision of at least {aim.at_least:g}; with this model"
            f" the validation rows reach {precision:.4f} at most, at {threshold:.4g}. Ask for "
            "less, or train a better model.",
            "model.threshold",
        )


def _counts(truth: Array, positive: Array) -> tuple[Array, Array, Array]:
    """Thresholds in order, the last above all probabilities; from each on, hits and alarms."""
    thresholds, index = np.unique(positive, return_inverse=True)
    above = np.append(thresholds, np.nextafter(thresholds[-1], np.inf))
    size = above.size

    def from_each_on(weights: Array) -> Array:
        counted = np.bincount(index, weights=weights, minlength=size)
        return np.asarray(counted[::-1].cumsum()[::-1])

    return above, from_each_on(truth), from_each_on(1 - truth)
