"""A table as it would have arrived: rows that the first model learns from, then periods."""

from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from ..config.columns import check_names
from ..errors import ConfigError, DataError

EVERY = {"month": "1mo", "week": "1w"}  # kinds of period, the first with enough of them is taken
NAMES = {"month": "%Y-%m", "week": "%Y-%m-%d"}
FEWEST = 6  # periods
FIRST = 3  # one in so many periods is there at the start


@dataclass(frozen=True)
class Period:
    """The rows of a month or a week, with their labels, which are known when it has ended."""

    name: str
    start: date | datetime
    rows: pl.DataFrame


@dataclass(frozen=True)
class Stream:
    """Rows that are known at the start, and what arrives later, in order."""

    kind: str  # a key of EVERY
    first: pl.DataFrame
    periods: list[Period]

    def known(self, ended: int) -> pl.DataFrame:
        """All rows whose labels are known once so many periods have ended."""
        return pl.concat([self.first, *(period.rows for period in self.periods[:ended])])


def cut(rows: pl.DataFrame, time: str | None) -> Stream:
    """The first third of the periods, and those that arrive; rows without a time are left out.

    Args:
        rows: (n, …) with labels.
        time: the column of a row's time.

    Raises:
        ConfigError: there is no such column, or it holds no dates.
        DataError: there are too few weeks.
    """
    if time is None:
        raise ConfigError(
            "a year is played in the order of time, and data.time is empty. Set it in conf/data "
            "to the column that says when a row came.",
            "config.time",
        )
    check_names(rows.columns, {"data.time": [time]})
    if rows.schema[time] not in (pl.Date, pl.Datetime):
        raise ConfigError(
            f"a year is played by dates, and data.time, {time!r}, is {rows.schema[time]}. Give it "
            "the format date or date-time in the schema.",
            "config.time",
        )
    dated = rows.drop_nulls(time)
    for kind, every in EVERY.items():
        starts = dated[time].dt.truncate(every)
        if starts.n_unique() >= FEWEST:
            return _cut(dated, starts, kind)
    raise DataError(
        f"the rows are of {starts.n_unique()} weeks; at least {FEWEST} are needed to play what "
        "arrives. Use more data.",
        "data.few_periods",
    )


def _cut(rows: pl.DataFrame, starts: pl.Series, kind: str) -> Stream:
    parts = rows.with_columns(starts.alias("~start")).partition_by(
        "~start", as_dict=True, include_key=False
    )
    periods = [
        Period(start.strftime(NAMES[kind]), start, parts[(start,)]) for (start,) in sorted(parts)
    ]
    learned = len(periods) // FIRST
    return Stream(kind, pl.concat([one.rows for one in periods[:learned]]), periods[learned:])
