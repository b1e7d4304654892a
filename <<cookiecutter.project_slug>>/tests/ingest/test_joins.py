"""Keys of two types meet by what they say, and keys that never meet are told."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from <<cookiecutter.package_name>>.errors import DataError
from <<cookiecutter.package_name>>.ingest.joins import joiner
from <<cookiecutter.package_name>>.runtime import logs

DAYS = [date(2024, 1, 1), date(2024, 1, 2)]
NOONS = [datetime(2024, 1, 1, 12), datetime(2024, 1, 2, 12)]
ZONED = [noon.replace(tzinfo=UTC) for noon in NOONS]
BIG = 2**60 + 1  # no float holds it
U64 = pl.Series([7, 2**63 + 8], dtype=pl.UInt64)


def join(left: pl.LazyFrame, *others: Any) -> pl.LazyFrame:
    return joiner(left, *others)(left)


def joined(left: Any, right: Any) -> list[Any]:
    """What rows of two keys get from rows of the same two keys."""
    rows = pl.LazyFrame({"k": left})
    return join(rows, pl.LazyFrame({"k": right, "v": [1, 2]}), ["k"], "1:1", "r").collect().rows()


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ([7, 8], [7.0, 8.0]),
        ([7, BIG], ["7", str(BIG)]),
        ([7, 8], [" 7", "8.0 "]),
        ([7, 8], ["007", "+8"]),
        ([7, 8], [Decimal("7.00"), Decimal("8.00")]),
        ([7.5, 8.0], ["7.5", "8"]),
        (pl.Series([7, 8], dtype=pl.Int8), pl.Series([7, 8], dtype=pl.UInt64)),
        (U64, ["7", str(2**63 + 8)]),
        (DAYS, ["2024-01-01", " 2024-01-02"]),
        (NOONS, ["2024-01-01T12:00:00", "2024-01-02 12:00:00"]),
        (DAYS, [datetime(2024, 1, 1), datetime(2024, 1, 2)]),
        (ZONED, NOONS),
        (ZONED, ["2024-01-01T12:00:00", "2024-01-02T12:00:00"]),
        ([True, False], ["true", "False"]),
        (["a", "b"], pl.Series(["a", "b"], dtype=pl.Categorical)),
        (pl.Series(["7", "8"], dtype=pl.Enum(["7", "8"])), [7, 8]),
        (pl.Series(NOONS, dtype=pl.Datetime("ms")), NOONS),
    ],
)
def test_keys_of_two_types_that_say_the_same_match(left: Any, right: Any) -> None:
    for ours, theirs in ((left, right), (right, left)):
        assert joined(ours, theirs) == list(zip(ours, [1, 2], strict=True))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ([7, 8], [7.5, 9.0]),
        ([BIG, 1], [float(BIG), 2.0]),
        (["7", "8"], ["7.0", "8.0"]),
        (["7", "8"], [" 7", " 8"]),
        ([7, 8], ["7a", ""]),
        (["a", "b"], ["A", "B"]),
        (DAYS, ["01.01.2024", "02.01.2024"]),
        ([None, None], [1, 2]),
        ([7, 8], [float("nan"), float("inf")]),
    ],
)
def test_keys_that_never_match_are_told_with_examples(left: Any, right: Any) -> None:
    for ours, theirs in ((left, right), (right, left)):
        example = next((repr(value) for value in ours if value is not None), "always null")
        with pytest.raises(DataError, match="no key matches") as raised:
            joined(ours, theirs)
        assert f"k is {example}" in raised.value.message


@pytest.mark.parametrize(
    ("left", "right"), [(DAYS, [1, 2]), ([True, False], [1, 0]), ([[1], [2]], [1, 2])]
)
def test_keys_of_types_that_cannot_be_compared_are_refused(left: Any, right: Any) -> None:
    for ours, theirs in ((left, right), (right, left)):
        with pytest.raises(DataError, match="no value of one can be compared"):
            joined(ours, theirs)


def test_one_key_in_two_spellings_is_one_key_where_it_may_stand_once() -> None:
    left = pl.LazyFrame({"k": [7]})
    with pytest.raises(DataError, match="k=7 stands 2 times in r"):
        join(left, pl.LazyFrame({"k": ["7", "7.0"], "v": [1, 2]}), ["k"], "n:1", "r")


def test_a_join_keeps_keys_as_they_were_and_adds_no_column() -> None:
    left = pl.LazyFrame({"k": [" 7", "8.0", None], "x": [1, 2, 3], "day": ["2024-01-01"] * 3})
    right = pl.LazyFrame({"day": DAYS, "k": [7, 8], "v": [True, False]})

    rows = join(left, right, ["k", "day"], "n:1", "r").collect()

    assert rows.columns == ["k", "x", "day", "v"]
    assert rows["k"].to_list() == [" 7", "8.0", None]
    assert rows["v"].to_list() == [True, None, None]


@pytest.mark.parametrize(("partners", "level"), [(60, "info"), (40, "warning")])
def test_the_share_of_rows_without_partner_is_told(
    capsys: pytest.CaptureFixture[str], partners: int, level: str
) -> None:
    logs.configure()
    right = pl.LazyFrame({"k": range(partners), "v": range(partners)})
    join(pl.LazyFrame({"k": range(100)}), right, ["k"], "1:1", "r")

    output = capsys.readouterr().err
    assert f"[{level}" in output
    assert f"share={1 - partners / 100}" in output


def test_no_rows_are_no_fault_of_the_key() -> None:
    empty = pl.LazyFrame({"k": []}, schema={"k": pl.Int64})
    right = pl.LazyFrame({"k": [1], "v": [1]})

    assert join(empty, right, ["k"], "1:1", "r").collect().columns == ["k", "v"]


def test_some_of_the_rows_are_joined_as_all_are_and_not_checked_again() -> None:
    left = pl.LazyFrame({"k": [1, 2, 3]})
    attach = joiner(left, pl.LazyFrame({"k": ["1"], "v": [7]}), ["k"], "1:1", "r")

    assert attach(left).collect()["v"].to_list() == [7, None, None]
    assert attach(left.tail(1)).collect().rows() == [(3, None)]
