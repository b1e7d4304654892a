"""The types of features: as a contract writes them down, and a column brought into one."""

import re
from typing import Any, cast

import polars as pl

TYPES: dict[str, pl.DataType] = {
    str(dtype): dtype
    for dtype in (
        *(pl.Int8(), pl.Int16(), pl.Int32(), pl.Int64(), pl.Int128()),
        *(pl.UInt8(), pl.UInt16(), pl.UInt32(), pl.UInt64(), pl.UInt128()),
        *(pl.Float16(), pl.Float32(), pl.Float64(), pl.Boolean(), pl.String(), pl.Binary()),
        *(pl.Date(), pl.Time(), pl.Null()),
    )
}
TIMES = re.compile(
    r"(?P<kind>Datetime|Duration)\(time_unit='(?P<unit>ns|us|ms)'"
    r"(, time_zone=(None|'(?P<zone>[A-Za-z0-9_+/-]+)'))?\)"
)


def parse_dtype(text: str) -> pl.DataType:
    """The polars type that prints like this, such as ``Datetime(time_unit='us', …)``.

    Raises:
        ValueError: there is none that a contract may hold.
    """
    if text in TYPES:
        return TYPES[text]
    if text.startswith("List(") and text.endswith(")"):
        return pl.List(parse_dtype(text[5:-1]))
    match = TIMES.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no type of a feature")
    unit = cast("Any", match["unit"])
    dtype = pl.Duration(unit) if match["kind"] == "Duration" else pl.Datetime(unit, match["zone"])
    try:
        pl.Series(dtype=dtype)
    except pl.exceptions.PolarsError as error:
        raise ValueError(f"{text!r} has an unknown time zone") from error
    return dtype


def cast_column(column: pl.Series, wanted: pl.DataType) -> tuple[pl.Series, int]:
    """The column in the wanted type, and how many of its values that type cannot hold."""
    if column.dtype in (wanted, pl.Null):
        return column.cast(wanted), 0
    ways = {(_kind(wanted), _kind(wanted)), ("boolean", "number"), ("number", "boolean")}
    ways |= {("text", "number"), ("text", "moment"), ("text", "moment of a zone")}
    if (_kind(column.dtype), _kind(wanted)) not in ways:
        return column, column.len()
    try:
        if column.dtype == pl.String and isinstance(wanted, pl.Datetime):
            converted = column.str.to_datetime(
                time_unit=wanted.time_unit, time_zone=wanted.time_zone, strict=False
            )
        elif column.dtype == pl.String and wanted == pl.Date:
            converted = column.str.to_date(strict=False)
        else:
            converted = column.cast(wanted, strict=False)
    except pl.exceptions.PolarsError:  # not one value has the form of a moment
        return column, column.len() - column.null_count()
    lost = column.is_not_null() & converted.is_null()
    if column.dtype != pl.String and (wanted.is_integer() or wanted in (pl.Boolean, pl.Date)):
        lost |= (converted.cast(column.dtype) != column).fill_null(value=False)
    return converted, int(lost.sum())


def _kind(dtype: pl.DataType) -> str:
    if dtype.is_numeric():
        return "number"
    if isinstance(dtype, pl.Datetime) and dtype.time_zone is not None:
        return "moment of a zone"
    kinds = {pl.Boolean: "boolean", pl.String: "text", pl.Date: "moment", pl.Datetime: "moment"}
    return kinds.get(dtype.base_type(), str(dtype.base_type()))
