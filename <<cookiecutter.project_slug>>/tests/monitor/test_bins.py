"""Counts in the reference's bins: every row is in one of them, whatever its value."""

import numpy as np
import polars as pl
import pytest

from <<cookiecutter.package_name>>.monitor.bins import (
    MOST,
    Bins,
    count,
    learn_bins,
)

RNG = np.random.default_rng(1)
NUMBERS = pl.DataFrame({"x": RNG.normal(size=5000)})


def counts(reference: pl.Series, now: pl.Series) -> list[int]:
    """Of the rows of ``now`` in the bins of ``reference``."""
    bins = learn_bins(reference.alias("c").to_frame())
    return count(now.alias("c").to_frame(), bins)["c"].tolist()


def test_bins_hold_about_as_many_rows_of_the_reference_each() -> None:
    number = count(NUMBERS, learn_bins(NUMBERS))["x"]

    inside = learn_bins(NUMBERS)["x"].at_quantiles(number)
    assert number.sum() == 5000
    assert inside.tolist() == pytest.approx([50, 200, 250, *[500] * 8, 250, 200, 50, 0], abs=1)


def test_an_outlier_moves_no_bin() -> None:
    wild = pl.concat([NUMBERS, pl.DataFrame({"x": [1e30, -1e30]})])

    for part in ("edges", "scale"):
        calm, odd = (getattr(learn_bins(rows)["x"], part) for rows in (NUMBERS, wild))
        assert calm == pytest.approx(odd, abs=0.02)
    assert learn_bins(NUMBERS)["x"].scale == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize(
    ("reference", "now", "expected"),
    [
        (pl.Series(["a", "a", "b"]), pl.Series(["a", "b", "c", None]), [1, 1, 1, 1]),
        (pl.Series([True, False, True]), pl.Series([True, None, False]), [1, 1, 0, 1]),
        (pl.Series([1, 2, 2]), pl.Series([2.0, 1.0, 3.0, float("nan")]), [1, 1, 1, 1]),
        (pl.Series([None, None], dtype=pl.Float64), pl.Series([1.0, None]), [1, 1]),
        (
            pl.Series(range(100)),
            pl.Series([-500.0, -5.0, 1e300, float("inf")]),
            [1, 0, 0, 0, 1, *[0] * 16, 1, 1],
        ),
    ],
    ids=["texts", "yes and no", "few numbers", "no value before", "numbers"],
)
def test_each_value_has_a_bin(reference: pl.Series, now: pl.Series, expected: list[int]) -> None:
    assert counts(reference, now) == expected


def test_rare_texts_share_a_bin_with_new_ones() -> None:
    texts = pl.Series([f"name {number}" for number in range(5000)] + ["often"] * 100)

    assert counts(texts, texts) == [100, 5000, 0]


def test_the_number_of_bins_is_bounded() -> None:
    texts = pl.Series([f"{number % 300}" for number in range(60_000)])

    assert len(counts(texts, texts)) == MOST + 2


@pytest.mark.parametrize(
    "bins", [Bins(edges=(1.0, 2.5), scale=3.0), Bins(values=("a", "b")), Bins()]
)
def test_bins_are_the_same_after_json(bins: Bins) -> None:
    assert Bins.from_json(bins.to_json()) == bins
