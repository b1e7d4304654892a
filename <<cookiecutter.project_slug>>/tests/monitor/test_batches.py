"""Which rows are judged together."""

from datetime import date, datetime, timedelta

import polars as pl
import pytest

from <<cookiecutter.package_name>>.monitor.batches import (
    AUTO,
    ROWS,
    TIME,
    UNDATED,
    Batch,
    choose,
    count_batches,
    days_of,
    pieces,
    whole,
)
from <<cookiecutter.package_name>>.monitor.bins import Bins


def days(number: int, rows: int = 10) -> pl.DataFrame:
    start = date(2013, 1, 7)  # a Monday
    each = [start + timedelta(days=day) for day in range(number) for _ in range(rows)]
    return pl.DataFrame({"when": each, "x": range(len(each))})


@pytest.mark.parametrize(
    ("number", "wanted", "kind"),
    [
        *((84, AUTO, "week"), (40, AUTO, "day"), (11, AUTO, ROWS)),
        *((11, "month", "month"), (84, ROWS, ROWS)),
    ],
)
def test_the_kind_of_batch_is_what_is_wanted_or_has_past_batches_enough(
    number: int, wanted: str, kind: str
) -> None:
    assert choose(days_of(days(number).lazy(), "when"), wanted) == kind


def test_rows_without_dates_are_judged_by_file() -> None:
    assert days_of(days(40).lazy(), None) is None
    assert days_of(days(40).lazy(), "x") is None
    assert choose(None, "week") == ROWS


def test_a_table_is_cut_where_a_period_ends() -> None:
    rows = days(16).rename({"when": TIME})
    cut = [(name, piece.height) for name, piece in pieces([rows], "week", 0)]

    assert cut == [("2013-01-07", 70), ("2013-01-14", 70), ("2013-01-21", 20)]


def test_a_table_is_cut_after_so_many_rows_across_its_parts() -> None:
    cut = [
        (name, piece["x"].to_list())
        for name, piece in pieces(
            [pl.DataFrame({"x": [1, 2, 3]}), pl.DataFrame({"x": [4]})], ROWS, 2
        )
    ]
    assert cut == [("000000", [1, 2]), ("000001", [3]), ("000001", [4])]


def test_rows_of_one_batch_are_counted_together_whatever_file_they_came_in() -> None:
    bins, rows = {"x": Bins(values=("-1.0",))}, pl.DataFrame({"x": [-1.0, 1.0, None]})
    named = [("w2", "a", rows), ("w1", "a", rows), ("w1", "b", rows.head(1))]
    first, second = count_batches(named, bins)

    assert (first.name, first.rows, first.files) == ("w1", 4, {"a", "b"})
    assert first.counts["x"].tolist() == [2, 1, 1]
    assert (second.name, second.counts["x"].tolist()) == ("w2", [1, 1, 1])


def test_rows_without_a_time_are_a_batch_of_their_own_and_no_past_one() -> None:
    rows = pl.DataFrame({TIME: [datetime(2013, 1, 7), None], "x": [1, 2]})
    cut = dict(pieces([rows], "week", 0))
    assert list(cut) == ["2013-01-07", UNDATED]
    bins = {"x": Bins()}
    assert [one.days for one in count_batches([(n, "", r) for n, r in cut.items()], bins)] == [1, 1]
    assert whole([Batch("2013-01-07", 5), Batch(UNDATED, 50)]) == [Batch("2013-01-07", 5)]


def test_past_batches_that_were_cut_off_are_left_out() -> None:
    names = [one.name for one in whole([Batch("a", 10), Batch("b", 100), Batch("c", 120)])]
    assert names == ["b", "c"]
