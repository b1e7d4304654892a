"""The unit of independence: rows that share one are a single observation, whatever their number.

Rows of one hour share their weather, rows of one customer share the customer. An interval or a test
that takes such rows as independent is too sure of itself by the square root of the design effect
(Kish 1965), so every interval and test of this package draws, leaves out or flips whole units.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..config.columns import check_names
from ..errors import ConfigError
from .keys import group_codes

Rows = NDArray[np.intp]  # numbers of rows
ROW, AUTO = "row", "auto"
PERIODS = {"day": "1d", "week": "1w"}  # by the name that evaluate.unit gives them


@dataclass(frozen=True, eq=False)
class Units:
    """Which unit each of n rows belongs to."""

    name: str  # for people: "row", "day of departure", "value of customer"
    codes: NDArray[np.intp]  # (n,) from 0 to count - 1

    @cached_property
    def sizes(self) -> NDArray[np.intp]:
        """The number of rows of each unit, (count,)."""
        return np.bincount(self.codes)

    @property
    def count(self) -> int:
        """The number of units."""
        return int(self.sizes.size)

    @property
    def effective(self) -> float:
        """The number of units of equal size that would say as much (Kish 1965)."""
        squares = float((self.sizes.astype(np.float64) ** 2).sum())
        return self.codes.size**2 / squares if squares else 0.0

    def merged(self, most: int, seed: int) -> "Units":
        """The same rows in ``most`` units at most: more than that are put together at random."""
        if self.count <= most:
            return self
        number = np.random.default_rng(seed).permutation(self.count) % most
        return Units(self.name, number[self.codes])

    def subset(self, rows: NDArray[Any]) -> "Units":
        """The units of some rows, given by number or by a mask."""
        return Units(self.name, np.unique(self.codes[rows], return_inverse=True)[1])


def counted(number: int, unit: str, *, more: bool = False) -> str:
    """A number of units for people: "1 row", "31 days of departure", "40 more values of shop"."""
    noun, space, rest = unit.partition(" ")
    plural = "" if number == 1 else "s"
    return f"{number:,} {'more ' if more else ''}{noun}{plural}{space}{rest}"


def units(rows: pl.DataFrame, setting: str, *, group: str | None, time: str | None) -> Units:
    """The unit of each of n rows; those that lack a value are one unit together.

    Args:
        rows: (n, …).
        setting: of ``evaluate.unit``. ``row``; ``day`` or ``week`` (from Monday) of ``time``; a
            column, whose every value is a unit; or ``auto``: ``group``, else the day of ``time`` if
            it holds dates, else the row.
        group: the column of ``split.group``.
        time: the column of ``data.time``.

    Raises:
        ConfigError: a column is missing; or a period is asked for, and ``time`` is not set or holds
            no dates.
    """
    if setting == AUTO and group is not None:
        return _of_column(rows, group, "split.group")
    if setting == AUTO:
        setting = "day" if time is not None and _holds_dates(rows, time) else ROW
    if setting == ROW:
        return Units(ROW, np.arange(rows.height))
    if setting in PERIODS:
        return _of_period(rows, setting, time)
    return _of_column(rows, setting, "evaluate.unit")


def unit_column(setting: str, *, group: str | None, time: str | None) -> str | None:
    """The column that ``units`` reads; None where a row is a unit."""
    if setting == AUTO:
        return group or time
    if setting in PERIODS:
        return time
    return None if setting == ROW else setting


def _of_period(rows: pl.DataFrame, period: str, time: str | None) -> Units:
    if time is None:
        raise ConfigError(
            f"evaluate.unit is {period!r}, which needs the column that holds a row's time, and "
            "data.time is empty. Set data.time in conf/data, or name another unit: row, or a "
            "column.",
            "config.unit",
        )
    if not _holds_dates(rows, time):
        raise ConfigError(
            f"evaluate.unit is {period!r}, which needs dates in data.time; {time!r} is "
            f"{rows.schema[time]}. Give it the format date or date-time in the schema, or name "
            "another unit in conf/evaluate: row, or a column.",
            "config.unit",
        )
    start = rows[time].dt.truncate(PERIODS[period])
    return Units(f"{period} of {time}", group_codes(start))


def _holds_dates(rows: pl.DataFrame, time: str) -> bool:
    check_names(rows.columns, {"data.time": [time]})
    return rows.schema[time] in (pl.Date, pl.Datetime)


def _of_column(rows: pl.DataFrame, column: str, key: str) -> Units:
    check_names(rows.columns, {key: [column]})
    return Units(f"value of {column}", group_codes(rows[column]))
