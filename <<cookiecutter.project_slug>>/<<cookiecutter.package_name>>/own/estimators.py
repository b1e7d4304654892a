"""Own estimators, for `estimator` in conf/model: classes of scikit-learn's interface.

What one learns is kept in numbers, texts, lists and arrays, so that it can be saved; its name ends
in an underscore. Parameters are the arguments of `__init__`, and are only stored there.
"""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin

Array = NDArray[np.float64]


class CentroidClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Probabilities by the distance to each class's mean, in units of the features' spread.

    Linear discriminant analysis with a diagonal covariance (Hastie, Tibshirani, Friedman, The
    Elements of Statistical Learning, 2009, 18.2): a model of a few numbers, for few rows and many
    features.
    """

    def __init__(self, shrink: float = 0.0) -> None:
        self.shrink = shrink  # 0 to 1: how far each class's mean moves to that of all rows

    def fit(self, x: Any, y: Any) -> Self:
        """Learn the means, the spread and the classes' shares from (n, k) rows and (n,) classes."""
        if not 0 <= self.shrink <= 1:
            raise ValueError(f"shrink is {self.shrink}; allowed is 0 to 1")
        rows = np.asarray(x, dtype=float)
        self.classes_, codes = np.unique(np.asarray(y), return_inverse=True)
        self.n_features_in_ = rows.shape[1]
        self.shares_ = np.bincount(codes) / len(codes)
        means = np.array([rows[codes == code].mean(axis=0) for code in range(len(self.classes_))])
        spread = np.square(rows - means[codes]).mean(axis=0)
        self.spread_ = np.where(spread > 0, spread, 1.0)
        self.means_ = (1 - self.shrink) * means + self.shrink * rows.mean(axis=0)
        return self

    def predict_proba(self, x: Any) -> Array:
        """(n, classes) probabilities, in the order of `classes_`."""
        rows = np.asarray(x, dtype=float)
        distances = [(np.square(rows - mean) / self.spread_).sum(axis=1) for mean in self.means_]
        logits = np.log(self.shares_) - np.array(distances).T / 2
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        probabilities: Array = odds / odds.sum(axis=1, keepdims=True)
        return probabilities

    def predict(self, x: Any) -> Any:
        """(n,) the most probable class of each row."""
        return self.classes_[self.predict_proba(x).argmax(axis=1)]
