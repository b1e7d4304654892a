"""A sample of the rows and their answers, met by key; what is counted is counted over all."""

from typing import Any

import polars as pl
import pytest

from <<cookiecutter.package_name>>.errors import DataError
from <<cookiecutter.package_name>>.monitor.sample import (
    Sample,
    sample_with_answers,
)

from .models import contract

N = 1000
ROWS = pl.DataFrame(
    {
        "id": range(N),
        "a": [None if i % 4 == 0 else float(i) for i in range(N)],
        "b": [float("nan") if i % 5 == 0 else 1.0 for i in range(N)],
        "more": ["x"] * N,
    }
)
ANSWERS = pl.DataFrame(
    {
        "id": range(N),
        "prediction": [0] * N,
        "probability:0": [1 - i / N for i in range(N)],
        "probability:1": [i / N for i in range(N)],
    }
)
CONTRACT = contract(a="Float64", b="Float64")


def drawn(
    rows: pl.DataFrame = ROWS, answers: pl.DataFrame = ANSWERS, size: int = 50, seed: int = 1
) -> Sample:
    return sample_with_answers(rows.lazy(), answers.lazy(), CONTRACT, size, seed)


def test_an_answer_meets_its_row_by_key_in_whatever_order() -> None:
    rows = ROWS.with_columns(a=pl.col("id").cast(pl.Float64))
    sample = drawn(rows, ANSWERS.sample(fraction=1, shuffle=True, seed=3))

    assert sample.rows.columns == ["a", "b", "probability:1"]
    assert sample.rows["probability:1"].to_list() == [a / N for a in sample.rows["a"]]


def test_counts_are_of_all_rows_and_the_sample_is_as_large_as_asked() -> None:
    sample = drawn()

    assert (sample.rows.height, sample.of) == (50, N)
    assert sample.non_null == {"a": 750, "b": 800, "probability:1": N}
    assert sample.null_share("a") == 0.25
    assert sample.null_share("b") == pytest.approx(0.2)


def test_the_same_seed_draws_the_same_rows_and_few_rows_are_all_drawn() -> None:
    assert drawn().rows.equals(drawn().rows)
    assert not drawn().rows.equals(drawn(seed=2).rows)
    assert drawn(size=2 * N).rows.height == N
    assert drawn(ROWS.clear(), ANSWERS.clear()).of == 0


@pytest.mark.parametrize(
    ("rows", "answers", "odd"),
    [
        (ROWS, ANSWERS.head(N - 1), 1),
        (ROWS.head(N - 3), ANSWERS, 3),
        (ROWS, pl.concat([ANSWERS, ANSWERS.head(2)]), 2),
        (ROWS, ANSWERS.with_columns(id=pl.col("id") + 1), 2),
        (ROWS, ANSWERS.with_columns(pl.col("id").cast(pl.String)), N),
        (ROWS, ANSWERS.drop("id"), N),
        (ROWS, ANSWERS.drop("probability:1"), N),
        (ROWS, ANSWERS.clear(), N),
    ],
)
def test_tables_of_different_keys_are_refused(
    rows: pl.DataFrame, answers: pl.DataFrame, odd: int
) -> None:
    with pytest.raises(DataError, match=f"{odd} keys .* different batches. Run `make monitor`"):
        drawn(rows, answers)


def test_a_whole_table_is_its_own_sample() -> None:
    columns: dict[str, Any] = {"a": [1.0, None, float("inf")], "b": ["x", None, None]}
    sample = Sample.whole(pl.DataFrame(columns))
    assert (sample.of, sample.non_null) == (3, {"a": 1, "b": 1})
