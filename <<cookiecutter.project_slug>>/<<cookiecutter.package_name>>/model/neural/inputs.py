"""A table as a network takes it: numbers, and codes of categories."""

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray


@dataclass(frozen=True)
class Inputs:
    """The n rows of a table."""

    numbers: NDArray[np.float32]  # (n, numbers); a null is 0
    codes: NDArray[np.int64]  # (n, categories) from 1; what is null or unknown is 0

    @classmethod
    def of(cls, table: Any) -> "Inputs":
        """Of an array of numbers, or of a polars frame whose columns of whole numbers are codes.

        Such codes count from 0, as the step ``category`` gives them; below 0 is unknown.
        """
        if not isinstance(table, pl.DataFrame):
            numbers = np.asarray(table, dtype=np.float32)
            return cls(np.nan_to_num(numbers), np.empty((len(numbers), 0), np.int64))
        whole = [name for name, dtype in table.schema.items() if dtype.is_integer()]
        numbers = table.drop(whole).cast(pl.Float32).to_numpy().reshape(table.height, -1)
        codes = table.select(pl.col(whole).fill_null(-1).cast(pl.Int64) + 1)
        return cls(np.nan_to_num(numbers), codes.to_numpy().reshape(table.height, -1))

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def counts(self) -> list[int]:
        """Of each category, the number of codes that a network needs for these rows."""
        return [int(column.max(initial=0)) + 1 for column in self.codes.T]

    def within(self, counts: list[int]) -> "Inputs":
        """The same, where codes that a network of these counts does not have are unknown."""
        return Inputs(self.numbers, np.where(self.codes < np.array(counts), self.codes, 0))

    def digest(self) -> str:
        """Of all values."""
        return hashlib.sha256(self.numbers.tobytes() + self.codes.tobytes()).hexdigest()
