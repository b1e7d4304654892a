"""What validation found: one value for machines, and one HTML page of it for people."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import polars as pl

from .anomalies import Anomaly, missing_patterns
from .validation import Quality
from .verdicts import REASON, REASONS

TEMPLATE = Path(__file__).with_name("report.html.j2")
LOOKED_AT = 10_000  # rows in quarantine, the first, from which examples are taken
EXAMPLES = 3  # for each rule
ROWS = 20  # rows in quarantine that are shown whole
BINS = 24
TOP = 8  # values of a text column that are named
MANY = 1000  # different texts from which on they are only counted
LONGEST = 80  # characters of a value that are shown


def describe(
    quality: Quality,
    valid: pl.LazyFrame,
    quarantine: pl.LazyFrame,
    anomalies: Sequence[Anomaly],
    personal: Mapping[str, str],
) -> dict[str, Any]:
    """All that is known of the data, as JSON takes it; no values of personal columns.

    Returns:
        the fields of ``Quality``, and ``examples`` (rule: a few reasons), ``rows_in_quarantine``
        (a few, as text), ``missing``, ``anomalies`` and ``columns`` with their distributions.
    """
    shown = quarantine.select(pl.exclude(list(personal)))
    return asdict(quality) | {
        "examples": _examples(quality, quarantine),
        "rows_in_quarantine": _as_text(shown.head(ROWS).collect()).to_dicts(),
        "missing": missing_patterns(
            valid, [name for name, share in quality.nulls.items() if share]
        ),
        "anomalies": [asdict(anomaly) for anomaly in anomalies],
        "columns": _columns(valid, quality, personal),
    }


def render(name: str, found: Mapping[str, Any]) -> str:
    """The page about what ``describe`` returned; every value is escaped, nothing is fetched."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    return template.render(name=name, **found)


def _examples(quality: Quality, quarantine: pl.LazyFrame) -> dict[str, list[str]]:
    first = quarantine.select(REASONS, REASON).head(LOOKED_AT).collect()
    return {
        rule: first.filter(pl.col(REASONS).list.contains(rule))[REASON]
        .unique(maintain_order=True)
        .head(EXAMPLES)
        .to_list()
        for rule in quality.rules
    }


def _as_text(rows: pl.DataFrame) -> pl.DataFrame:
    """Each value as a short text, or null; lists are joined."""
    shown = [
        pl.col(name).list.join(", ")
        if name == REASONS
        else pl.lit(f"({dtype})").alias(name)
        if dtype.is_nested() or dtype in (pl.Binary, pl.Object)
        else pl.col(name).cast(pl.String).str.slice(0, LONGEST)
        for name, dtype in rows.schema.items()
        if name != REASON
    ]
    return rows.select(shown)


def _columns(
    valid: pl.LazyFrame, quality: Quality, personal: Mapping[str, str]
) -> list[dict[str, Any]]:
    types = valid.collect_schema()
    column = pl.all()
    low, high, distinct = pl.collect_all(
        [
            valid.select(column.min()),
            valid.select(column.max()),
            valid.select(column.approx_n_unique()),
        ],
        engine="streaming",
    )
    about = []
    for name, dtype in types.items():
        limits = (None, None) if name in personal else (low[name][0], high[name][0])
        of = min(distinct[name][0], quality.valid)
        counts = None if name in personal else _counts(valid, name, dtype, limits, of)
        about.append(
            {
                "name": name,
                "type": str(dtype).split("(")[0],
                "nulls": quality.nulls.get(name, 0.0),
                "low": _short(limits[0]),
                "high": _short(limits[1]),
                "distinct": of,
                "shape": counts,
            }
        )
    return about


def _counts(
    valid: pl.LazyFrame, name: str, dtype: pl.DataType, limits: tuple[Any, Any], of: int
) -> dict[str, Any] | None:
    """How often: ``values`` with counts, or ``bins`` of equal width from the low to the high."""
    if limits[0] is None or dtype.is_nested():
        return None
    if dtype in (pl.String, pl.Boolean):
        if of > MANY:
            return None
        common = valid.group_by(pl.col(name).cast(pl.String).alias("value")).len()
        common = common.filter(pl.col("value").is_not_null())
        top = common.sort("len", "value", descending=[True, False]).head(TOP)
        rows = top.collect(engine="streaming").iter_rows()
        return {"values": [[_short(value), count] for value, count in rows]}
    value = pl.col(name).to_physical().cast(pl.Float64)
    edges = pl.DataFrame({name: limits}, schema={name: dtype}).select(value).to_series()
    first, width = edges[0], edges[1] - edges[0]
    bins = min(BINS, int(width) + 1) if dtype.is_integer() else BINS
    place = ((value - first) / (width or 1.0) * bins).floor().clip(0, bins - 1).cast(pl.Int64)
    counted = valid.select(place.alias("bin")).drop_nulls().group_by("bin").len()
    found = dict(counted.collect(engine="streaming").iter_rows())
    return {"bins": [found.get(bin_, 0) for bin_ in range(bins)]}


def _short(value: Any) -> Any:
    """A value that JSON takes."""
    if value is None or isinstance(value, bool | int | float):
        return value
    return str(value)[:LONGEST]
