from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from <<cookiecutter.package_name>>.errors import ConfigError
from <<cookiecutter.package_name>>.split.units import (
    Units,
    counted,
    unit_column,
    units,
)

ROWS = pl.DataFrame(
    {
        "departure": [datetime(2013, 1, 6, 12) + timedelta(hours=8 * i) for i in range(6)],
        "date": [date(2013, 1, 6)] * 3 + [date(2013, 1, 7)] * 3,
        "customer": ["a", "b", "a", None, "b", None],
        "score": [0.5, float("nan"), None, float("nan"), 0.5, None],
        "tags": [["x"], ["y"], ["x"], [], None, None],
        "year": [2013] * 6,
    }
)


def codes(setting: str, *, group: str | None = None, time: str | None = "departure") -> list[int]:
    return units(ROWS, setting, group=group, time=time).codes.tolist()


@pytest.mark.parametrize(
    ("setting", "group", "time", "name", "count"),
    [
        ("auto", "customer", "departure", "value of customer", 3),
        ("auto", None, "departure", "day of departure", 3),
        ("auto", None, "date", "day of date", 2),
        ("auto", None, "year", "row", 6),  # orders the rows, and says no day
        ("auto", None, None, "row", 6),
        ("row", "customer", "departure", "row", 6),
        ("day", "customer", "departure", "day of departure", 3),
        ("week", None, "departure", "week of departure", 2),
        ("customer", None, "departure", "value of customer", 3),
    ],
)
def test_the_unit_is_what_was_asked_for_and_auto_takes_the_first_that_there_is(
    setting: str, group: str | None, time: str | None, name: str, count: int
) -> None:
    unit = units(ROWS, setting, group=group, time=time)

    assert (unit.name, unit.count) == (name, count)


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("customer", [0, 1, 0, 2, 1, 2]),
        ("score", [0, 1, 2, 1, 0, 2]),
        ("tags", [0, 1, 0, 2, 3, 3]),
        ("day", [0, 0, 1, 1, 1, 2]),
        ("week", [0, 0, 1, 1, 1, 1]),  # 6 January 2013 was a Sunday
        ("row", [0, 1, 2, 3, 4, 5]),
    ],
)
def test_rows_with_the_same_value_are_one_unit_and_those_without_one_too(
    setting: str, expected: list[int]
) -> None:
    assert codes(setting) == expected


def test_a_day_is_that_of_the_times_own_zone() -> None:
    utc = pl.Series("t", [datetime(2013, 1, 1, 3, tzinfo=UTC), datetime(2013, 1, 1, 7, tzinfo=UTC)])
    rows = utc.dt.convert_time_zone("America/New_York").to_frame()

    assert units(rows, "day", group=None, time="t").count == 2
    assert units(utc.to_frame(), "day", group=None, time="t").count == 1


@pytest.mark.parametrize(
    ("setting", "group", "time", "message"),
    [
        ("custmer", None, None, "evaluate.unit names 'custmer', which is no column.*customer"),
        ("", None, None, "evaluate.unit names '', which is no column"),
        ("auto", "custmer", None, "split.group names 'custmer', which is no column.*customer"),
        ("auto", None, "depart", "data.time names 'depart', which is no column.*departure"),
        ("day", None, None, "evaluate.unit is 'day', which needs .*data.time is empty"),
        ("week", None, "year", "evaluate.unit is 'week', which needs dates .*'year' is Int64"),
    ],
)
def test_a_unit_that_cannot_be_had_is_refused(
    setting: str, group: str | None, time: str | None, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        units(ROWS, setting, group=group, time=time)


@pytest.mark.parametrize(
    ("setting", "group", "time", "column"),
    [
        ("auto", "shop", "when", "shop"),
        ("auto", None, "when", "when"),
        ("auto", None, None, None),
        ("row", "shop", "when", None),
        ("week", "shop", "when", "when"),
        ("customer", None, None, "customer"),
    ],
)
def test_a_unit_is_read_from_one_column_at_most(
    setting: str, group: str | None, time: str | None, column: str | None
) -> None:
    assert unit_column(setting, group=group, time=time) == column


def test_units_of_different_size_say_less_than_their_number() -> None:
    assert Units("day", np.arange(60) // 10).effective == pytest.approx(6)
    assert Units("day", np.array([0] * 58 + [1, 2])).effective == pytest.approx(60**2 / 3366)


def test_some_of_the_rows_have_some_of_the_units() -> None:
    some = units(ROWS, "customer", group=None, time=None).subset(np.array([1, 3, 4]))

    assert (some.name, some.codes.tolist()) == ("value of customer", [0, 1, 0])


@pytest.mark.parametrize(
    ("number", "unit", "more", "text"),
    [
        (1, "row", False, "1 row"),
        (12_000, "row", True, "12,000 more rows"),
        (31, "day of departure", False, "31 days of departure"),
        (40, "value of customer", True, "40 more values of customer"),
    ],
)
def test_units_are_counted_in_words(number: int, unit: str, more: bool, text: str) -> None:
    assert counted(number, unit, more=more) == text
