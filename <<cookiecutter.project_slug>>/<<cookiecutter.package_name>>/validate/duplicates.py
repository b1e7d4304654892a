"""Values and rows that come twice, found part by part: memory does not grow with the table."""

import math
from collections.abc import Iterator

import polars as pl

from ..errors import DataError
from ..runtime.parquet import count

PART = 2_000_000  # values that are held at a time


def repeats(table: pl.LazyFrame, value: pl.Expr) -> pl.Series:
    """A boolean for each row: whether a row above holds the same value. Nulls are no values."""
    keyed = table.select(value.alias("value")).with_row_index("row")
    keyed = keyed.filter(pl.col("value").is_not_null())
    rows = count(table)
    flags = pl.zeros(rows, pl.Boolean, eager=True)
    for mine in _parts(rows, "value"):
        values = keyed.filter(mine).collect(engine="streaming")
        if values["value"].n_unique() < values.height:  # numbers tell it many times sooner
            flags = flags.scatter(values["row"].filter(~values["value"].is_first_distinct()), True)
    return flags


def _parts(rows: int, column: str) -> Iterator[pl.Expr]:
    """Filters that share out the rows of a table by their values.

    Equal values have equal hashes, so each part can be searched alone.
    """
    parts = max(1, math.ceil(rows / PART))
    for part in range(parts):
        yield pl.col(column).hash() % parts == part


def at_row(flags: pl.Series, row: str) -> pl.Expr:
    """The flag of each row, by the column that numbers the rows; works in a stream."""
    if not flags.any():
        return pl.lit(value=False)
    return pl.col(row).map_batches(flags.gather, return_dtype=pl.Boolean, is_elementwise=True)


def repeated_rows(table: pl.LazyFrame) -> int:
    """How many rows are the same, in all columns, as a row above."""
    return int(repeats(table, pl.struct(pl.all())).sum())


def check_key(rows: pl.LazyFrame, key: str) -> None:
    """Refuse rows that no key tells apart: an answer could not be brought to its row.

    Raises:
        DataError: a key is null, or stands twice.
    """
    keys = rows.select(key)
    nulls = int(keys.null_count().collect(engine="streaming").item())
    again = int(repeats(keys, pl.col(key)).sum())
    if nulls or again:
        raise DataError(
            f"the key {key} should name each row that arrived; {nulls} rows have none, and {again} "
            "have that of a row above. Fix the source, or let the schema put them into quarantine: "
            '"x-unique": true, and no null.',
            "data.key",
        )


def unmatched(left: pl.LazyFrame, right: pl.LazyFrame, key: str) -> int:
    """How many keys do not stand exactly once in each of two tables."""
    both = pl.concat([left.select(key, side=pl.lit(1)), right.select(key, side=pl.lit(2))])
    odd = 0
    for mine in _parts(count(both), key):
        stands = both.filter(mine).group_by(key).agg(pl.len(), pl.col("side").sum())
        once = (pl.col("len") == 2) & (pl.col("side") == 3)
        odd += count(stands.filter(~once))
    return odd
