"""What later data is compared with: a sample of rows, and a summary of each column."""

from typing import Any

import polars as pl

QUANTILES = [i / 10 for i in range(11)]
TOP_VALUES = 50


def reference(features: pl.DataFrame, scores: pl.Series, rows: int, seed: int) -> pl.DataFrame:
    """At most ``rows`` rows, drawn without replacement, with the model's score in ``score``."""
    scored = features.with_columns(scores.alias("score"))
    return scored.sample(min(rows, scored.height), seed=seed, shuffle=True)


def summary(features: pl.DataFrame, scores: pl.Series) -> dict[str, dict[str, Any]]:
    """Of each column, and of ``score``: type, share of nulls, and deciles or the top counts."""
    scored = features.with_columns(scores.alias("score"))
    return {column.name: _describe(column) for column in scored}


def _describe(column: pl.Series) -> dict[str, Any]:
    described = {"dtype": str(column.dtype), "nulls": column.null_count() / max(len(column), 1)}
    if column.dtype.is_numeric():
        return described | {"deciles": [column.quantile(q, "linear") for q in QUANTILES]}
    if column.dtype == pl.String:
        counts = (
            column.drop_nulls().value_counts().sort("count", column.name, descending=[True, False])
        )
        return described | {"counts": dict(counts.head(TOP_VALUES).iter_rows())}
    return described
