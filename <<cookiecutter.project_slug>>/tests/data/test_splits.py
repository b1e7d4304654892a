from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from <<cookiecutter.package_name>>.data.splits import Parts, Plan, folds, split, unmet
from <<cookiecutter.package_name>>.errors import ConfigError, DataError

KINDS = ["stratified", "group", "time"]
ASKED = [420, 60, 120]  # of 600 rows


@pytest.fixture
def rows(rows: pl.DataFrame) -> pl.DataFrame:
    """With a ``pilot``, who flew 1 to 30 of the 600 rows."""
    pilot = (pl.int_range(600) * 7919 % 600).sqrt().floor().cast(pl.Int64)
    return rows.with_columns(pilot.alias("pilot"), fare=pl.col("wind") ** 2 + pl.col("id") / 1000)


def plan(kind: str = "stratified", target: str = "late", **more: object) -> Plan:
    group = "pilot" if kind == "group" else None
    settings = {"target": target, "key": "id", "time": "departure", "group": group, "seed": 1}
    return Plan(kind, **(settings | more))


def dealt(rows: pl.DataFrame, planned: Plan) -> Parts:
    return split(rows, planned, validation=0.1, test=0.2)


def sizes(parts: Parts) -> list[int]:
    return [part.height for part in parts.named().values()]


@pytest.mark.parametrize("target", ["late", "fare"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_row_is_in_one_part_of_the_asked_size(
    rows: pl.DataFrame, kind: str, target: str
) -> None:
    parts = dealt(rows, plan(kind, target))

    assert pl.concat(parts.named().values()).sort("id").equals(rows.sort("id"))
    assert sizes(parts) == pytest.approx(ASKED, abs=8 if kind == "group" else 5)


@pytest.mark.parametrize("kind", KINDS)
def test_the_order_of_rows_makes_no_difference(rows: pl.DataFrame, kind: str) -> None:
    shuffled = rows.sample(fraction=1, shuffle=True, seed=3)

    assert dealt(rows, plan(kind)).test.equals(dealt(shuffled, plan(kind)).test)


@pytest.mark.parametrize("kind", ["stratified", "group"])
def test_another_seed_deals_other_rows(rows: pl.DataFrame, kind: str) -> None:
    assert not dealt(rows, plan(kind)).test.equals(dealt(rows, plan(kind, seed=2)).test)


@pytest.mark.parametrize(("kind", "apart"), [("stratified", 0.01), ("group", 0.03)])
def test_each_part_has_the_share_of_each_class(rows: pl.DataFrame, kind: str, apart: float) -> None:
    for part in dealt(rows, plan(kind)).named().values():
        assert part["late"].mean() == pytest.approx(rows["late"].mean(), abs=apart)


def test_each_part_has_the_distribution_of_a_quantity(rows: pl.DataFrame) -> None:
    for part in dealt(rows, plan(target="fare")).named().values():
        for q in (0.1, 0.5, 0.9):
            place = (rows["fare"] <= part["fare"].quantile(q)).mean()
            assert place == pytest.approx(q, abs=0.06)


@pytest.mark.parametrize(
    ("planned", "said"),
    [
        (plan(), "classes of late alike"),
        (plan(target="fare"), "10 quantiles of fare alike"),
        (plan(target="origin"), "classes of origin alike"),
        (plan("group"), "whole pilot, classes of late alike"),
        (plan("time"), "departure, oldest first"),
    ],
)
def test_it_says_what_rows_are_dealt_by(rows: pl.DataFrame, planned: Plan, said: str) -> None:
    assert planned.by(rows) == said


def test_no_group_is_on_two_sides(rows: pl.DataFrame) -> None:
    nobody = pl.when(pl.col("id") % 20 > 0).then(pl.col("pilot"))
    parts = dealt(rows.with_columns(pilot=nobody), plan("group"))
    pilots = [set(part["pilot"]) for part in parts.named().values()]

    assert sum(map(len, pilots)) == len(set.union(*pilots))


def test_a_group_that_is_too_large_is_named(rows: pl.DataFrame) -> None:
    large = rows.with_columns(pilot=pl.when(pl.col("id") < 500).then(0).otherwise("pilot"))
    parts = dealt(large, plan("group"))

    assert (
        "validation part holds 4% of the rows, not the 10%"
        in unmet(parts, validation=0.1, test=0.2)[0]
    )
    assert unmet(dealt(rows, plan("group")), validation=0.1, test=0.2) == []


def test_a_split_by_time_tests_on_the_newest_rows(rows: pl.DataFrame) -> None:
    ends = [
        (p["departure"].min(), p["departure"].max())
        for p in dealt(rows, plan("time")).named().values()
    ]

    assert all(older[1] < newer[0] for older, newer in pairwise(ends))


@pytest.mark.parametrize(
    ("change", "planned", "error", "named"),
    [
        ({"late": pl.lit(1)}, plan(), DataError, "one class"),
        ({"late": pl.lit(None, pl.Int64)}, plan(), DataError, "missing in 600 of 600"),
        ({"departure": pl.lit(None, pl.Datetime)}, plan("time"), DataError, "'departure'"),
        ({"pilot": pl.col("id") % 2}, plan("group"), DataError, "no rows"),
        ({}, plan(target="lat"), ConfigError, "'lat'"),
        ({}, plan("group", group="captain"), ConfigError, r"split\.group is 'captain'"),
    ],
)
def test_what_cannot_be_dealt_is_refused_by_name(
    rows: pl.DataFrame,
    change: dict[str, pl.Expr],
    planned: Plan,
    error: type[Exception],
    named: str,
) -> None:
    with pytest.raises(error, match=named):
        dealt(rows.with_columns(**change), planned)


@pytest.mark.parametrize("target", ["late", "fare"])
@pytest.mark.parametrize("kind", ["stratified", "group"])
def test_each_row_is_scored_once_in_each_repeat(rows: pl.DataFrame, kind: str, target: str) -> None:
    made = folds(rows, plan(kind, target), number=4, repeats=2)
    scored = [np.concatenate([held_out for _, held_out in made[i : i + 4]]) for i in (0, 4)]

    assert all(np.array_equal(np.sort(once), np.arange(600)) for once in scored)
    assert all(len(np.intersect1d(train, held_out)) == 0 for train, held_out in made)
    assert not np.array_equal(*scored)


def test_a_group_is_on_one_side_of_each_fold(rows: pl.DataFrame) -> None:
    for train, held_out in folds(rows, plan("group"), number=4):
        assert not set(rows["pilot"][train]) & set(rows["pilot"][held_out])


def test_a_fold_by_time_learns_from_older_rows_only(rows: pl.DataFrame) -> None:
    for train, held_out in folds(rows.reverse(), plan("time"), number=4):
        assert rows.reverse()["id"][train].max() < rows.reverse()["id"][held_out].min()


@pytest.mark.parametrize(
    ("planned", "number", "named"),
    [
        (plan(), 500, "no 500 folds"),
        (plan("group", group="origin"), 3, "fold"),
        (plan("time", group="pilot"), 3, "both sides"),
    ],
)
def test_folds_that_cannot_be_are_refused(
    rows: pl.DataFrame, planned: Plan, number: int, named: str
) -> None:
    with pytest.raises(DataError, match=named):
        folds(rows, planned, number=number)
