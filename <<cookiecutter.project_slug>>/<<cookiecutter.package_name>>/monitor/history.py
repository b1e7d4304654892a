"""Past batches: the rows that the model knows, cut into pieces of the length that arrives."""

from collections.abc import Iterator
from typing import NamedTuple

import polars as pl

from .limits import FEWEST

AUTO, ROWS = "auto", "rows"
PER_YEAR = {"day": 365.25, "week": 365.25 / 7, "month": 12.0}
EVERY = {"day": "1d", "week": "1w", "month": "1mo"}
WHOLE = 0.5  # of the median: a first or last batch with fewer rows is cut off, and left out


class Past(NamedTuple):
    """Past batches, in order: their length, and the rows of each."""

    batch: str  # day, week, month or rows
    batches: list[pl.DataFrame]


def past_batches(rows: pl.DataFrame, time: str | None, batch: str, size: int) -> Past:
    """The rows in batches.

    Args:
        rows: (n, …).
        time: a column of dates; None: there is none.
        batch: ``day``, ``week``, ``month``; ``rows``: each has ``size`` rows, in the order of time;
            ``auto``: the longest of the three that gives enough batches, else ``rows``.
        size: of a batch of rows.
    """
    dated = time is not None and rows.schema[time] in (pl.Date, pl.Datetime)
    if batch == AUTO:
        enough = (kind for kind in reversed(EVERY) if dated and _counted(rows, time, kind))
        batch = next(enough, ROWS)
    if batch == ROWS or not dated or time is None:
        ordered = rows.sort(time) if dated and time is not None else rows
        return Past(ROWS, [piece for piece in ordered.iter_slices(size) if piece.height == size])
    return Past(batch, list(_periods(rows, time, batch)))


def _counted(rows: pl.DataFrame, time: str | None, kind: str) -> bool:
    return time is not None and sum(1 for _ in _periods(rows, time, kind)) >= FEWEST


def _periods(rows: pl.DataFrame, time: str, kind: str) -> Iterator[pl.DataFrame]:
    start = pl.col(time).dt.truncate(EVERY[kind]).alias("~start")
    groups = rows.filter(pl.col(time).is_not_null()).with_columns(start).sort("~start")
    pieces = groups.partition_by("~start", maintain_order=True, include_key=False)
    heights = sorted(piece.height for piece in pieces)
    least = WHOLE * heights[len(heights) // 2] if heights else 0
    for number, piece in enumerate(pieces):
        if number not in (0, len(pieces) - 1) or piece.height >= least:
            yield piece
