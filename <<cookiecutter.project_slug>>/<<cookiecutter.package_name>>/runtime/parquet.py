"""Parquet files: written in a stream, with the same bytes for the same rows; read in batches."""

import random
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import polars.selectors as cs

ROW_GROUP = 100_000  # rows; fixed, so that equal rows give equal files on any machine
LEVEL = 1  # of zstd: as small as the default on tables, and a tenth faster


def sink(rows: pl.LazyFrame, file: Path) -> None:
    """Stream rows into a Parquet file; the same rows give the same bytes."""
    rows.sink_parquet(file, row_group_size=ROW_GROUP, compression_level=LEVEL)


def sink_batches(batches: Iterable[pl.DataFrame], schema: pl.Schema, file: Path) -> None:
    """Stream rows that come in batches into a Parquet file, as ``sink`` does."""
    from polars.io.plugins import register_io_source

    def source(*_: Any) -> Iterator[pl.DataFrame]:  # asked for all rows and columns
        yield from batches

    sink(register_io_source(source, schema=schema), file)


def count_rows(rows: pl.LazyFrame) -> int:
    """The number of rows."""
    return int(rows.select(pl.len()).collect(engine="streaming").item())


def read_batches(
    file: Path, size: int | None = None, columns: Collection[str] | None = None
) -> Iterator[pl.DataFrame]:
    """The rows of a file in order, at most ``size`` at a time; at least one batch, maybe empty.

    ``LazyFrame.collect_batches`` reads ahead, and so holds more of them in memory.

    Args:
        file: to read.
        size: ROW_GROUP if it is left out.
        columns: the only ones to read; all if it is left out.
    """
    rows, size = pl.scan_parquet(file, glob=False), size or ROW_GROUP
    if columns is not None:
        rows = rows.select(columns)
    for start in range(0, max(1, count_rows(rows)), size):
        yield rows.slice(start, size).collect()


def draw(rows: int, size: int, seed: int) -> list[int]:
    """The numbers of ``size`` rows out of so many, or of all, drawn by the seed, in order."""
    return sorted(random.Random(seed).sample(range(rows), min(size, rows)))  # noqa: S311


def sample(table: pl.LazyFrame, size: int, seed: int) -> pl.DataFrame:
    """The rows that ``draw`` draws of a table, in its order."""
    rows = count_rows(table)
    if rows <= size:
        return table.collect(engine="streaming")
    drawn = pl.Series(draw(rows, size, seed))
    picked = table.with_row_index("~row").filter(pl.col("~row").is_in(drawn.implode()))
    return picked.drop("~row").collect(engine="streaming")


def slices(rows: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """The rows in order, at most ROW_GROUP at a time; one slice at least."""
    for start in range(0, max(1, rows.height), ROW_GROUP):
        yield rows.slice(start, ROW_GROUP)


@contextmanager
def appender(
    file: Path, distinct: Collection[str] = ()
) -> Iterator[Callable[[pl.DataFrame], None]]:
    """A function that appends rows to a new Parquet file; all calls pass the same columns.

    Memory holds the rows of one call. Arrow has no integers of 128 bits: they become text. Only
    texts get a dictionary; those of numbers would take half of the time and save no space.

    Args:
        file: to write.
        distinct: texts without equal values, which need no dictionary.
    """
    import pyarrow.parquet as pq

    writer = None

    def append(rows: pl.DataFrame) -> None:
        nonlocal writer
        rows = rows.with_columns(cs.by_dtype(pl.Int128, pl.UInt128).cast(pl.String))
        table = rows.to_arrow(compat_level=pl.CompatLevel.oldest())
        texts = rows.select(cs.string()).columns
        writer = writer or pq.ParquetWriter(
            *(file, table.schema),
            compression="zstd",
            compression_level=LEVEL,
            use_dictionary=[name for name in texts if name not in distinct],
        )
        if rows.height:
            writer.write_table(table, row_group_size=ROW_GROUP)

    try:
        yield append
    finally:
        if writer:
            writer.close()
