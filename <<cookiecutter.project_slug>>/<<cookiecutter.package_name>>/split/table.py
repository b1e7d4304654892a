"""A table in a file, dealt to parts: memory holds a few of its columns, or some of its rows."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..runtime.artifacts import atomic_write, remove, scratch
from ..runtime.parquet import ROW_GROUP, read_batches, sink_batches
from ..runtime.progress import Step, progress
from .splits import Splits

ROW, PLACE, BUCKET = "~row", "~place", "~bucket"  # columns; validation lets no other begin so
BUCKETS = 100  # about, at most: the number of their files grows as that of the rows


def read_columns(file: Path, *columns: str | pl.Expr) -> pl.DataFrame:
    """Some columns of all rows, in the file's order."""
    return pl.scan_parquet(file, glob=False).select(*columns).collect(engine="streaming")


@dataclass(frozen=True)
class SplitTable:
    """A Parquet file, and which of its rows each part holds."""

    file: Path
    parts: Splits  # of the columns that deal the rows; ROW is a row's number in the file

    @cached_property
    def schema(self) -> pl.Schema:
        """The types of the columns."""
        return pl.scan_parquet(self.file, glob=False).collect_schema()

    @property
    def height(self) -> int:
        """The number of rows."""
        return sum(part.height for part in self.parts.named().values())

    def read(self, *columns: str | pl.Expr) -> pl.DataFrame:
        """Some columns of all rows, in the file's order."""
        return read_columns(self.file, *columns)

    def deal(self, rows: pl.DataFrame) -> Splits:
        """The parts of some columns, in the parts' order.

        Args:
            rows: all, in the file's order.
        """
        return Splits(*(rows[part[ROW]] for part in self.parts.named().values()))

    def write(self, files: Sequence[Path]) -> None:
        """Write training, validation and test rows to a file each, in the parts' order.

        All rows go to buckets, by their place in the parts; then one bucket at a time is sorted.
        The buckets take about as much space as half of the rows would of memory.
        """
        numbers = pl.concat(part[ROW] for part in self.parts.named().values()).to_numpy()
        places = np.empty_like(numbers)
        places[numbers] = np.arange(numbers.size, dtype=numbers.dtype)
        ends = np.cumsum([part.height for part in self.parts.named().values()])
        begins, size = np.r_[0, ends[:-1]], max(ROW_GROUP, numbers.size // BUCKETS)
        buckets = [np.arange(a, b, size) for a, b in zip(begins, ends, strict=True)]
        with ExitStack() as stack:
            folder = stack.enter_context(scratch(files[0]))
            partial = [stack.enter_context(atomic_write(file)) for file in files]
            step = stack.enter_context(progress("split", 2 * numbers.size))
            _distribute(self.file, places, np.concatenate(buckets), folder, step)
            for file, of_part in zip(partial, buckets, strict=True):
                sink_batches(_sorted(folder, of_part, step), self.schema, file)


def _distribute(
    file: Path, places: NDArray[Any], buckets: NDArray[Any], folder: Path, step: Step
) -> None:
    """Write each row to the folder of its bucket, named by the first place that belongs there."""
    done = 0
    for number, rows in enumerate(read_batches(file)):
        place = places[done : done + rows.height]
        bucket = buckets[np.searchsorted(buckets, place, side="right") - 1]
        placed = rows.with_columns(pl.Series(PLACE, place), pl.Series(BUCKET, bucket))
        for (name,), chunk in placed.partition_by(BUCKET, include_key=False, as_dict=True).items():
            (folder / f"{name}").mkdir(exist_ok=True)
            chunk.write_ipc(folder / f"{name}/{number}.arrow", compression="lz4")
        done += rows.height
        step(rows.height)


def _sorted(folder: Path, buckets: Iterable[int], step: Step) -> Iterator[pl.DataFrame]:
    """The rows of each bucket in order; its files are removed."""
    for bucket in buckets:
        chunks = pl.scan_ipc(list((folder / f"{bucket}").iterdir()), glob=False)
        rows = chunks.sort(PLACE).drop(PLACE).collect()
        remove(folder / f"{bucket}")
        step(rows.height)
        yield rows
