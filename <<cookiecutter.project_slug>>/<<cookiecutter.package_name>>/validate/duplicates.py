"""Duplicate values and rows, searched part by part: memory does not grow with the table."""

import math
from pathlib import Path

import polars as pl

from ..errors import DataError

PART = 2_000_000  # values in memory at a time


def mark_duplicates(table: pl.LazyFrame, value: pl.Expr) -> pl.Series:
    """A boolean for each row: whether a row above holds the same value. Nulls are no values.

    Equal values have equal hashes, so each part of the hashes is searched alone.
    """
    keyed = table.select(value.alias("value")).with_row_index("row")
    rows = keyed.select(pl.len()).collect().item()
    parts = max(1, math.ceil(rows / PART))
    duplicates = []
    for part in range(parts):
        in_part = pl.col("value").is_not_null() & (pl.col("value").hash() % parts == part)
        values = keyed.filter(in_part).collect(engine="streaming")
        if values["value"].n_unique() < values.height:  # counting alone is many times faster
            duplicates.append(values["row"].filter(~values["value"].is_first_distinct()))
    flags = pl.zeros(rows, pl.Boolean, eager=True)
    return flags.scatter(pl.concat(duplicates), True) if duplicates else flags


def flag_of(row: str, flags: pl.Series) -> pl.Expr:
    """The flag of each row, by the column that numbers the rows; works in a stream."""
    if not flags.any():
        return pl.lit(value=False)
    return pl.col(row).map_batches(flags.gather, return_dtype=pl.Boolean, is_elementwise=True)


def count_duplicate_rows(table: pl.LazyFrame) -> int:
    """How many rows are the same, in all columns, as a row above."""
    return int(mark_duplicates(table, pl.struct(pl.all())).sum())


def check_key(valid: Path, key: str) -> None:
    """Refuse rows whose key is null or a duplicate: no prediction could be joined to its row.

    Raises:
        DataError: says how many there are.
    """
    keys = pl.scan_parquet(valid).select(key)
    nulls = int(keys.null_count().collect().item())
    duplicates = int(mark_duplicates(keys, pl.col(key)).sum())
    if nulls or duplicates:
        raise DataError(
            f"the key {key} should identify each row that arrived; {nulls} rows have none, and "
            f"{duplicates} have that of a row above. Fix the source, or let the schema put them "
            'into quarantine: "x-unique": true, and no null.',
            "data.key",
        )
