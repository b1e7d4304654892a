"""Preprocessing of our own, as scikit-learn transformers; imported when a pipeline is built.

What a step learns is plain data (names, lists, arrays): it is saved with the model, byte for byte
the same in every run. A class or function that stands here may be loaded from a model file.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from ..errors import ConfigError, ModelError

PARTS = ("year", "quarter", "month", "week", "day", "weekday", "hour", "minute")


class FrameStep(TransformerMixin, BaseEstimator, ABC):  # type: ignore[misc]
    """A step that takes polars frames, knows its columns' names, and learns nothing."""

    def fit(self, frame: pl.DataFrame, y: Any = None) -> Self:  # noqa: ARG002 - scikit-learn's
        """Remember the columns' names."""
        self.feature_names_in_ = np.asarray(frame.columns, dtype=object)
        self.n_features_in_ = frame.width
        return self

    def get_feature_names_out(self, _: Any = None) -> NDArray[np.object_]:
        """The names of what ``transform`` gives, in order."""
        return np.asarray(self._names(), dtype=object)

    @abstractmethod
    def _names(self) -> list[str]:
        """The same, as a list."""


class DateParts(FrameStep):
    """Numbers from moments: an (n, k) table of dates or datetimes becomes (n, k x parts)."""

    def __init__(self, parts: list[str] | None = None) -> None:
        self.parts = parts

    def transform(self, frame: pl.DataFrame) -> NDArray[np.float64]:
        """A float array; a null moment gives NaN."""
        moments = frame.with_columns(pl.col(pl.Date).cast(pl.Datetime))
        parts = [
            getattr(pl.col(c).dt, p)().alias(f"{c}_{p}") for c in frame.columns for p in self._used
        ]
        return moments.select(parts).cast(pl.Float64).to_numpy()

    def _names(self) -> list[str]:
        return [f"{c}_{p}" for c in self.feature_names_in_ for p in self._used]

    @property
    def _used(self) -> list[str]:
        unknown = sorted({str(part) for part in self.parts or ()} - set(PARTS))
        if unknown:
            raise ConfigError(
                f"date_parts has no part {', '.join(unknown)}; it has {', '.join(PARTS)}.",
                "config.params",
            )
        return list(self.parts or PARTS)


class HashBuckets(FrameStep):
    """Values as ones in a fixed number of columns, by MurmurHash3 (Weinberger et al. 2009).

    Nothing is learned, so a new value has its place, which it shares with others. A null is all
    zeros. An (n, k) table becomes (n, k x buckets).
    """

    def __init__(self, buckets: int = 16) -> None:
        self.buckets = buckets

    def fit(self, frame: pl.DataFrame, y: Any = None) -> Self:
        """Remember the columns' names.

        Raises:
            ConfigError: the number of buckets is none that a table can have.
        """
        _within("hash", "buckets", self.buckets, 1, 2**16)
        return super().fit(frame, y)

    def transform(self, frame: pl.DataFrame) -> NDArray[np.float64]:
        """A float array of zeros and ones."""
        from sklearn.utils import murmurhash3_32

        hashed_rows = np.zeros((frame.height, frame.width, self.buckets))
        for number, column in enumerate(frame.get_columns()):
            values = column.cast(pl.String)
            unique = values.drop_nulls().unique()
            hashed = [murmurhash3_32(v, positive=True) % self.buckets for v in unique]
            bucket = values.replace_strict(unique, hashed, default=None, return_dtype=pl.Int64)
            rows = bucket.is_not_null().arg_true().to_numpy()
            hashed_rows[rows, number, bucket.drop_nulls().to_numpy()] = 1.0
        return hashed_rows.reshape(frame.height, -1)

    def _names(self) -> list[str]:
        return [f"{c}_{i}" for c in self.feature_names_in_ for i in range(self.buckets)]


class TextTfidf(FrameStep):
    """Weights of words by scikit-learn's TF-IDF, for each text column; a null is an empty text.

    Only the ``max_features`` most frequent terms are kept (the first in the alphabet, of equals).
    An (n, k) table becomes (n, terms of all columns).
    """

    def __init__(
        self,
        max_features: int = 200,
        min_df: int | float = 1,
        ngrams: int = 1,
        analyzer: str = "word",
    ) -> None:
        self.max_features = max_features
        self.min_df = min_df
        self.ngrams = ngrams  # terms of one to this many words (or characters, by ``analyzer``)
        self.analyzer = analyzer

    def fit(self, frame: pl.DataFrame, y: Any = None) -> Self:
        """Learn each column's terms and their weights.

        Raises:
            ConfigError: a parameter is out of range.
        """
        _within("text_tfidf", "max_features", self.max_features, 1, 10**6)
        _within("text_tfidf", "ngrams", self.ngrams, 1, 10)
        from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer

        self.terms_: list[list[str]] = []
        self.idf_: list[NDArray[np.float64]] = []
        for column in frame.get_columns():
            vectorizer = CountVectorizer(min_df=self.min_df, **self._settings)
            counts = vectorizer.fit_transform(_texts(column))
            terms = vectorizer.get_feature_names_out()
            totals = np.asarray(counts.sum(axis=0)).ravel()
            kept = np.sort(np.lexsort((terms, -totals))[: self.max_features])
            self.terms_.append(terms[kept].tolist())
            self.idf_.append(TfidfTransformer().fit(counts[:, kept]).idf_)
        return super().fit(frame, y)

    def transform(self, frame: pl.DataFrame) -> NDArray[np.float64]:
        """A float array; each row's weights of a column have length one, or zero."""
        from sklearn.feature_extraction.text import TfidfVectorizer

        weights = []
        for column, terms, idf in zip(frame.get_columns(), self.terms_, self.idf_, strict=True):
            vectorizer = TfidfVectorizer(vocabulary=terms, **self._settings)
            vectorizer.idf_ = idf
            weights.append(vectorizer.transform(_texts(column)).toarray())
        return np.hstack(weights)

    def _names(self) -> list[str]:
        columns = zip(self.feature_names_in_, self.terms_, strict=True)
        return [f"{column}_{term}" for column, terms in columns for term in terms]

    @property
    def _settings(self) -> dict[str, Any]:
        return {"ngram_range": (1, self.ngrams), "analyzer": self.analyzer}


class Categories(FrameStep):
    """Values as categories, for estimators that take them as they are; the most frequent ones.

    A null, and a value that training did not have or seldom had, is a null. An (n, k) table becomes
    a frame of k columns of polars' type Enum.
    """

    def __init__(self, max_categories: int = 255) -> None:
        self.max_categories = max_categories

    def fit(self, frame: pl.DataFrame, y: Any = None) -> Self:
        """Learn each column's most frequent values (the first in the alphabet, of equals).

        Raises:
            ConfigError: the number of categories is none that a column can have.
        """
        _within("category", "max_categories", self.max_categories, 1, 2**16)
        self.categories_: list[list[str]] = []
        for column in frame.cast(pl.String).get_columns():
            counts = column.alias("text").drop_nulls().value_counts()
            by_count = counts.sort("count", "text", descending=[True, False])
            kept = by_count["text"].head(self.max_categories).sort().to_list()
            self.categories_.append(kept or [""])  # an Enum has at least one
        return super().fit(frame, y)

    def transform(self, frame: pl.DataFrame) -> pl.DataFrame:
        """A frame of Enum columns."""
        texts = frame.cast(pl.String).get_columns()
        return pl.DataFrame(
            [
                column.cast(pl.Enum(categories), strict=False)
                for column, categories in zip(texts, self.categories_, strict=True)
            ]
        )

    def _names(self) -> list[str]:
        return list(self.feature_names_in_)


class TextAsIs(FrameStep):
    """Texts for a language model, as they are; a null is an empty text."""

    def transform(self, frame: pl.DataFrame) -> pl.DataFrame:
        """A frame of the same columns."""
        return frame.cast(pl.String).fill_null("")

    def _names(self) -> list[str]:
        return list(self.feature_names_in_)


def _within(step: str, name: str, value: Any, low: int, high: int) -> None:
    if type(value) is not int or not low <= value <= high:
        raise ConfigError(
            f"{name} of the step {step} is {value!r}; allowed is a whole number from {low} to "
            f"{high}. Edit its params in conf/preprocess.",
            "config.params",
        )


def _texts(column: pl.Series) -> list[str]:
    return column.cast(pl.String).fill_null("").to_list()


class FrameFunction(FrameStep):
    """A function of your own, ``function(frame, **params) -> frame``; it is saved by its name."""

    def __init__(
        self, function: Callable[..., pl.DataFrame], params: dict[str, Any] | None = None
    ) -> None:
        self.function = function
        self.params = params

    def fit(self, frame: pl.DataFrame, y: Any = None) -> Self:
        """Remember the columns of the result, which stay the same from then on."""
        self.result_columns_ = self._call(frame).columns
        return super().fit(frame, y)

    def transform(self, frame: pl.DataFrame) -> pl.DataFrame:
        """What the function gives, one row for each row.

        Raises:
            ModelError: the function gives other columns than in training, or other rows.
        """
        result = self._call(frame)
        if result.columns != self.result_columns_:
            raise self._broken(f"columns {result.columns} after {self.result_columns_} in training")
        return result

    def _call(self, frame: pl.DataFrame) -> pl.DataFrame:
        result = self.function(frame, **(self.params or {}))
        if not isinstance(result, pl.DataFrame):
            raise self._broken(f"a {type(result).__name__}")
        if result.height != frame.height:
            raise self._broken(f"{result.height} rows for {frame.height}")
        return result

    def _broken(self, gave: str) -> ModelError:
        return ModelError(
            f"the preprocess function {self.function.__name__!r} gave {gave}; it must give a "
            "polars frame, always of the same columns, with one row for each row.",
            "model.step",
        )

    def _names(self) -> list[str]:
        return list(self.result_columns_)
