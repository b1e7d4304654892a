"""The rules of a schema, compiled to polars expressions that are true where a row violates one."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import polars as pl

from ..errors import ConfigError
from .row import Column, RowSchema

ORIGINAL = "~original "  # before a column's name: its values before they were cast
_FUNCTIONS = re.compile(  # what works row by row and cannot fail midway, and SQL's own words
    r"(abs|ceil|floor|round|sign|sqrt|ln|log10|exp|pow|mod|length|char_length|lower|upper|l?r?trim"
    r"|left|right|substr|starts_with|ends_with|strpos|regexp_like|concat|coalesce|nullif|greatest"
    r"|least|extract|date_part|and|or|not|in|between|case|when|then|else|like)",
    re.IGNORECASE,
)
_FORBIDDEN = re.compile(r"\b(?:select|over|cast)\b|::", re.IGNORECASE)
_QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"")
_DECIMAL = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]{1,9})?")
_BEFORE_BRACKET = re.compile(r"(\w+)\s*\(")

_KEYWORDS: dict[str, Any] = {  # true where a value violates the limit
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
    """One rule of a row, for a table from ``cast_columns``."""

    name: str  # column: keyword, or row: name
    level: str
    text: str  # the name and what the rule asks for
    columns: list[str]  # whose values explain a violation
    violation: pl.Expr


def cast_columns(table: pl.LazyFrame, schema: RowSchema) -> pl.LazyFrame:
    """The table, each declared column in its type; a value that does not fit becomes null.

    A column of another type is kept as ``~original NAME`` too.
    """
    types = table.collect_schema()
    changed = [c for c in schema.columns.values() if types.get(c.name, c.dtype) != c.dtype]
    return table.with_columns(
        *(pl.col(c.name).alias(ORIGINAL + c.name) for c in changed),
        *(lossless_cast(pl.col(c.name), types[c.name], c.dtype, c.date_format) for c in changed),
    )


def compile_rules(
    schema: RowSchema, types: pl.Schema, duplicates: Mapping[str, pl.Expr]
) -> list[Rule]:
    """All rules that concern a row, for a table from ``cast_columns``.

    Args:
        schema: of the row.
        types: of the columns before they were cast.
        duplicates: for each unique column, an expression that is true where its value is a repeat.

    Raises:
        ConfigError: a rule of the row is no expression of the row's columns.
    """
    rules = [
        rule
        for c in schema.columns.values()
        if c.name in types
        for rule in _column_rules(c, types[c.name], duplicates)
    ]
    declared = {name: c.dtype for name, c in schema.columns.items()}
    after = {name: declared.get(name, dtype) for name, dtype in types.items()}
    rules += [_row_rule(name, sql, schema.level(name), after) for name, sql in schema.rules.items()]
    return rules


def _column_rules(
    c: Column, original: pl.DataType, duplicates: Mapping[str, pl.Expr]
) -> list[Rule]:
    value = pl.col(c.name)
    raw = value if original == c.dtype else pl.col(ORIGINAL + c.name)
    violations: dict[str, tuple[Any, pl.Expr]] = {}  # keyword: limit and expression
    if original != c.dtype:
        violations["type"] = (c.dtype, raw.is_not_null() & value.is_null())
    if not c.nullable:
        violations["null"] = (None, raw.is_null())
    if c.dtype.is_float():
        violations["finite"] = (None, ~value.is_finite())
    for keyword, limit in c.rules.items():
        if keyword in _KEYWORDS:
            violations[keyword] = (limit, _KEYWORDS[keyword](value, limit))
        elif keyword in ("enum", "const"):
            choices = limit if keyword == "enum" else [limit]
            violations[keyword] = (limit, ~value.is_in(_series(choices, c)))
        elif keyword == "x-unique" and limit:
            violations[keyword] = (None, duplicates[c.name])
    return [
        Rule(
            name=f"{c.name}: {keyword}",
            level=c.level(keyword),
            text=f"{c.name}: {keyword}" + ("" if limit is None else f" {limit}"),
            columns=[c.name],
            violation=violation.fill_null(value=False),
        )
        for keyword, (limit, violation) in violations.items()
    ]


def _series(choices: list[Any], c: Column) -> pl.Series:
    values = [value for value in choices if value is not None]
    if not c.dtype.is_temporal():
        return pl.Series(values, dtype=c.dtype).implode()
    dates = lossless_cast(pl.col("x"), pl.String(), c.dtype, c.date_format)
    return pl.DataFrame({"x": values}, schema={"x": pl.String}).select(dates)["x"].implode()


def _row_rule(name: str, sql: str, level: str, types: Mapping[str, pl.DataType]) -> Rule:
    try:
        condition = _parse_condition(sql)
        evaluated = pl.DataFrame(schema=types).select(condition).to_series()
        columns = sorted(set(condition.meta.root_names()))
    except (ValueError, pl.exceptions.PolarsError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(f"x-rules {name}: {sql!r}: {reason}", "config.schema") from error
    if evaluated.dtype != pl.Boolean or not columns:
        raise ConfigError(f"x-rules {name}: {sql!r} is no condition on columns", "config.schema")
    violation = (~condition).fill_null(value=False)
    return Rule(f"row: {name}", level, f"row: {name} ({sql})", columns, violation)


def columns_of(sql: str) -> set[str]:
    """The columns that a rule of the row names; none where it is no expression."""
    try:
        return set(_parse_condition(sql).meta.root_names())
    except (ValueError, pl.exceptions.PolarsError):
        return set()  # ``compile_rules`` says what is wrong with it


def _parse_condition(sql: str) -> pl.Expr:
    """An SQL condition on one row: no sub-query, no aggregate, no cast that may fail midway.

    Raises:
        ValueError: it holds one, or calls a function that is not known to be harmless.
    """
    unquoted = _QUOTED.sub("''", sql)
    names = [name for name in _BEFORE_BRACKET.findall(unquoted) if not _FUNCTIONS.fullmatch(name)]
    if refused := names + _FORBIDDEN.findall(unquoted):
        raise ValueError(f"{', '.join(refused)} is not allowed in a rule of a row")
    return pl.sql_expr(sql)


def lossless_cast(
    value: pl.Expr, source: pl.DataType, target: pl.DataType, date_format: str | None = None
) -> pl.Expr:
    """The value in another type; null where the cast would change what it says.

    Text becomes a date by ``date_format``, or by ISO 8601 without an offset: a time with an offset
    is only taken where the format asks for one (``%#z``). Such a time, and one of a column with a
    time zone, is given in UTC.
    """
    if source == target:
        return value
    if source == pl.String:
        return _parse_text(value, target, date_format)
    if not _is_convertible(source, target):
        return pl.lit(None, target).alias(value.meta.output_name())
    if isinstance(source, pl.Datetime) and source.time_zone:
        value, source = value.dt.convert_time_zone("UTC").dt.replace_time_zone(None), pl.Datetime()
    result = value.cast(target, strict=False)
    if target in (pl.String, pl.Datetime) or source == pl.Null:
        return result
    return pl.when(result.cast(source, strict=False) == value).then(result)


def _is_convertible(source: pl.DataType, target: pl.DataType) -> bool:
    if source == pl.Null:
        return True
    if target == pl.String:
        return not source.is_nested() and source not in (pl.Binary, pl.Object)
    if target.is_temporal():
        return source in (pl.Date, pl.Datetime)
    return source.is_numeric() or source == pl.Boolean


def _parse_text(text: pl.Expr, target: pl.DataType, date_format: str | None) -> pl.Expr:
    if target == pl.Boolean:
        words = {"true": True, "false": False}
        return text.str.to_lowercase().replace_strict(words, default=None, return_dtype=pl.Boolean)
    if target == pl.Date:
        return text.str.strptime(pl.Date, date_format or "%Y-%m-%d", strict=False)
    if target.is_integer():
        return text.map_batches(_parse_integers, return_dtype=target, is_elementwise=True)
    if not target.is_temporal():
        return text.cast(target, strict=False)
    formats = [date_format] if date_format else ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"]
    times = [text.str.strptime(pl.Datetime("us"), f, strict=False) for f in formats]
    zoned = date_format is not None and re.search(r"%(#?z|:z|Z|\+)", date_format)
    return times[0].dt.replace_time_zone(None) if zoned else pl.coalesce(times)


def _parse_integers(texts: pl.Series) -> pl.Series:
    """Texts as whole numbers: 2.0 and 1e3 are such too (JSON Schema 2020-12, 6.1.1), 2.5 is none.

    Float64 tells numbers of up to 15 digits apart; longer ones are parsed digit by digit, for none
    may come back as another one.
    """
    digits_only = texts.cast(pl.Int64, strict=False)
    if digits_only.null_count() == texts.null_count():
        return digits_only
    number = texts.cast(pl.Float64, strict=False)
    whole = number == number.floor()
    size = texts.str.len_bytes()
    exact = whole & (size <= 15) & (number.abs() < 2**53) & ((number != 0) | (size < 6))  # 1e-324
    by_float = number.cast(pl.Int64, strict=False)
    integers = digits_only.zip_with(digits_only.is_not_null() | ~exact, by_float)
    long = integers.is_null() & whole
    return integers.scatter(long.arg_true(), [_exact_integer(text) for text in texts.filter(long)])


def _exact_integer(text: str) -> int | None:
    number = Decimal(text) if _DECIMAL.fullmatch(text) else Decimal("NaN")
    if number.adjusted() > 18 or number != number.to_integral_value():
        return None
    return int(number) if -(2**63) <= number < 2**63 else None
