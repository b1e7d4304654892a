"""The profile of validated data: quality, columns and anomalies, for the quality page."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import polars as pl

from ..runtime.progress import progress
from ..schema.failures import BROKEN_RULES, REASON
from .anomalies import Anomaly, missing_patterns
from .quarantine import Quality

EXAMPLE_ROWS = 10_000  # the first in quarantine, from which examples are taken
EXAMPLES = 3  # for each rule
ROWS = 20  # of those in quarantine, displayed in full
BINS = 24
TOP = 8  # values of a text column that are named
MANY = 1000  # distinct texts from which on they are only counted
LONGEST = 80  # characters of a value in such a row
LONGEST_TEXT = 500  # characters of a text that is counted
EXACT = 100_000  # rows up to which distinct values are counted exactly
UNSURE = 0.9  # share of distinct values above which an estimate cannot tell most from all


def profile_data(
    quality: Quality,
    valid: pl.LazyFrame,
    quarantine: pl.LazyFrame,
    anomalies: Sequence[Anomaly],
    personal: Mapping[str, str],
) -> dict[str, Any]:
    """The profile as JSON takes it; no values of personal columns.

    Returns:
        the fields of ``Quality``, and ``examples`` (rule: a few reasons), ``rows_in_quarantine``
        (a few, as text), ``missing``, ``anomalies`` and ``columns`` with their distributions.
    """
    public = quarantine.select(pl.exclude(list(personal)))
    return asdict(quality) | {
        "examples": _examples(quality, quarantine),
        "rows_in_quarantine": _as_text(public.head(ROWS).collect()).to_dicts(),
        "missing": missing_patterns(
            valid, [name for name, share in quality.nulls.items() if share]
        ),
        "anomalies": [asdict(anomaly) for anomaly in anomalies],
        "columns": _columns(valid, quality, personal),
    }


def _examples(quality: Quality, quarantine: pl.LazyFrame) -> dict[str, list[str]]:
    first = quarantine.select(BROKEN_RULES, REASON).head(EXAMPLE_ROWS).collect()
    return {
        rule: first.filter(pl.col(BROKEN_RULES).list.contains(rule))[REASON]
        .unique(maintain_order=True)
        .head(EXAMPLES)
        .to_list()
        for rule in quality.rules
    }


def _as_text(rows: pl.DataFrame) -> pl.DataFrame:
    """Each value as a short text, or null; lists are joined."""
    texts = [
        pl.col(name).list.join(", ")
        if name == BROKEN_RULES
        else pl.lit(f"({dtype})").alias(name)
        if _is_opaque(dtype)
        else _cut(pl.col(name).cast(pl.String))
        for name, dtype in rows.schema.items()
        if name != REASON
    ]
    return rows.select(texts)


def _cut(text: pl.Expr) -> pl.Expr:
    return (
        pl.when(text.str.len_chars() > LONGEST)
        .then(text.str.slice(0, LONGEST - 1) + "…")
        .otherwise(text)
    )


def _columns(
    valid: pl.LazyFrame, quality: Quality, personal: Mapping[str, str]
) -> list[dict[str, Any]]:
    types = valid.collect_schema()
    flat = [name for name, dtype in types.items() if not _is_opaque(dtype)]
    exact = quality.valid <= EXACT
    low, high, distinct = _summaries(valid, types, flat, exact=exact)
    columns = []
    with progress("profile", len(types), "columns") as step:
        for name, dtype in types.items():
            hidden = name in personal or name not in flat
            limits = (None, None) if hidden else (low[name][0], high[name][0])
            filled = round(quality.valid * (1 - quality.nulls.get(name, 0.0)))
            count = min(distinct[name][0], filled) if name in flat else 0
            shape = None if hidden else _distribution(valid, name, dtype, limits, count)
            known = name in flat and (exact or count <= UNSURE * filled)
            columns.append(
                {
                    "name": name,
                    "type": str(dtype).split("(")[0],
                    "nulls": quality.nulls.get(name, 0.0),
                    "low": _short(limits[0]),
                    "high": _short(limits[1]),
                    "distinct": count if known else None,
                    "distinct_is_exact": exact,
                    "shape": shape,
                }
            )
            step()
    return columns


def _summaries(
    valid: pl.LazyFrame, types: pl.Schema, names: Sequence[str], *, exact: bool
) -> list[pl.DataFrame]:
    """The lowest, the highest and the number of distinct values of each column, in one row each."""
    values = [_finite(name, types[name]) for name in names]
    return pl.collect_all(
        [
            valid.select(value.min() for value in values),
            valid.select(value.max() for value in values),
            valid.select(
                pl.col(name).drop_nulls().n_unique() if exact else pl.col(name).approx_n_unique()
                for name in names
            ),
        ],
        engine="streaming",
    )


def _distribution(
    valid: pl.LazyFrame, name: str, dtype: pl.DataType, limits: tuple[Any, Any], distinct: int
) -> dict[str, Any] | None:
    """Counts of ``values``, or of ``bins`` of equal width from the low to the high."""
    if limits[0] is None:
        return None
    if dtype in (pl.String, pl.Boolean):
        if distinct > MANY:
            return None
        common = valid.group_by(pl.col(name).cast(pl.String).alias("value")).len()
        common = common.filter(pl.col("value").is_not_null())
        top = common.sort("len", "value", descending=[True, False]).head(TOP)
        rows = top.collect(engine="streaming").iter_rows()
        return {"values": [[value[:LONGEST_TEXT], count] for value, count in rows]}
    value = _finite(name, dtype).to_physical().cast(pl.Float64) / 2  # no difference overflows
    edges = pl.DataFrame({name: limits}, schema={name: dtype}).select(value).to_series()
    first, width = edges[0], edges[1] - edges[0]
    bins = min(BINS, int(2 * width) + 1) if dtype.is_integer() else BINS
    place = ((value - first) / (width or 1.0) * bins).floor().clip(0, bins - 1).cast(pl.Int64)
    counted = valid.select(place.alias("bin")).drop_nulls().group_by("bin").len()
    rows_of = dict(counted.collect(engine="streaming").iter_rows())
    return {"bins": [rows_of.get(bin_, 0) for bin_ in range(bins)]}


def _is_opaque(dtype: pl.DataType) -> bool:
    return dtype.is_nested() or dtype in (pl.Binary, pl.Object)


def _finite(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    return pl.when(column.is_finite()).then(column).alias(name) if dtype.is_float() else column


def _short(value: Any) -> Any:
    """A value that JSON takes."""
    if value is None or isinstance(value, bool | int | float):
        return value
    return str(value)[:LONGEST]
