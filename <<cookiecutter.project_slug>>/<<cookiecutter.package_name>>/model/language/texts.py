"""A row as one text: what language models take."""

from typing import Any

import polars as pl

DIGITS = 4  # of a number, in a text


def texts(table: Any) -> list[str]:
    """Of each of n rows, its texts, then every other column as ``name: value``.

    Args:
        table: (n, k) a polars frame with a column of texts, or more.

    Raises:
        TypeError: it has none.
    """
    if not isinstance(table, pl.DataFrame) or not table.select(pl.col(pl.String)).width:
        raise TypeError("a language model needs a text column: choose preprocess=text_as_is")
    parts = [pl.col(name) for name, dtype in table.schema.items() if dtype == pl.String]
    parts += [_named(name, dtype) for name, dtype in table.schema.items() if dtype != pl.String]
    return (
        table.select(pl.concat_str(parts, separator=" | ", ignore_nulls=True)).to_series().to_list()
    )


def _named(name: str, dtype: pl.DataType) -> pl.Expr:
    value = pl.col(name)
    if dtype.is_float():
        value = pl.when(value.is_finite()).then(value.round_sig_figs(DIGITS))
    return pl.concat_str([pl.lit(f"{name}: "), value.cast(pl.String)])
