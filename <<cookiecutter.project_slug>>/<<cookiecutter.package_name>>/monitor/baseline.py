"""What later data is compared with: a sample of rows, and a summary of each column."""

from typing import Any

import polars as pl

from ..errors import DataError

SCORE = "score"
QUANTILES = [i / 10 for i in range(11)]
TOP_VALUES = 50


def reference(features: pl.DataFrame, scores: pl.Series, rows: int, seed: int) -> pl.DataFrame:
    """At most ``rows`` rows, drawn without replacement, with the model's score in ``score``.

    Raises:
        DataError: a feature is called ``score``.
    """
    scored = _scored(features, scores)
    return scored.sample(min(rows, scored.height), seed=seed, shuffle=True)


def summary(features: pl.DataFrame, scores: pl.Series) -> dict[str, dict[str, Any]]:
    """Of each column, and of ``score``: type, share of nulls, and deciles or the top counts.

    Raises:
        DataError: a feature is called ``score``.
    """
    return {column.name: _describe(column) for column in _scored(features, scores)}


def _scored(features: pl.DataFrame, scores: pl.Series) -> pl.DataFrame:
    if SCORE in features.columns:
        raise DataError(
            f"a feature is called {SCORE!r}, which is the name of the model's own answer. "
            "Rename it in the source.",
            "data.reserved_name",
        )
    return features.with_columns(scores.alias(SCORE))


def _describe(column: pl.Series) -> dict[str, Any]:
    described = {"dtype": str(column.dtype), "nulls": column.null_count() / max(len(column), 1)}
    if column.dtype.is_numeric():
        numbers = column.cast(pl.Float64)
        finite = numbers.filter(numbers.is_finite())
        return described | {"deciles": [finite.quantile(q, "linear") for q in QUANTILES]}
    if column.dtype in (pl.String, pl.Boolean):
        counts = (
            column.cast(pl.String)
            .drop_nulls()
            .alias("value")
            .value_counts()
            .sort("count", "value", descending=[True, False])
        )
        return described | {"counts": dict(counts.head(TOP_VALUES).iter_rows())}
    return described
