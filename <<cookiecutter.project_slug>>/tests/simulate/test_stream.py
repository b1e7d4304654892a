from datetime import datetime

import polars as pl
import pytest

from <<cookiecutter.package_name>>.errors import (
    ConfigError,
    DataError,
)
from <<cookiecutter.package_name>>.simulate.stream import cut

from .streams import table


def test_the_first_third_of_the_months_is_there_at_the_start_and_the_rest_arrives() -> None:
    stream = cut(table().sample(fraction=1.0, shuffle=True, seed=1), "time")

    assert stream.kind == "month"
    assert [one.name for one in stream.periods] == [f"2024-{month:02}" for month in range(4, 10)]
    assert stream.first["time"].max() < datetime(2024, 4, 1) <= stream.periods[0].start
    assert stream.known(1)["time"].max() < datetime(2024, 5, 1)
    assert stream.known(6).height == table().height


def test_where_months_are_too_few_weeks_arrive() -> None:
    stream = cut(table(days=70), "time")

    assert (stream.kind, len(stream.periods)) == ("week", 7)
    assert stream.periods[0].name == "2024-01-22"  # a Monday


@pytest.mark.parametrize(
    ("time", "kind", "says"),
    [
        (None, ConfigError, "data.time is empty"),
        ("wind", ConfigError, "'wind', is Float64"),
        ("tiem", ConfigError, "similar are time"),
    ],
)
def test_rows_without_a_time_cannot_be_played(
    time: str | None, kind: type[Exception], says: str
) -> None:
    with pytest.raises(kind, match=says):
        cut(table(days=70), time)


def test_too_few_weeks_are_refused_and_rows_that_lack_a_time_are_left_out() -> None:
    rows = table(days=70)
    with pytest.raises(DataError, match="of 2 weeks; at least 6"):
        cut(rows.filter(pl.col("time") < datetime(2024, 1, 12)), "time")

    undated = rows.with_columns(pl.when(pl.col("id") > 0).then("time"))
    assert cut(undated, "time").known(7).height == rows.height - 1
