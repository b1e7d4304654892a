"""Parquet files: written in a stream and the same everywhere, read a batch at a time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import polars.selectors as cs

ROW_GROUP = 100_000  # rows; fixed, so that equal rows give equal files on any machine
LEVEL = 1  # of zstd: as small as the default on tables, and a tenth faster


def sink(rows: pl.LazyFrame, file: Path) -> None:
    """Stream rows into a Parquet file; the same rows give the same bytes."""
    rows.sink_parquet(file, row_group_size=ROW_GROUP, compression_level=LEVEL)


def count(rows: pl.LazyFrame) -> int:
    """How many rows there are."""
    return int(rows.select(pl.len()).collect(engine="streaming").item())


def batches(file: Path) -> Iterator[pl.DataFrame]:
    """The rows of a file in order, at most ROW_GROUP at a time; one batch at least.

    polars' own ``collect_batches`` reads ahead, and so holds more of them.
    """
    rows = pl.scan_parquet(file, glob=False)
    for start in range(0, max(1, count(rows)), ROW_GROUP):
        yield rows.slice(start, ROW_GROUP).collect()


@contextmanager
def appending(file: Path) -> Iterator[Callable[[pl.DataFrame], None]]:
    """A function that appends rows, of the same columns each time, to a new Parquet file.

    It holds the rows of one call. Arrow has no whole numbers of 128 bits: they become text.
    """
    import pyarrow.parquet as pq

    writer = None

    def append(rows: pl.DataFrame) -> None:
        nonlocal writer
        rows = rows.with_columns(cs.by_dtype(pl.Int128, pl.UInt128).cast(pl.String))
        table = rows.to_arrow(compat_level=pl.CompatLevel.oldest())
        writer = writer or pq.ParquetWriter(
            file, table.schema, compression="zstd", compression_level=LEVEL
        )
        if rows.height:
            writer.write_table(table, row_group_size=ROW_GROUP)

    try:
        yield append
    finally:
        if writer:
            writer.close()
