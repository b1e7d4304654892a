"""Columns that Evidently itself cannot compare."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from <<cookiecutter.package_name>>.monitor.drift import detect
from <<cookiecutter.package_name>>.monitor.sample import Sample

from .test_drift import RULES

ROWS = 400
ORDINARY = np.random.default_rng(0).normal(size=ROWS)
CODE = np.full(ROWS, 1e16)  # a constant of so many digits that a half is lost in rounding
NEAR = np.where(ORDINARY > 0, 1e17, 1e17 + 16)
WIDE = np.where(ORDINARY > 0, 1.7e308, -1.7e308)  # their difference overflows


@pytest.mark.parametrize(
    ("before", "now", "drifted"),
    [
        (CODE, CODE, False),
        (NEAR, NEAR[::-1], False),
        (CODE, CODE + 1000, True),
        (ORDINARY, CODE, True),
        (CODE, ORDINARY, True),
        (ORDINARY, WIDE, True),
    ],
    ids=["constant", "near", "another constant", "to a constant", "from one", "too wide"],
)
def test_numbers_that_fit_no_bins_are_compared(
    tmp_path: Path, before: np.ndarray, now: np.ndarray, drifted: bool
) -> None:
    sides = [
        Sample.whole(pl.DataFrame({"code": values, "score": ORDINARY})) for values in (before, now)
    ]
    report = detect(*sides, RULES, ["score"], seed=1, details=tmp_path / "page", run_id="")

    assert report.drifted_features == (["code"] if drifted else [])


def test_names_of_rows_do_not_drift_by_chance_and_other_shares_of_frequent_ones_do(
    tmp_path: Path,
) -> None:
    def side(start: int, named: float) -> Sample:
        names = [f"name {number}" for number in range(start, start + ROWS)]
        shops = ["a" if number < named * ROWS else name for number, name in enumerate(names)]
        return Sample.whole(pl.DataFrame({"name": names, "shop": shops, "score": ORDINARY}))

    drawn = {"seed": 1, "details": tmp_path / "page", "run_id": ""}
    same, other = (
        detect(side(0, 0.5), side(ROWS, share), RULES, ["score"], **drawn) for share in (0.5, 0.9)
    )

    assert same.drifted_features == []
    assert other.drifted_features == ["shop"]
