"""Inference of a JSON Schema from data: a draft that next month passes, for people to edit."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from ..errors import DataError
from ..runtime.progress import progress
from .constraints import lossless_cast

MOST_CHOICES = 20  # values of an enum
ROWS_PER_CHOICE = 10  # at least, else it is no enum
ROOM = 10  # widths of the observed range that are allowed on each side of it, if not more
QUARTERS = 4
STEADY = 0.5  # of that width in each quarter of the rows; else the values grow, or are sorted
NEAR = 0.05  # of that width: as close to zero as if zero were the limit
NULLS_FACTOR, NULLS_EXTRA = 2, 0.05  # times the observed share of nulls, and added to it
KEY = re.compile(r"(^|[_ -]|[a-z](?=I|K))([iI][dD]|[kK][eE][yY])$")
DISTINCT = "No value stands twice. If it names a row, make it data.key and x-unique: true."
DATES = ("%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%Y%m%d")
TIMES = (
    None,
    "%Y-%m-%dT%H:%M:%S%.f%#z",
    "%Y-%m-%d %H:%M:%S%.f%#z",
    "%Y-%m-%d %H:%M",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%m/%d/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M:%S",
)
ColumnType = tuple[dict[str, Any], pl.DataType, str | None]  # keywords, type, date format


def infer(table: pl.LazyFrame, title: str, key: str | None = None) -> dict[str, Any]:
    """A JSON Schema document that all rows of the table keep, and other rows of their kind too.

    It names types, date formats, the share of nulls, the values of a column that has few, and
    ranges with room. A limit is only set where each quarter of the table supports it, so
    that neither a column that grows nor a sorted one forbids the rows to come. All columns are
    required and no others allowed.

    Args:
        key: the column that names a row: no value of it may stand twice. Without one, the column
            that could be it is described as such.

    Raises:
        DataError: a column holds lists or objects, which are no columns of a table; no row.
    """
    types = table.collect_schema()
    nested = [name for name, dtype in types.items() if dtype.is_nested()]
    if nested:
        raise DataError(
            f"column {', '.join(nested)} holds lists or objects. Flatten it first.", "data.nested"
        )
    rows = int(table.select(pl.len()).collect(engine="streaming").item())
    if not rows:
        raise DataError("the sources hold no row; a draft needs some. Fix them.", "data.no_rows")
    columns = _infer_columns(table, rows, types)
    if key:
        columns[key].keywords["x-unique"] = True
    elif candidate := _key_candidate(columns):
        columns[candidate].keywords["description"] = DISTINCT
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "type": "object",
        "additionalProperties": False,
        "required": types.names(),
        "properties": {name: column.keywords for name, column in columns.items()},
    }


@dataclass(frozen=True)
class _Column:
    keywords: dict[str, Any]
    is_distinct: bool  # a whole number or a text, and no value twice


def _infer_columns(table: pl.LazyFrame, rows: int, types: pl.Schema) -> dict[str, _Column]:
    columns = {}
    with progress("infer", len(types), "columns") as step:
        for name, dtype in types.items():
            columns[name] = _infer_column(table, rows, name, dtype)
            step()
    return columns


def _key_candidate(columns: Mapping[str, _Column]) -> str | None:
    distinct = [name for name, column in columns.items() if column.is_distinct]
    named = [name for name in distinct if KEY.search(name)]
    (only,) = named if len(named) == 1 else distinct if len(distinct) == 1 else (None,)
    return only


def _infer_column(table: pl.LazyFrame, rows: int, name: str, dtype: pl.DataType) -> _Column:
    keywords, kind, date_format = (
        _infer_text_type(table, name) if dtype == pl.String else _declared_type(dtype)
    )
    quarters = table.select(
        value=lossless_cast(pl.col(name), dtype, kind, date_format),
        quarter=pl.int_range(pl.len()) * QUARTERS // rows,
    )
    value = pl.col("value")
    nulls, distinct = (
        quarters.select(nulls=value.null_count(), distinct=value.drop_nulls().n_unique())
        .collect(engine="streaming")
        .row(0)
    )
    if nulls:
        share = min(1.0, math.ceil(100 * (nulls / rows * NULLS_FACTOR + NULLS_EXTRA)) / 100)
        keywords = {**keywords, "type": [keywords["type"], "null"], "x-max-null-share": share}
    code = kind.is_integer() or kind == pl.String
    if code and 1 < distinct <= MOST_CHOICES and distinct * ROWS_PER_CHOICE <= rows:
        keywords |= _enum(quarters, kind)
    if kind.is_numeric() and "enum" not in keywords:
        keywords |= _range_limits(quarters, kind)
    return _Column(keywords, is_distinct=code and not nulls and distinct == rows > 1)


def _enum(quarters: pl.LazyFrame, kind: pl.DataType) -> dict[str, Any]:
    """All values, or 0 and 1, if each is in every quarter; other numbers are counts or codes."""
    counts = quarters.drop_nulls().group_by("value").agg(pl.col("quarter").n_unique()).collect()
    values = counts["value"].sort().to_list()
    if (counts["quarter"] < QUARTERS).any() or (kind.is_integer() and values != [0, 1]):
        return {}
    nulls = quarters.select(pl.col("value").null_count()).collect().item()
    return {"enum": [*values, *([None] if nulls else [])]}


def _declared_type(dtype: pl.DataType) -> ColumnType:
    if dtype.is_integer():
        return {"type": "integer"}, pl.Int64(), None
    if dtype.is_numeric():
        return {"type": "number"}, pl.Float64(), None
    if dtype == pl.Boolean:
        return {"type": "boolean"}, pl.Boolean(), None
    if dtype == pl.Date:
        return {"type": "string", "format": "date"}, pl.Date(), None
    if dtype == pl.Datetime:
        return {"type": "string", "format": "date-time"}, pl.Datetime("us"), None
    return {"type": "string"}, pl.String(), None


def _infer_text_type(table: pl.LazyFrame, name: str) -> ColumnType:
    """The narrowest type that every text of a column can be read as; all nulls are text."""
    text = pl.col(name)
    # A leading zero is part of a code, and a whole number that is too large is no number: both
    # would come back changed. A column that writes 2.0 may hold 2.5 next month.
    code = text.str.contains(r"^[+-]?0\d") | (
        text.str.contains(r"^[+-]?\d+$") & text.cast(pl.Int64, strict=False).is_null()
    )
    kinds: list[ColumnType] = [
        *(_declared_type(kind()) for kind in (pl.Int64, pl.Float64, pl.Boolean)),
        *(({"type": "string", "format": "date"}, pl.Date(), f) for f in DATES),
        *(({"type": "string", "format": "date-time"}, pl.Datetime("us"), f) for f in TIMES),
    ]
    fits = table.select(
        text.is_not_null().any().alias("any"),
        code.any().alias("code"),
        text.str.contains(r"^[+-]?[0-9.]*[.eE]").any().alias("point"),
        *(
            (lossless_cast(text, pl.String(), kind, f).is_not_null() | text.is_null())
            .all()
            .alias(str(i))
            for i, (_, kind, f) in enumerate(kinds)
        ),
    )
    fitting = fits.collect(engine="streaming").row(0, named=True)
    for i, (keywords, kind, date_format) in enumerate(kinds):
        changed = fitting["code"] if kind.is_float() else fitting["code"] or fitting["point"]
        if fitting["any"] and fitting[str(i)] and not (kind.is_numeric() and changed):
            is_iso = date_format in (None, DATES[0])
            return keywords if is_iso else keywords | {"x-format": date_format}, kind, date_format
    return _declared_type(pl.String())


def _range_limits(quarters: pl.LazyFrame, kind: pl.DataType) -> dict[str, Any]:
    """The range with room; a warning where NaN or an infinity is in the data."""
    value = pl.col("value")
    finite = value.filter(value.is_finite()) if kind.is_float() else value
    not_finite = ~value.is_finite() if kind.is_float() else pl.lit(value=False)
    by_quarter = quarters.group_by("quarter").agg(
        low=finite.min(), high=finite.max(), not_finite=not_finite.any()
    )
    ends = by_quarter.collect(engine="streaming")
    whole = ends.height == QUARTERS and not ends["low"].null_count()
    limits = _range_with_room(ends["low"], ends["high"]) if whole else {}
    if ends["not_finite"].any():
        limits["x-level"] = dict.fromkeys(("finite", *limits), "warning")
    return limits


def _range_with_room(lows: pl.Series, highs: pl.Series) -> dict[str, Any]:
    """The limits of a column from those of its quarters.

    Numbers that come close to zero in every quarter, and never below, end there. A whole number may
    be a count or a code, so nothing else is said of it.
    """
    low, high = lows.min(), highs.max()
    assert isinstance(low, int | float)  # noqa: S101 - of a numeric column
    assert isinstance(high, int | float)  # noqa: S101
    width = high - low
    limits: dict[str, Any] = {}
    if lows.dtype.is_float() and ((highs - lows) >= STEADY * width).all() and width:
        room = max(ROOM * width, abs(low), abs(high))
        ends = {"minimum": low - room, "maximum": high + room}
        limits = {key: float(f"{end:.2g}") for key, end in ends.items() if math.isfinite(end)}
    if width and low >= 0 and (lows <= NEAR * width).all():
        limits["minimum"] = 0
    return limits
