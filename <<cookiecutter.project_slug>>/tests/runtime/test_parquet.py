from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from <<cookiecutter.package_name>>.runtime import parquet
from <<cookiecutter.package_name>>.runtime.parquet import (
    appender,
    draw,
    read_batches,
    sample,
    sink,
    sink_batches,
)

FILE = Path("rows.parquet")
ODD = pl.DataFrame(
    {
        "text": ["a", None],
        "list": [[1], []],
        "moment": pl.Series([0, 1], dtype=pl.Datetime("ns", "UTC")),
        "choice": pl.Series(["a", "b"], dtype=pl.Enum(["a", "b"])),
        "category": pl.Series(["a", "b"], dtype=pl.Categorical),
        "nothing": [None, None],
        "price": pl.Series(["1.50", "2.25"]).cast(pl.Decimal(10, 2)),
        "bytes": [b"a", b""],
        "record": [{"a": 1}, {"a": None}],
    }
)


@pytest.mark.parametrize(("rows", "heights"), [(0, [0]), (1, [1]), (4, [4]), (9, [4, 4, 1])])
def test_batches_have_all_rows_in_order_and_one_there_always_is(
    monkeypatch: pytest.MonkeyPatch, rows: int, heights: list[int]
) -> None:
    monkeypatch.setattr(parquet, "ROW_GROUP", 4)
    pl.DataFrame({"a": range(rows)}, schema={"a": pl.Int64}).write_parquet(FILE)

    read = list(read_batches(FILE))

    assert [batch.height for batch in read] == heights
    assert pl.concat(read)["a"].to_list() == list(range(rows))


def test_a_sample_is_the_same_by_its_seed_and_in_order() -> None:
    table = pl.DataFrame({"a": range(1000)}).lazy()
    first, again, other = (sample(table, 100, seed)["a"].to_list() for seed in (1, 1, 2))

    assert first == again == draw(1000, 100, 1) == sorted(set(first))
    assert len(first) == 100
    assert first != other
    assert sample(table, 1000, 1).height == 1000


def test_batches_may_be_of_some_columns_and_of_another_size() -> None:
    ODD.write_parquet(FILE)

    assert [batch.columns for batch in read_batches(FILE, 1, ["text"])] == [["text"]] * 2


@pytest.mark.parametrize("distinct", [[], ["text", "list"]], ids=["none", "some"])
def test_what_is_appended_is_read_again_in_its_types(distinct: list[str]) -> None:
    with appender(FILE, distinct) as append:
        for rows in (ODD.clear(), ODD, ODD.clear(), ODD.reverse()):
            append(rows)
    assert_frame_equal(pl.read_parquet(FILE), pl.concat([ODD, ODD.reverse()]))


def test_no_rows_are_a_file_with_columns() -> None:
    with appender(FILE) as append:
        append(ODD.clear())
    assert pl.read_parquet(FILE).schema == ODD.schema


def test_whole_numbers_of_128_bits_become_text() -> None:
    with appender(FILE) as append:
        append(pl.DataFrame({"a": pl.Series([2**100], dtype=pl.Int128)}))
    assert pl.read_parquet(FILE)["a"].to_list() == [str(2**100)]


@pytest.mark.parametrize("size", [1, 3, 7])
def test_batches_of_any_size_give_the_bytes_of_all_rows_at_once(
    monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(parquet, "ROW_GROUP", 4)
    rows = pl.concat([ODD, ODD.reverse()] * 3)
    sink(rows.lazy(), FILE)
    at_once = FILE.read_bytes()
    sink_batches((rows[i : i + size] for i in range(0, 12, size)), rows.schema, FILE)

    assert FILE.read_bytes() == at_once


def test_a_batch_that_fails_says_why() -> None:
    def batches() -> Iterator[pl.DataFrame]:
        yield ODD
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        sink_batches(batches(), ODD.schema, FILE)
