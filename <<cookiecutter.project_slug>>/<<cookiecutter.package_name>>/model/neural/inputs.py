"""A table as a network takes it: numbers, and codes of categories."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray


@dataclass(frozen=True)
class Inputs:
    """The n rows of a table."""

    numbers: NDArray[np.float32]  # (n, numbers); a null is 0
    codes: NDArray[np.int64]  # (n, categories) from 1; a null is 0
    counts: tuple[int, ...]  # of each category, how many codes there are

    @classmethod
    def of(cls, table: Any) -> "Inputs":
        """Of an array of numbers, or of a polars frame whose Enum columns are categories."""
        if not isinstance(table, pl.DataFrame):
            numbers = np.nan_to_num(np.asarray(table, dtype=np.float32))
            return cls(numbers, np.empty((len(numbers), 0), np.int64), ())
        enums = {name: dtype for name, dtype in table.schema.items() if isinstance(dtype, pl.Enum)}
        numbers = table.drop(enums).cast(pl.Float32).to_numpy().reshape(table.height, -1)
        codes = table.select(pl.col(name).to_physical().cast(pl.Int64) + 1 for name in enums)
        return cls(
            np.nan_to_num(numbers),
            codes.fill_null(0).to_numpy().reshape(table.height, -1),
            tuple(len(dtype.categories) + 1 for dtype in enums.values()),
        )

    def __len__(self) -> int:
        return len(self.numbers)
