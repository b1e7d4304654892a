"""Calibrated probabilities: of the rows that get 0.3, three in ten are positive.

A curve for each class maps the predictor's probability to the share of rows that were of the class
among those with such probabilities; of more than two classes the results are then made to add up to
one (Zadrozny, Elkan 2002). The curves are numbers in the contract, so no flavor knows of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..errors import DataError
from ..split.target import Array
from ..split.units import Rows, Units

FOLDS = 5
SMALLEST = 1e-12  # probability whose log-odds are taken


@dataclass(frozen=True)
class Sigmoid:
    """A line in log-odds."""

    slope: float
    intercept: float

    def __call__(self, probabilities: Array) -> Array:
        """Calibrated probabilities, (n,)."""
        from scipy.special import expit

        return np.asarray(expit(self.slope * _log_odds(probabilities) + self.intercept))


@dataclass(frozen=True)
class Isotonic:
    """A curve that never falls, straight between its points."""

    x: list[float]
    y: list[float]

    def __post_init__(self) -> None:
        in_order = sorted(self.x) == self.x and sorted(self.y) == self.y
        if not self.x or len(self.x) != len(self.y) or not in_order:
            raise ValueError("no curve of a calibration: x and y must be as long, and in order")

    def __call__(self, probabilities: Array) -> Array:
        """Calibrated probabilities, (n,)."""
        return np.interp(probabilities, self.x, self.y)


Curve = Sigmoid | Isotonic


@dataclass(frozen=True)
class Calibration:
    """One curve a class; of two classes one, of the positive."""

    curves: list[Curve]

    @property
    def method(self) -> str:
        """As ``model.calibration`` names it."""
        return type(self.curves[0]).__name__.lower()

    def __call__(self, outputs: Array) -> Array:
        """Calibrated probabilities from those of a predictor, both (n, k)."""
        if len(self.curves) == 1:
            positive = self.curves[0](outputs[:, 1])
            return np.column_stack([1 - positive, positive])
        calibrated = np.column_stack([c(outputs[:, i]) for i, c in enumerate(self.curves)])
        sums = calibrated.sum(axis=1, keepdims=True)
        return np.where(sums > 0, calibrated / np.where(sums > 0, sums, 1), outputs)


def fit_calibration(method: str, outputs: Array, truth: Array) -> Calibration:
    """Curves that were fitted on rows that the predictor did not learn from.

    Args:
        method: ``sigmoid`` (Platt 1999, on log-odds), or ``isotonic`` (Zadrozny, Elkan 2002).
        outputs: (n, k) probabilities.
        truth: (n,) class codes.
    """
    fit = _sigmoid if method == "sigmoid" else _isotonic
    codes = [1] if outputs.shape[1] == 2 else range(outputs.shape[1])
    return Calibration([fit(outputs[:, code], truth == code) for code in codes])


def cross_fitted(method: str, outputs: Array, truth: Array, units: Units, seed: int) -> Array:
    """Each row's probabilities, (n, k), as curves calibrate them that did not see its unit.

    What is chosen on these (a threshold, a quantile) sees rows as new ones will come. On the values
    of curves that were fitted on the same rows it would look better than it is.

    Args:
        method: of ``fit_calibration``.
        outputs: (n, k) probabilities.
        truth: (n,) class codes.
        units: of the n rows.
        seed: deals the units to folds.

    Raises:
        DataError: there are too few units, or rows of a class, to do so.
    """
    calibrated = np.empty_like(outputs)
    for rest, held_out in _folds(units, seed):
        if np.unique(truth[rest]).size < outputs.shape[1]:
            raise DataError(
                f"model.calibration is {method}, and the {truth.size} validation rows hold too few "
                "rows of a class for it: without a fifth of them one class has none. Raise "
                "split.validation, or set model.calibration to none.",
                "data.calibration",
            )
        curves = fit_calibration(method, outputs[rest], truth[rest])
        calibrated[held_out] = curves(outputs[held_out])
    return calibrated


def _folds(units: Units, seed: int) -> Iterator[tuple[Rows, Rows]]:
    of_unit = np.random.default_rng(seed).permutation(units.count) % min(FOLDS, units.count)
    of_row = of_unit[units.codes]
    for fold in range(of_unit.max() + 1):
        yield np.flatnonzero(of_row != fold), np.flatnonzero(of_row == fold)


def _sigmoid(probabilities: Array, happened: Array) -> Sigmoid:
    from scipy.optimize import minimize
    from scipy.special import expit

    # Platt's targets: no class is certain, so the line stays finite where the classes part.
    positives = happened.sum()
    high, low = (positives + 1) / (positives + 2), 1 / (happened.size - positives + 2)
    x, hit = _log_odds(probabilities), np.where(happened, high, low)

    def log_loss(line: Array) -> tuple[float, Array]:
        """The loss of a slope and an intercept, and its gradient."""
        z = line[0] * x + line[1]
        missed = expit(z) - hit
        gradient = np.array([(missed * x).mean(), missed.mean()])
        return float((np.logaddexp(0, z) - hit * z).mean()), gradient

    line = minimize(log_loss, np.array([1.0, 0.0]), jac=True, method="BFGS").x
    return Sigmoid(float(line[0]), float(line[1]))


def _isotonic(probabilities: Array, happened: Array) -> Isotonic:
    from sklearn.isotonic import IsotonicRegression

    # A step where all rows were alike is not certain either: 0 and 1 would cost any log loss.
    least = 1 / (happened.size + 2)
    curve = IsotonicRegression(y_min=least, y_max=1 - least)
    curve.fit(probabilities, happened.astype(np.float64))
    return Isotonic(curve.X_thresholds_.tolist(), curve.y_thresholds_.tolist())


def _log_odds(probabilities: Array) -> Array:
    from scipy.special import logit

    return np.asarray(logit(np.clip(probabilities, SMALLEST, 1 - SMALLEST)))
