"""Batches: the pieces of a table that are judged one by one, each as counts of its columns.

A batch is a day, a week or a month, so that a file that holds several is judged as several, and one
that comes in several files as one. Rows without a time are judged by incoming file.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import polars as pl

from .bins import Bins, Counts, count
from .limits import FEWEST

AUTO, ROWS = "auto", "rows"
PER_YEAR = {"day": 365.25, "week": 365.25 / 7, "month": 12.0}
EVERY = {"day": "1d", "week": "1w", "month": "1mo"}
TIME = "~time"  # a column: the time of each row
UNDATED = "without a time"
WHOLE = 0.5  # of the median of rows: a past batch with fewer was cut off
MOST_PIECES = 200  # past batches of ROWS: larger ones of a larger table

Piece = tuple[str, pl.DataFrame]  # rows of a batch, and its name


@dataclass
class Batch:
    """A batch, as counts: ``counts[column]`` has a number for each bin."""

    name: str
    rows: int = 0
    files: set[str] = field(default_factory=set)  # that its rows came in
    counts: dict[str, Counts] = field(default_factory=dict)
    dates: set[date] = field(default_factory=set)

    @property
    def days(self) -> int:
        """The days that have rows; 1 where rows have no time."""
        return max(len(self.dates), 1)

    def add(self, rows: pl.DataFrame, bins: Mapping[str, Bins], file: str) -> None:
        """Count further rows."""
        self.rows += rows.height
        self.files.add(file)
        if TIME in rows.columns:
            self.dates.update(rows[TIME].drop_nulls().dt.date().unique())
        for name, counts in count(rows, bins).items():
            self.counts[name] = self.counts.get(name, 0) + counts


def choose(days: pl.DataFrame | None, wanted: str) -> str:
    """The kind of batch: what is wanted; under AUTO a week, else a day, else ROWS.

    Args:
        days: ``day`` and its ``rows``, of the reference; None: its rows have no time.
        wanted: a key of EVERY, ROWS or AUTO, which takes what has past batches enough.
    """
    if days is None:
        return ROWS
    if wanted != AUTO:
        return wanted
    enough = (kind for kind in ("week", "day") if _whole(days, kind) >= FEWEST)
    return next(enough, ROWS)


def days_of(rows: pl.LazyFrame, time: str | None) -> pl.DataFrame | None:
    """Each ``day`` that has rows, and how many; None if there is no column of dates."""
    if time is None or rows.collect_schema().get(time) not in (pl.Date, pl.Datetime):
        return None
    day = pl.col(time).dt.date().alias("day")
    counts = rows.group_by(day).agg(pl.len().alias("rows")).drop_nulls()
    return counts.collect(engine="streaming").sort("day")


def _whole(days: pl.DataFrame, kind: str) -> int:
    rows = days.group_by(pl.col("day").dt.truncate(EVERY[kind])).agg(pl.col("rows").sum())["rows"]
    numbers = rows.to_numpy()
    return int((numbers >= WHOLE * np.median(numbers)).sum()) if numbers.size else 0


def pieces(tables: Iterable[pl.DataFrame], kind: str, size: int) -> Iterator[Piece]:
    """The rows of tables, cut where a batch ends.

    Args:
        tables: with the column TIME, but for ROWS.
        kind: a key of EVERY; ROWS: ``size`` rows, in order, are a batch.
    """
    if kind == ROWS:
        yield from _of_size(tables, size)
        return
    for rows in tables:
        name = pl.col(TIME).dt.truncate(EVERY[kind]).dt.strftime("%Y-%m-%d").fill_null(UNDATED)
        named = rows.with_columns(name.alias("~batch"))
        for (batch,), piece in named.partition_by(
            "~batch", as_dict=True, include_key=False
        ).items():
            yield str(batch), piece


def _of_size(tables: Iterable[pl.DataFrame], size: int) -> Iterator[Piece]:
    before = 0
    for rows in tables:
        start = 0
        while start < rows.height:
            number, used = divmod(before + start, size)
            piece = rows.slice(start, size - used)
            yield f"{number:06}", piece
            start += piece.height
        before += rows.height


def count_batches(
    named: Iterable[tuple[str, str, pl.DataFrame]], bins: Mapping[str, Bins]
) -> list[Batch]:
    """The batches of pieces, each with its batch and its file, in the order of their names."""
    batches: dict[str, Batch] = {}
    for name, file, rows in named:
        batches.setdefault(name, Batch(name)).add(rows, bins, file)
    return [batches[name] for name in sorted(batches)]


def whole(batches: list[Batch]) -> list[Batch]:
    """The batches without those that were cut off, and without rows that have no time."""
    dated = [batch for batch in batches if batch.name != UNDATED]
    least = WHOLE * float(np.median([batch.rows for batch in dated])) if dated else 0.0
    return [batch for batch in dated if batch.rows >= least]
