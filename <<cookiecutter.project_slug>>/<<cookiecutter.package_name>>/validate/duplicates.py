"""Values and rows that come twice, found part by part: memory does not grow with the table."""

import math
from pathlib import Path

import polars as pl

from ..errors import DataError

PART = 2_000_000  # values that are held at a time


def repeats(table: pl.LazyFrame, value: pl.Expr) -> pl.Series:
    """A boolean for each row: whether a row above holds the same value. Nulls are no values.

    Equal values have equal hashes, so each part of the hashes is searched alone.
    """
    keyed = table.select(value.alias("value")).with_row_index("row")
    rows = keyed.select(pl.len()).collect().item()
    parts = max(1, math.ceil(rows / PART))
    found = []
    for part in range(parts):
        mine = pl.col("value").is_not_null() & (pl.col("value").hash() % parts == part)
        values = keyed.filter(mine).collect(engine="streaming")
        if values["value"].n_unique() < values.height:  # numbers tell it many times sooner
            found.append(values["row"].filter(~values["value"].is_first_distinct()))
    flags = pl.zeros(rows, pl.Boolean, eager=True)
    return flags.scatter(pl.concat(found), True) if found else flags


def at_row(flags: pl.Series, row: str) -> pl.Expr:
    """The flag of each row, by the column that numbers the rows; works in a stream."""
    if not flags.any():
        return pl.lit(value=False)
    return pl.col(row).map_batches(flags.gather, return_dtype=pl.Boolean, is_elementwise=True)


def repeated_rows(table: pl.LazyFrame) -> int:
    """How many rows are the same, in all columns, as a row above."""
    return int(repeats(table, pl.struct(pl.all())).sum())


def check_key(valid: Path, key: str) -> None:
    """Refuse rows that no key tells apart: an answer could not be brought to its row.

    Raises:
        DataError: a key is null, or stands twice.
    """
    keys = pl.scan_parquet(valid).select(key)
    nulls = int(keys.null_count().collect().item())
    again = int(repeats(keys, pl.col(key)).sum())
    if nulls or again:
        raise DataError(
            f"the key {key} should name each row that arrived; {nulls} rows have none, and {again} "
            "have that of a row above. Fix the source, or let the schema put them into quarantine: "
            '"x-unique": true, and no null.',
            "data.key",
        )
