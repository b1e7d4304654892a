"""A first schema, drafted from data: what is there is allowed, and a person takes it from there."""

import math
from pathlib import Path
from typing import Any

import polars as pl

from ..errors import DataError
from .rules import cast

FEW = 20  # values of a column that are named one by one
OFTEN = 10  # rows for each such value, at least
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
Found = tuple[dict[str, Any], pl.DataType, str | None]  # keywords, type, date format


def scan(file: Path) -> pl.LazyFrame:
    """The rows of a CSV, Parquet or NDJSON file; CSV as text, empty and NA as null.

    Raises:
        DataError: it is missing, or of another kind.
    """
    if not file.is_file():
        raise DataError(f"no file at {str(file)!r}.", "data.missing_file")
    readers = {
        ".csv": lambda: pl.scan_csv(file, infer_schema=False, null_values=["", "NA"]),
        ".parquet": lambda: pl.scan_parquet(file),
        ".ndjson": lambda: pl.scan_ndjson(file, infer_schema_length=None),
        ".jsonl": lambda: pl.scan_ndjson(file, infer_schema_length=None),
    }
    if file.suffix not in readers:
        raise DataError(
            f"{file} is none of: {', '.join(readers)}. Convert it first.", "data.unknown_kind"
        )
    return readers[file.suffix]()


def infer(table: pl.LazyFrame, title: str) -> dict[str, Any]:
    """A JSON Schema document that all rows of the table keep.

    It names types, date formats, ranges or the few values of a column, the share of nulls, and
    marks as ``x-unique`` what may be a key. All columns are required and no others allowed.

    Raises:
        DataError: a column holds lists or objects, which are no columns of a table.
    """
    found = table.collect_schema()
    nested = [name for name, dtype in found.items() if dtype.is_nested()]
    if nested:
        raise DataError(
            f"column {', '.join(nested)} holds lists or objects. Flatten it first.", "data.nested"
        )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "type": "object",
        "additionalProperties": False,
        "required": found.names(),
        "properties": {name: _column(table, name, dtype) for name, dtype in found.items()},
    }


def _column(table: pl.LazyFrame, name: str, dtype: pl.DataType) -> dict[str, Any]:
    keywords, kind, date_format = _of_text(table, name) if dtype == pl.String else _of_type(dtype)
    value = cast(pl.col(name), dtype, kind, date_format)
    rows, nulls, distinct = (
        table.select(
            pl.len(), value.null_count().alias("nulls"), value.drop_nulls().n_unique().alias("of")
        )
        .collect(engine="streaming")
        .row(0)
    )
    if nulls:
        share = math.ceil(100 * nulls / rows) / 100
        keywords = {**keywords, "type": [keywords["type"], "null"], "x-max-null-share": share}
    if distinct == rows > 1 and (kind.is_integer() or kind == pl.String):
        keywords["x-unique"] = True
    few = 0 < distinct <= FEW and distinct * OFTEN <= rows
    if few and (kind.is_integer() or kind == pl.String):
        values = table.select(value.alias("value")).unique().collect()["value"].drop_nulls().sort()
        return keywords | {"enum": [*values.to_list(), *([None] if nulls else [])]}
    return keywords | _limits(table, value, kind)


def _of_type(dtype: pl.DataType) -> Found:
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


def _of_text(table: pl.LazyFrame, name: str) -> Found:
    """The narrowest type that every text of a column can be read as; all nulls are text."""
    text = pl.col(name)
    # A leading zero is part of a code, and a whole number that is too large is no number: both
    # would come back changed.
    code = text.str.contains(r"^[+-]?0\d") | (
        text.str.contains(r"^[+-]?\d+$") & text.cast(pl.Int64, strict=False).is_null()
    )
    kinds: list[Found] = [
        *(_of_type(kind()) for kind in (pl.Int64, pl.Float64, pl.Boolean)),
        *(({"type": "string", "format": "date"}, pl.Date(), f) for f in DATES),
        *(({"type": "string", "format": "date-time"}, pl.Datetime("us"), f) for f in TIMES),
    ]
    fits = table.select(
        text.is_not_null().any().alias("some"),
        code.any().alias("code"),
        *(
            (cast(text, pl.String(), kind, f).is_not_null() | text.is_null()).all().alias(str(i))
            for i, (_, kind, f) in enumerate(kinds)
        ),
    )
    answers = fits.collect(engine="streaming").row(0, named=True)
    for i, (keywords, kind, date_format) in enumerate(kinds):
        if answers["some"] and answers[str(i)] and not (kind.is_numeric() and answers["code"]):
            plain = date_format in (None, DATES[0])
            return keywords if plain else keywords | {"x-format": date_format}, kind, date_format
    return _of_type(pl.String())


def _limits(table: pl.LazyFrame, value: pl.Expr, kind: pl.DataType) -> dict[str, Any]:
    if kind == pl.String:
        size = value.str.len_chars()
        names = ("minLength", "maxLength")
    elif kind.is_numeric():
        size = value.filter(value.is_finite()) if kind.is_float() else value
        names = ("minimum", "maximum")
    else:
        return {}
    low, high, odd = (
        table.select(
            size.min().alias("low"),
            size.max().alias("high"),
            (~value.is_finite() if kind.is_float() else pl.lit(value=False)).any().alias("odd"),
        )
        .collect(engine="streaming")
        .row(0)
    )
    limits = {} if low is None else dict(zip(names, (low, high), strict=True))
    if odd:  # NaN or an infinity is in the data: the draft lets it pass, and says so
        level = {"finite": "warning", "minimum": "warning", "maximum": "warning"}
        limits["x-level"] = {rule: level[rule] for rule in ("finite", *limits)}
    return limits
