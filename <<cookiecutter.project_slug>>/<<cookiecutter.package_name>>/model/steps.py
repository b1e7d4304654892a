"""Preprocessing of our own, as scikit-learn transformers; imported when a pipeline is built."""

from typing import Any, Self

import numpy as np
import polars as pl
from sklearn.base import BaseEstimator, TransformerMixin

PARTS = ("year", "quarter", "month", "week", "day", "weekday", "hour", "minute")


class DateParts(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Numbers from moments: an (n, k) table of datetimes becomes (n, k x parts)."""

    def __init__(self, parts: list[str] | None = None) -> None:
        self.parts = parts

    def fit(self, frame: pl.DataFrame, y: Any = None) -> Self:  # noqa: ARG002 - scikit-learn's
        """Remember the columns' names; there is nothing to learn."""
        self.feature_names_in_ = np.asarray(frame.columns, dtype=object)
        self.n_features_in_ = frame.width
        return self

    def transform(self, frame: pl.DataFrame) -> np.ndarray[Any, Any]:
        """A float array; a null moment gives NaN."""
        made = [
            getattr(pl.col(c).dt, p)().alias(f"{c}_{p}") for c in frame.columns for p in self._used
        ]
        return frame.select(made).cast(pl.Float64).to_numpy()

    def get_feature_names_out(self, _: Any = None) -> np.ndarray[Any, Any]:
        """``column_part`` for each, in the order of the columns of ``transform``."""
        return np.asarray(
            [f"{c}_{p}" for c in self.feature_names_in_ for p in self._used], dtype=object
        )

    @property
    def _used(self) -> list[str]:
        return list(self.parts or PARTS)
