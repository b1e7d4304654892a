"""Which columns a model learns from, and in which form."""

import polars as pl
import polars.selectors as cs


def features(rows: pl.DataFrame, target: str, key: str, ignore: list[str]) -> pl.DataFrame:
    """All columns but the target, the key and the ignored ones, in the table's order."""
    return normalize_dtypes(rows.drop(target, key, *ignore, strict=False))


def normalize_dtypes(rows: pl.DataFrame) -> pl.DataFrame:
    """Text as String, decimals as Float64, NaN and infinities as null: in training and answers."""
    floats = [name for name, dtype in rows.schema.items() if dtype.is_float()]
    return rows.with_columns(
        cs.by_dtype(pl.Categorical, pl.Enum).cast(pl.String),
        cs.decimal().cast(pl.Float64),
        *(pl.when(pl.col(name).is_finite()).then(name).alias(name) for name in floats),
    )
