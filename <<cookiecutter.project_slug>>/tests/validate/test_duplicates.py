"""Keys are told apart in parts, so that memory is bounded."""

from typing import Any

import polars as pl
import pytest

from <<cookiecutter.package_name>>.errors import DataError
from <<cookiecutter.package_name>>.validate import duplicates
from <<cookiecutter.package_name>>.validate.duplicates import (
    check_key,
    mark_duplicates,
)


@pytest.fixture(autouse=True, params=[7, 2_000_000], ids=["in parts", "at once"])
def _parts(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicates, "PART", request.param)


def keys(values: list[Any]) -> pl.LazyFrame:
    return pl.LazyFrame({"k": values})


def test_a_repeat_is_what_stands_above_and_a_null_is_none() -> None:
    values = [*range(20), 3, None, 19, None, 3]
    flags = mark_duplicates(keys(values), pl.col("k"))
    assert flags.arg_true().to_list() == [20, 22, 24]


@pytest.mark.parametrize(
    ("values", "nulls", "again"),
    [([*range(30), None], 1, 0), ([*range(30), 3, 3], 0, 2), (["a", "b", "a", None], 1, 1)],
)
def test_a_key_that_is_null_or_twice_is_refused(values: list[Any], nulls: int, again: int) -> None:
    expected = f"{nulls} rows have none, and {again} have that of a row above"
    with pytest.raises(DataError, match=expected):
        check_key(keys(values), "k")


def test_keys_that_name_one_row_each_are_taken() -> None:
    check_key(keys(list(range(100))), "k")
    check_key(keys([]), "k")
