import polars as pl
import pytest

from <<cookiecutter.package_name>>.data.splits import Parts, check_leaks, split
from <<cookiecutter.package_name>>.errors import DataError


def parts(rows: pl.DataFrame, kind: str = "stratified", key: str = "id") -> Parts:
    return split(
        rows, kind=kind, validation=0.1, test=0.2, target="late", key=key, time="departure", seed=1
    )


@pytest.mark.parametrize("kind", ["stratified", "time"])
def test_every_row_is_in_one_part(rows: pl.DataFrame, kind: str) -> None:
    dealt = parts(rows, kind)
    together = pl.concat([dealt.train, dealt.validation, dealt.test])

    assert together.sort("id").equals(rows.sort("id"))
    assert [dealt.train.height, dealt.validation.height] == pytest.approx([420, 60], abs=2)


def test_a_stratified_split_keeps_the_share_of_each_class(rows: pl.DataFrame) -> None:
    dealt = parts(rows)

    assert dealt.test["late"].mean() == pytest.approx(rows["late"].mean(), abs=0.01)


def test_a_split_by_time_tests_on_the_newest_rows(rows: pl.DataFrame) -> None:
    dealt = parts(rows, "time")

    assert dealt.train["departure"].max() < dealt.validation["departure"].min()
    assert dealt.validation["departure"].max() < dealt.test["departure"].min()


def test_the_order_of_rows_makes_no_difference(rows: pl.DataFrame) -> None:
    shuffled = rows.sample(fraction=1, shuffle=True, seed=3)

    assert parts(rows).test.equals(parts(shuffled).test)


def test_one_class_is_refused(rows: pl.DataFrame) -> None:
    with pytest.raises(DataError, match="one class"):
        parts(rows.with_columns(late=1))


def test_a_repeated_key_is_refused(rows: pl.DataFrame) -> None:
    with pytest.raises(DataError, match="more than once"):
        parts(pl.concat([rows, rows]))


def test_training_on_the_future_is_refused(rows: pl.DataFrame) -> None:
    dealt = parts(rows)

    with pytest.raises(DataError, match="younger"):
        check_leaks(dealt, key="id", time="departure")


def test_an_empty_part_is_refused(rows: pl.DataFrame) -> None:
    with pytest.raises(DataError, match="no rows"):
        parts(pl.concat([rows.filter(late=0).head(1), rows.filter(late=1).head(1)]))
