from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from <<cookiecutter.package_name>>.errors import DataError
from <<cookiecutter.package_name>>.split.leaks import (
    Findings,
    check,
    check_keys,
    check_repeated,
    how_well_alone,
)
from <<cookiecutter.package_name>>.split.splits import (
    Splits,
    SplitSpec,
    size_warnings,
    split,
)
from <<cookiecutter.package_name>>.split.table import ROW, SplitTable
from <<cookiecutter.package_name>>.split.target import (
    Target,
    Task,
    infer_target,
)

FILE = Path("valid.parquet")
FEATURES = ["departure", "origin", "wind", "seats"]
TARGETS = {
    "late": Target("late", Task.BINARY, (0, 1)),
    "fare": Target("fare", Task.REGRESSION),
    "noise": Target("noise", Task.REGRESSION),
    "third": Target("third", Task.MULTICLASS, (0.0, 1.0, 2.0)),
    "seats": Target("seats", Task.MULTICLASS, (0, 50, 100, 150, 200, 250, 300)),
}
PLAN = SplitSpec("stratified", TARGETS["late"], "id", "departure")


def parts(rows: pl.DataFrame, plan: SplitSpec = PLAN) -> Splits:
    return split(rows, plan, validation=0.1, test=0.2)


def dealt(rows: pl.DataFrame, plan: SplitSpec = PLAN) -> SplitTable:
    rows.write_parquet(FILE)
    return SplitTable(FILE, parts(rows.with_row_index(ROW), plan))


def checked(
    rows: pl.DataFrame, plan: SplitSpec = PLAN, *, new: str | None = None, max_repeated: float = 0.0
) -> Findings:
    features = [*FEATURES, new] if new else FEATURES
    return check(dealt(rows, plan), plan, features, max_repeated=max_repeated, max_alone=0.98)


def test_honest_rows_pass_without_a_word(rows: pl.DataFrame) -> None:
    report = checked(rows)

    assert report.repeated == 0
    assert report.warnings == []
    assert next(iter(report.alone)) == "wind"


def test_columns_may_have_any_name(rows: pl.DataFrame) -> None:
    """Such as that of a count of values."""
    named = rows.rename({"late": "count", "wind": "truth", "origin": "value", "seats": "class"})
    target = infer_target(named["count"])
    table = dealt(named, replace(PLAN, target=target))

    features = ["truth", "value", "class"]
    assert next(iter(how_well_alone(table, features, target))) == "truth"
    assert size_warnings(table.parts, replace(PLAN, target=target), validation=0.1, test=0.2) == []


@pytest.mark.parametrize("features", [[], ["constant", "empty"]])
def test_rows_without_a_feature_that_differs_are_refused(
    rows: pl.DataFrame, features: list[str]
) -> None:
    dull = rows.select("id", "late", "departure", constant=1.0, empty=None)

    with pytest.raises(DataError, match="no feature differs between rows"):
        check(dealt(dull), PLAN, features, max_repeated=0.0, max_alone=0.98)


def test_a_feature_is_tried_on_the_most_frequent_of_many_classes(rows: pl.DataFrame) -> None:
    many = rows.with_columns(seats=pl.when(pl.col("id") < 300).then(0).otherwise(pl.col("id") % 97))
    seats = Target("seats", Task.MULTICLASS, tuple(sorted(many["seats"].unique())))
    alone = how_well_alone(dealt(many), ["departure"], seats)

    assert alone["departure"] > 0.98


def test_a_repeated_key_is_refused(rows: pl.DataFrame) -> None:
    with pytest.raises(DataError, match="600 values of the key 'id'"):
        check_keys(parts(pl.concat([rows, rows])), "id")


def test_a_group_on_two_sides_is_refused(rows: pl.DataFrame) -> None:
    with pytest.raises(DataError, match="'origin' has rows in more than one part"):
        checked(rows, replace(PLAN, group="origin"))


def test_training_on_the_future_is_refused(rows: pl.DataFrame) -> None:
    by_time = replace(PLAN, kind="time")

    with pytest.raises(DataError, match="younger"):
        check(dealt(rows), by_time, FEATURES, max_repeated=0, max_alone=1)
    assert checked(rows, by_time)


@pytest.mark.parametrize(
    ("target", "copy"),
    [
        ("late", pl.col("late")),
        ("late", pl.col("late") == 0),
        ("late", pl.when(pl.col("late") == 1).then(pl.lit("delayed"))),
        ("seats", pl.col("seats").cast(pl.String)),
        ("fare", pl.col("fare")),
        ("fare", 100 - 3 * pl.col("fare")),
        ("fare", pl.col("fare").log()),
        ("fare", pl.col("fare").cast(pl.String)),
    ],
)
def test_the_target_among_the_features_is_refused(
    rows: pl.DataFrame, target: str, copy: pl.Expr
) -> None:
    priced = rows.with_columns(fare=pl.col("wind") + pl.col("id") / 1000 + 1)
    plan = replace(PLAN, target=TARGETS[target])
    features = [name for name in (*FEATURES, "answer") if name != target]

    with pytest.raises(DataError, match=f"answer holds the target '{target}'"):
        check(
            dealt(priced.with_columns(answer=copy), plan),
            plan,
            features,
            max_repeated=1,
            max_alone=1,
        )


TAILS = {
    "number": pl.col("id"),
    "text": pl.format("N{}", "id"),
    "bytes": pl.format("N{}", "id").cast(pl.Binary),
    "list": pl.concat_list("id"),
    "record": pl.struct("id", "late"),
}


@pytest.mark.parametrize("tail", TAILS.values(), ids=TAILS)
def test_a_column_of_names_is_no_copy_of_a_quantity(rows: pl.DataFrame, tail: pl.Expr) -> None:
    """Pairs of two columns that never repeat are unique by chance."""
    named = rows.with_columns(fare=pl.col("id").cast(pl.Float64).shuffle(2), tail=tail)
    plan = replace(PLAN, target=TARGETS["fare"])

    assert check(dealt(named, plan), plan, ["tail"], max_repeated=0, max_alone=1).repeated == 0


def test_rows_that_repeat_are_refused_above_the_limit_and_named_below(rows: pl.DataFrame) -> None:
    again = pl.concat([rows, rows.with_columns(pl.col("id") + 1000)])

    with pytest.raises(DataError, match=r"max_repeated allows 1\.0%"):
        checked(again, max_repeated=0.01)
    (warning,) = checked(again, max_repeated=1.0).warnings
    assert "equal a training row" in warning


def test_rows_repeat_where_nulls_texts_and_numbers_are_equal() -> None:
    value = pl.int_range(200, eager=True)
    odd = pl.DataFrame({"id": value, "late": value % 2}).with_columns(
        text=pl.when(value % 5 > 0).then(pl.format("t{}", value)),
        category=pl.format("c{}", value).cast(pl.Categorical),
        number=pl.when(value % 3 > 0).then(value * 0.0).otherwise(None),
        items=pl.concat_list(value % 2, value),
    )
    negative = odd.with_columns(pl.col("id") + 200, -pl.col("number"))  # 0.0 equals -0.0
    names = odd.columns[1:]
    both = pl.concat([odd, negative])
    known, asked = parts(both).train, pl.concat([parts(both).validation, parts(both).test])
    again = asked.join(known, on=names, how="semi", nulls_equal=True).height

    assert 0 < again < asked.height
    assert check_repeated(dealt(both), names, 1.0) == again / asked.height
    assert check_repeated(dealt(odd), names, 1.0) == 0


def test_repeated_rows_may_stand_in_one_part(rows: pl.DataFrame) -> None:
    again = pl.concat([rows, rows.with_columns(pl.col("id") + 1000)])
    together = again.with_columns(original=pl.col("id") % 1000)

    assert checked(together, replace(PLAN, kind="group", group="original")).repeated == 0


@pytest.mark.parametrize(
    "telling",
    [
        pl.col("late") * 100.0 + pl.col("id") % 97,
        -pl.col("late") * 1000 + pl.col("id"),
        pl.when(pl.col("late") == 1).then(pl.col("wind")),
        pl.when(pl.col("late") == 1).then(pl.lit("a")).otherwise(pl.format("b{}", "seats")),
        pl.col("departure").dt.offset_by(pl.format("{}y", pl.col("late") * 9)),
    ],
)
def test_a_feature_that_tells_the_target_alone_is_named(
    rows: pl.DataFrame, telling: pl.Expr
) -> None:
    (warning,) = checked(rows.with_columns(hint=telling), new="hint").warnings

    assert "'hint' alone tells 'late'" in warning


@pytest.mark.parametrize("name", [pl.col("id"), pl.format("row {}", "id")])
def test_a_name_of_each_row_tells_nothing(rows: pl.DataFrame, name: pl.Expr) -> None:
    scores = how_well_alone(dealt(rows.with_columns(name=name)), ["name"], TARGETS["late"])

    assert scores["name"] < 0.7


@pytest.mark.parametrize(
    ("target", "low", "high"), [("fare", 0.99, 1.0), ("noise", 0.0, 0.4), ("third", 0.9, 1.0)]
)
def test_how_well_alone_knows_quantities_and_many_classes(
    rows: pl.DataFrame, target: str, low: float, high: float
) -> None:
    wide = rows.with_columns(
        fare=pl.col("wind") ** 2 + pl.col("id") / 100,
        noise=(pl.col("id") * 7919 % 601).cast(pl.Float64),
        third=pl.col("wind") // 34,
    )

    alone = how_well_alone(
        dealt(wide, replace(PLAN, target=TARGETS[target])), ["wind"], TARGETS[target]
    )
    assert low <= alone["wind"] <= high
