"""Duplicate values and rows, searched part by part: memory does not grow with the table."""

import math
from collections.abc import Iterator

import polars as pl

from ..errors import DataError
from ..runtime.parquet import count_rows

PART = 2_000_000  # values in memory at a time


def mark_duplicates(table: pl.LazyFrame, value: pl.Expr) -> pl.Series:
    """A boolean for each row: whether a row above holds the same value. Nulls are no values."""
    keyed = table.select(value.alias("value")).with_row_index("row")
    keyed = keyed.filter(pl.col("value").is_not_null())
    rows = count_rows(table)
    flags = pl.zeros(rows, pl.Boolean, eager=True)
    for in_part in _hash_parts(rows, "value"):
        values = keyed.filter(in_part).collect(engine="streaming")
        if values["value"].n_unique() < values.height:  # counting alone is many times faster
            flags = flags.scatter(values["row"].filter(~values["value"].is_first_distinct()), True)
    return flags


def _hash_parts(rows: int, column: str) -> Iterator[pl.Expr]:
    """Filters that divide a table into parts by the hash of a column.

    Equal values have equal hashes, so each part can be searched alone.
    """
    parts = max(1, math.ceil(rows / PART))
    for part in range(parts):
        yield pl.col(column).hash() % parts == part


def flag_of(row: str, flags: pl.Series) -> pl.Expr:
    """The flag of each row, by the column that numbers the rows; works in a stream."""
    if not flags.any():
        return pl.lit(value=False)
    return pl.col(row).map_batches(flags.gather, return_dtype=pl.Boolean, is_elementwise=True)


def count_duplicate_rows(table: pl.LazyFrame) -> int:
    """How many rows are the same, in all columns, as a row above."""
    return int(mark_duplicates(table, pl.struct(pl.all())).sum())


def check_key(rows: pl.LazyFrame, key: str) -> None:
    """Refuse rows whose key is null or a duplicate: no prediction could be joined to its row.

    Raises:
        DataError: says how many there are.
    """
    keys = rows.select(key)
    nulls = int(keys.null_count().collect(engine="streaming").item())
    duplicates = int(mark_duplicates(keys, pl.col(key)).sum())
    if nulls or duplicates:
        raise DataError(
            f"the key {key} should identify each row that arrived; {nulls} rows have none, and "
            f"{duplicates} have that of a row above. Fix the source, or let the schema put them "
            'into quarantine: "x-unique": true, and no null.',
            "data.key",
        )
