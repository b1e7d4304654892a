"""What estimators around a network share: what their targets and outputs mean."""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

from ..split.target import Array


class NetworkEstimator(BaseEstimator, ABC):  # type: ignore[misc]
    """An estimator whose outputs a network gives."""

    @abstractmethod
    def outputs(self, x: Any) -> Array:
        """What the network says of n rows, (n, width)."""

    @abstractmethod
    def learn_targets(self, y: Array) -> None:
        """Remember what the (n,) targets tell."""

    @abstractmethod
    def targets(self, y: Array) -> NDArray[Any]:
        """The (n,) targets as the loss takes them."""

    @abstractmethod
    def width(self) -> int:
        """How many outputs the network has."""


class Classes(ClassifierMixin, NetworkEstimator):  # type: ignore[misc]
    """Outputs are the logarithms of odds of each class."""

    def learn_targets(self, y: Array) -> None:
        """The classes."""
        self.classes_ = np.unique(y)

    def targets(self, y: Array) -> NDArray[Any]:
        """The number of each row's class."""
        return np.searchsorted(self.classes_, y).astype(np.int64)

    def width(self) -> int:
        """One for each class."""
        return len(self.classes_)

    def predict_proba(self, x: Any) -> Array:
        """(n, classes) probabilities, in the order of ``classes_``."""
        from scipy.special import softmax

        return np.asarray(softmax(self.outputs(x), axis=1))

    def predict(self, x: Any) -> Array:
        """(n,) of the classes."""
        return np.asarray(self.classes_[self.predict_proba(x).argmax(axis=1)])


class Quantity(RegressorMixin, NetworkEstimator):  # type: ignore[misc]
    """The one output is a number, on a scale on which targets have mean 0 and variance 1."""

    def learn_targets(self, y: Array) -> None:
        """Mean and spread."""
        self.center_, self.scale_ = float(y.mean()), float(y.std()) or 1.0

    def targets(self, y: Array) -> NDArray[Any]:
        """On that scale."""
        return ((y - self.center_) / self.scale_).astype(np.float32)

    def width(self) -> int:
        """One value."""
        return 1

    def predict(self, x: Any) -> Array:
        """(n,) values."""
        return self.outputs(x)[:, 0] * self.scale_ + self.center_
