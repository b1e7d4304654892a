"""The rules of a schema as polars expressions: true where a row breaks one."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import polars as pl

from ..errors import ConfigError
from .row import Column, RowSchema

CAME = "~came "  # before a column's name: its value as it came, where its type had to change
_BEFORE_BRACKET = re.compile(  # what works row by row and cannot fail midway, and SQL's own words
    r"(abs|ceil|floor|round|sign|sqrt|ln|log10|exp|pow|mod|length|char_length|lower|upper|l?r?trim"
    r"|left|right|substr|starts_with|ends_with|strpos|regexp_like|concat|coalesce|nullif|greatest"
    r"|least|extract|date_part|and|or|not|in|between|case|when|then|else|like)",
    re.IGNORECASE,
)
_FORBIDDEN = re.compile(r"\b(?:select|over|cast)\b|::", re.IGNORECASE)
_QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"")
_DECIMAL = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]{1,9})?")
_CALLED = re.compile(r"(\w+)\s*\(")

_KEYWORDS: dict[str, Any] = {
    "minimum": lambda value, limit: value < limit,
    "maximum": lambda value, limit: value > limit,
    "exclusiveMinimum": lambda value, limit: value <= limit,
    "exclusiveMaximum": lambda value, limit: value >= limit,
    "multipleOf": lambda value, limit: (
        ((value / limit).round() * limit - value).abs() > 1e-9 * limit
    ),
    "pattern": lambda value, limit: ~value.str.contains(limit),
    "minLength": lambda value, limit: value.str.len_chars() < limit,
    "maxLength": lambda value, limit: value.str.len_chars() > limit,
}


@dataclass(frozen=True)
class Rule:
    """One rule; its expression is for a table that ``typed`` made."""

    name: str  # column: keyword, or row: name
    level: str
    text: str  # the name and what the rule asks for
    columns: list[str]  # whose values tell why
    broken: pl.Expr


def typed(table: pl.LazyFrame, schema: RowSchema) -> pl.LazyFrame:
    """The table, each declared column in its type; a value that does not fit becomes null.

    Where that changes a column, ``~came NAME`` keeps it as it came.
    """
    found = table.collect_schema()
    changed = [c for c in schema.columns.values() if found.get(c.name, c.dtype) != c.dtype]
    return table.with_columns(
        *(pl.col(c.name).alias(CAME + c.name) for c in changed),
        *(cast(pl.col(c.name), found[c.name], c.dtype, c.date_format) for c in changed),
    )


def compiled(schema: RowSchema, found: pl.Schema, repeated: Mapping[str, pl.Expr]) -> list[Rule]:
    """All rules that concern a row, for a table that ``typed`` made.

    Args:
        found: the columns as they came.
        repeated: for each unique column, an expression that is true where its value is a repeat.

    Raises:
        ConfigError: a rule of the row is no expression of the row's columns.
    """
    rules = [
        rule
        for c in schema.columns.values()
        if c.name in found
        for rule in _of_column(c, found[c.name], repeated)
    ]
    types = {name: c.dtype for name, c in schema.columns.items()}
    types = {name: types.get(name, dtype) for name, dtype in found.items()}
    rules += [_of_row(name, sql, schema.level(name), types) for name, sql in schema.rules.items()]
    return rules


def _of_column(c: Column, came: pl.DataType, repeated: Mapping[str, pl.Expr]) -> list[Rule]:
    value = pl.col(c.name)
    raw = value if came == c.dtype else pl.col(CAME + c.name)
    failing: dict[str, tuple[Any, pl.Expr]] = {}
    if came != c.dtype:
        failing["type"] = (c.dtype, raw.is_not_null() & value.is_null())
    if not c.nullable:
        failing["null"] = (None, raw.is_null())
    if c.dtype.is_float():
        failing["finite"] = (None, ~value.is_finite())
    for keyword, limit in c.rules.items():
        if keyword in _KEYWORDS:
            failing[keyword] = (limit, _KEYWORDS[keyword](value, limit))
        elif keyword in ("enum", "const"):
            choices = limit if keyword == "enum" else [limit]
            failing[keyword] = (limit, ~value.is_in(_series(choices, c)))
        elif keyword == "x-unique" and limit:
            failing[keyword] = (None, repeated[c.name])
    return [
        Rule(
            name=f"{c.name}: {keyword}",
            level=c.level(keyword),
            text=f"{c.name}: {keyword}" + ("" if limit is None else f" {limit}"),
            columns=[c.name],
            broken=broken.fill_null(value=False),
        )
        for keyword, (limit, broken) in failing.items()
    ]


def _series(choices: list[Any], c: Column) -> pl.Series:
    given = [value for value in choices if value is not None]
    if not c.dtype.is_temporal():
        return pl.Series(given, dtype=c.dtype).implode()
    dates = cast(pl.col("x"), pl.String(), c.dtype, c.date_format)
    return pl.DataFrame({"x": given}, schema={"x": pl.String}).select(dates)["x"].implode()


def _of_row(name: str, sql: str, level: str, types: Mapping[str, pl.DataType]) -> Rule:
    try:
        holds = _expression(sql)
        answer = pl.DataFrame(schema=types).select(holds).to_series()
        columns = sorted(set(holds.meta.root_names()))
    except (ValueError, pl.exceptions.PolarsError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(f"x-rules {name}: {sql!r}: {reason}", "config.schema") from error
    if answer.dtype != pl.Boolean or not columns:
        raise ConfigError(f"x-rules {name}: {sql!r} is no condition on columns", "config.schema")
    broken = (~holds).fill_null(value=False)
    return Rule(f"row: {name}", level, f"row: {name} ({sql})", columns, broken)


def columns_of(sql: str) -> set[str]:
    """The columns that a rule of the row names; none where it is no expression."""
    try:
        return set(_expression(sql).meta.root_names())
    except (ValueError, pl.exceptions.PolarsError):
        return set()  # ``compiled`` says what is wrong with it


def _expression(sql: str) -> pl.Expr:
    """An SQL condition on one row: no sub-query, no aggregate, no cast that may fail midway.

    Raises:
        ValueError: it holds one, or calls a function that is not known to be harmless.
    """
    plain = _QUOTED.sub("''", sql)
    called = [name for name in _CALLED.findall(plain) if not _BEFORE_BRACKET.fullmatch(name)]
    if refused := called + _FORBIDDEN.findall(plain):
        raise ValueError(f"{', '.join(refused)} is not allowed in a rule of a row")
    return pl.sql_expr(sql)


def cast(
    value: pl.Expr, found: pl.DataType, wanted: pl.DataType, date_format: str | None = None
) -> pl.Expr:
    """The value in another type; null where that would change what it says.

    Text becomes a date by ``date_format``, or by ISO 8601 without an offset: a time with an offset
    is only taken where the format asks for one (``%#z``). Such a time, and one of a column with a
    time zone, is given in UTC.
    """
    if found == wanted:
        return value
    if found == pl.String:
        return _parsed(value, wanted, date_format)
    if not _convertible(found, wanted):
        return pl.lit(None, wanted).alias(value.meta.output_name())
    if isinstance(found, pl.Datetime) and found.time_zone:
        value, found = value.dt.convert_time_zone("UTC").dt.replace_time_zone(None), pl.Datetime()
    changed = value.cast(wanted, strict=False)
    if wanted in (pl.String, pl.Datetime) or found == pl.Null:
        return changed
    return pl.when(changed.cast(found, strict=False) == value).then(changed)


def _convertible(found: pl.DataType, wanted: pl.DataType) -> bool:
    if found == pl.Null:
        return True
    if wanted == pl.String:
        return not found.is_nested() and found not in (pl.Binary, pl.Object)
    if wanted.is_temporal():
        return found in (pl.Date, pl.Datetime)
    return found.is_numeric() or found == pl.Boolean


def _parsed(text: pl.Expr, wanted: pl.DataType, date_format: str | None) -> pl.Expr:
    if wanted == pl.Boolean:
        low = text.str.to_lowercase()
        known = {"true": True, "false": False}
        return low.replace_strict(known, default=None, return_dtype=pl.Boolean)
    if wanted == pl.Date:
        return text.str.strptime(pl.Date, date_format or "%Y-%m-%d", strict=False)
    if wanted.is_integer():
        return text.map_batches(_whole, return_dtype=wanted, is_elementwise=True)
    if not wanted.is_temporal():
        return text.cast(wanted, strict=False)
    formats = [date_format] if date_format else ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"]
    times = [text.str.strptime(pl.Datetime("us"), f, strict=False) for f in formats]
    zoned = date_format is not None and re.search(r"%(#?z|:z|Z|\+)", date_format)
    return times[0].dt.replace_time_zone(None) if zoned else pl.coalesce(times)


def _whole(texts: pl.Series) -> pl.Series:
    """Texts as whole numbers: 2.0 and 1e3 are such too (JSON Schema 2020-12, 6.1.1), 2.5 is none.

    Float64 tells numbers of up to 15 digits apart; longer ones are read digit by digit, for none
    may come back as another one.
    """
    plain = texts.cast(pl.Int64, strict=False)
    if plain.null_count() == texts.null_count():
        return plain
    number = texts.cast(pl.Float64, strict=False)
    whole = number == number.floor()
    size = texts.str.len_bytes()
    exact = whole & (size <= 15) & (number.abs() < 2**53) & ((number != 0) | (size < 6))  # 1e-324
    read = plain.zip_with(plain.is_not_null() | ~exact, number.cast(pl.Int64, strict=False))
    long = read.is_null() & whole
    return read.scatter(long.arg_true(), [_exactly(text) for text in texts.filter(long)])


def _exactly(text: str) -> int | None:
    number = Decimal(text) if _DECIMAL.fullmatch(text) else Decimal("NaN")
    if number.adjusted() > 18 or number != number.to_integral_value():
        return None
    return int(number) if -(2**63) <= number < 2**63 else None
