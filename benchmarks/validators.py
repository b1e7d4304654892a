"""Fourteen checks on departures, and the rows dealt to two files, as written with each library.

`python validators.py NAME SOURCE.parquet VALID.parquet QUARANTINE.parquet`; `rows` makes a source.
The fourteen: two columns without nulls, a key from 1 on and without repeats, a pattern, a choice,
two lengths, two ranges with two ends each, and two rules about times.
"""

import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import polars as pl

ROW_GROUP = 100_000
START = datetime(2013, 1, 1)
ORIGINS = ["EWR", "JFK", "LGA"]


def rows(count: int, bad: float, path: Path) -> None:
    """Write that many departures, of which a share breaks one of five rules, in turn."""
    n = pl.int_range(count, dtype=pl.Int64)
    draw = [n.hash(seed) % 1_000_003 for seed in range(5)]
    wrong = (draw[0] % 1000 < int(1000 * bad)) & pl.lit(bad > 0)
    kind = n % 5
    departure = pl.lit(START) + pl.duration(seconds=n)
    length = pl.when(wrong & (kind == 4)).then(-60).otherwise((draw[1] % 570 + 30).cast(pl.Int64))
    carriers = pl.Series(["AA", "B6", "UA", "DL", "9E"])
    pl.select(
        id=n + 1,
        departure=departure,
        arrival=departure + pl.duration(minutes=length),
        carrier=pl.when(wrong & (kind == 0)).then(pl.lit("a?")).otherwise(_pick(carriers, draw[2])),
        origin=pl.when(wrong & (kind == 1))
        .then(pl.lit("ZZZ"))
        .otherwise(_pick(pl.Series(ORIGINS), draw[3])),
        tail=pl.concat_str(pl.lit("N"), draw[4] % 89_999 + 10_000),
        miles=pl.when(wrong & (kind == 2)).then(-1).otherwise((draw[1] % 4950).cast(pl.Int64)),
        heat=pl.when(wrong & (kind == 3)).then(999.0).otherwise(draw[2] % 1500 / 10 - 20),
    ).write_parquet(path, row_group_size=ROW_GROUP)


def _pick(values: pl.Series, number: pl.Expr) -> pl.Expr:
    return pl.lit(values).gather(number % len(values))


def raw(source: Path, valid: Path, quarantine: Path) -> None:
    """Hand-written expressions; quarantine gets the names of the rules that a row breaks."""
    c = pl.col
    broken = {
        "id: minimum": c("id") < 1,
        "id: x-unique": ~c("id").is_first_distinct(),
        "departure: null": c("departure").is_null(),
        "carrier: null": c("carrier").is_null(),
        "carrier: pattern": ~c("carrier").str.contains("^[A-Z0-9]{2}$"),
        "origin: enum": ~c("origin").is_in(ORIGINS),
        "tail: minLength": c("tail").str.len_chars() < 2,
        "tail: maxLength": c("tail").str.len_chars() > 8,
        "miles: minimum": c("miles") < 0,
        "miles: maximum": c("miles") > 12000,
        "heat: minimum": c("heat") < -60,
        "heat: maximum": c("heat") > 140,
        "arrives later": c("arrival") < c("departure"),
        "after the start": c("departure") < START,
    }
    first = pl.coalesce(
        pl.when(rule.fill_null(value=False)).then(pl.lit(name)) for name, rule in broken.items()
    )
    judged = pl.scan_parquet(source).with_columns(reason=first)
    pl.collect_all(
        [
            judged.filter(c("reason").is_null())
            .drop("reason")
            .sink_parquet(valid, lazy=True, row_group_size=ROW_GROUP),
            judged.filter(c("reason").is_not_null()).sink_parquet(
                quarantine, lazy=True, row_group_size=ROW_GROUP
            ),
        ],
        engine="streaming",
    )


def pointblank(source: Path, valid: Path, quarantine: Path) -> None:
    """Its plan of steps, and its own split into rows that pass and rows that fail."""
    import pointblank as pb

    plan = (
        pb.Validate(pl.read_parquet(source))
        .col_vals_ge("id", 1, na_pass=True)
        .rows_distinct("id")
        .col_vals_not_null("departure")
        .col_vals_not_null("carrier")
        .col_vals_regex("carrier", "^[A-Z0-9]{2}$")
        .col_vals_in_set("origin", ORIGINS)
        .col_vals_expr(pl.col("tail").str.len_chars() >= 2)
        .col_vals_expr(pl.col("tail").str.len_chars() <= 8)
        .col_vals_ge("miles", 0, na_pass=True)
        .col_vals_le("miles", 12000, na_pass=True)
        .col_vals_ge("heat", -60, na_pass=True)
        .col_vals_le("heat", 140, na_pass=True)
        .col_vals_expr(pl.col("arrival") >= pl.col("departure"))
        .col_vals_ge("departure", START)
        .interrogate(collect_extracts=False)
    )
    plan.get_sundered_data("pass").write_parquet(valid, row_group_size=ROW_GROUP)
    plan.get_sundered_data("fail").write_parquet(quarantine, row_group_size=ROW_GROUP)


def pandera(source: Path, valid: Path, quarantine: Path) -> None:
    """Its polars schema, lazily; failure cases name the rows that go to quarantine."""
    import pandera.polars as pa

    check = pa.Check
    expected = pa.DataFrameSchema(
        {
            "id": pa.Column(pl.Int64, check.ge(1), unique=True, nullable=True),
            "departure": pa.Column(pl.Datetime("us"), check.ge(START)),
            "arrival": pa.Column(pl.Datetime("us"), nullable=True),
            "carrier": pa.Column(pl.String, check.str_matches("^[A-Z0-9]{2}$")),
            "origin": pa.Column(pl.String, check.isin(ORIGINS), nullable=True),
            "tail": pa.Column(pl.String, check.str_length(2, 8), nullable=True),
            "miles": pa.Column(pl.Int64, [check.ge(0), check.le(12000)], nullable=True),
            "heat": pa.Column(pl.Float64, [check.ge(-60), check.le(140)], nullable=True),
        },
        checks=check(lambda data: data.lazyframe.select(pl.col("arrival") >= pl.col("departure"))),
    )
    table = pl.read_parquet(source)
    failed = pl.Series([], dtype=pl.Int64)
    try:
        expected.validate(table, lazy=True)
    except pa.errors.SchemaErrors as error:
        failed = error.failure_cases["index"].drop_nulls().unique()
    numbered = table.with_row_index("row", offset=0)
    refused = pl.col("row").is_in(failed.implode())
    numbered.filter(~refused).drop("row").write_parquet(valid, row_group_size=ROW_GROUP)
    numbered.filter(refused).drop("row").write_parquet(quarantine, row_group_size=ROW_GROUP)


def great_expectations(source: Path, valid: Path, quarantine: Path) -> None:
    """A suite on pandas, which is what it takes; its indexes name the rows for quarantine."""
    import great_expectations as gx
    import numpy as np
    import pandas as pd

    e = gx.expectations
    asked = [
        e.ExpectColumnValuesToBeBetween(column="id", min_value=1),
        e.ExpectColumnValuesToBeUnique(column="id"),
        e.ExpectColumnValuesToNotBeNull(column="departure"),
        e.ExpectColumnValuesToNotBeNull(column="carrier"),
        e.ExpectColumnValuesToMatchRegex(column="carrier", regex="^[A-Z0-9]{2}$"),
        e.ExpectColumnValuesToBeInSet(column="origin", value_set=ORIGINS),
        e.ExpectColumnValueLengthsToBeBetween(column="tail", min_value=2),
        e.ExpectColumnValueLengthsToBeBetween(column="tail", max_value=8),
        e.ExpectColumnValuesToBeBetween(column="miles", min_value=0),
        e.ExpectColumnValuesToBeBetween(column="miles", max_value=12000),
        e.ExpectColumnValuesToBeBetween(column="heat", min_value=-60),
        e.ExpectColumnValuesToBeBetween(column="heat", max_value=140),
        e.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="arrival", column_B="departure", or_equal=True
        ),
        e.ExpectColumnValuesToBeBetween(column="departure", min_value=START),
    ]
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    table = pd.read_parquet(source)
    asset = context.data_sources.add_pandas("rows").add_dataframe_asset("rows")
    batch = asset.add_batch_definition_whole_dataframe("rows").get_batch({"dataframe": table})
    suite = gx.ExpectationSuite("rows", expectations=asked)
    report = batch.validate(suite, result_format="COMPLETE")
    failed = np.zeros(len(table), dtype=bool)
    for result in report.results:
        failed[result.result.get("unexpected_index_list") or []] = True
    table[~failed].to_parquet(valid, row_group_size=ROW_GROUP)
    table[failed].to_parquet(quarantine, row_group_size=ROW_GROUP)


WAYS: dict[str, Callable[[Path, Path, Path], None]] = {
    "raw polars": raw,
    "pointblank": pointblank,
    "pandera": pandera,
    "great expectations": great_expectations,
}

if __name__ == "__main__":
    if sys.argv[1] == "rows":
        rows(int(sys.argv[2]), float(sys.argv[3]), Path(sys.argv[4]))
    else:
        WAYS[sys.argv[1]](*map(Path, sys.argv[2:]))
