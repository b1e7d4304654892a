"""Training rows of which a sample is in memory; the others stay in their file."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..config import Config
from ..config.data import Data
from ..errors import ConfigError, PipelineError
from ..runtime.parquet import count_rows, draw, read_batches, sample
from ..runtime.progress import progress
from ..split.features import features
from ..split.target import Array, Target
from .fitting import first_line
from .rounds import OnDisk


def training_rows(file: Path, config: Config) -> pl.DataFrame:
    """All rows; with ``model.batch_rows`` a sample of so many at most, drawn by the seed."""
    size = config.model.batch_rows
    if not size:
        return pl.read_parquet(file)
    return sample(pl.scan_parquet(file, glob=False), size, config.seed)


@dataclass(frozen=True, eq=False)
class OtherRows:
    """The rows of a file that ``training_rows`` leaves there, to be read in batches."""

    file: Path
    sampled: NDArray[np.bool_]  # (rows of the file,) which it does not leave there
    size: int  # rows of the file that are in memory at once
    data: Data
    target: Target

    @classmethod
    def from_config(cls, config: Config, file: Path, target: Target) -> "OtherRows | None":
        """None if there are no other rows."""
        size, rows = config.model.batch_rows, count_rows(pl.scan_parquet(file, glob=False))
        if not 0 < size < rows:
            return None
        sampled = np.zeros(rows, dtype=np.bool_)
        sampled[draw(rows, size, config.seed)] = True
        return cls(file, sampled, size, config.data, target)

    @property
    def count(self) -> int:
        """How many there are."""
        return int((~self.sampled).sum())

    def __iter__(self) -> Iterator[tuple[pl.DataFrame, Array]]:
        """(n, k) features and (n,) class codes or numbers of each batch.

        Raises:
            ModelError: a value of the target is none that the target knows.
        """
        data, start = self.data, 0
        for rows in read_batches(self.file, self.size):
            others = rows.filter(~self.sampled[start : start + rows.height])
            start += rows.height
            if others.height:
                x = features(others, data.target, data.key, data.ignore)
                yield x, self.target.encode(others[data.target])

    def prepared(self, steps: Any) -> OnDisk:
        """The same after preprocessing, which was fitted on the sample."""

        def batches() -> Iterator[tuple[Any, Array]]:
            with progress("read", self.count) as step:
                for x, truth in self:
                    yield _transformed(steps, x), self.target.labels(truth)
                    step(x.height)

        return OnDisk(batches, self.count, self.file)


def _transformed(steps: Any, features: pl.DataFrame) -> Any:
    try:
        return steps.transform(features)
    except (PipelineError, OSError, MemoryError):
        raise
    except Exception as error:  # a step may raise anything
        raise ConfigError(
            f"preprocessing was fitted on a sample of the training rows and does not take others: "
            f"{first_line(error)}. Let its steps in conf/preprocess take what they have not seen, "
            "or raise model.batch_rows.",
            "config.preprocess",
        ) from error
