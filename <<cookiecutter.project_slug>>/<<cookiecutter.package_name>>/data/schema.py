"""A JSON Schema file of one row, compiled to polars: types, and an expression for each rule."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from ..errors import ConfigError, DataError

DTYPES: dict[tuple[str, str | None], pl.DataType] = {
    ("integer", None): pl.Int64(),
    ("number", None): pl.Float64(),
    ("boolean", None): pl.Boolean(),
    ("string", None): pl.String(),
    ("string", "date-time"): pl.Datetime("us"),
    ("string", "date"): pl.Date(),
}


@dataclass(frozen=True)
class Column:
    """What the schema says of one column."""

    name: str
    dtype: pl.DataType
    nullable: bool
    rules: dict[str, Any]  # JSON Schema keywords and their values


@dataclass(frozen=True)
class RowSchema:
    """What the schema says of a row."""

    columns: dict[str, Column]
    required: list[str]
    closed: bool  # no other columns

    def check_columns(self, found: list[str]) -> None:
        """Refuse a table that lacks a required column, or has one that the schema forbids.

        Raises:
            DataError: names the columns.
        """
        missing = [name for name in self.required if name not in found]
        if missing:
            raise DataError(
                f"column {', '.join(missing)} is missing; found: {', '.join(found)}. "
                "Mend the source, or the schema.",
                "data.missing_column",
            )
        unknown = [name for name in found if name not in self.columns]
        if self.closed and unknown:
            raise DataError(
                f"column {', '.join(unknown)} is not in the schema. "
                "Add it there, or drop it from the source.",
                "data.unknown_column",
            )

    def typed(self, found: pl.Schema) -> list[pl.Expr]:
        """Expressions that give each column its type; a value that does not fit becomes null."""
        return [
            _cast(pl.col(c.name), found[c.name], c.dtype).alias(c.name)
            for c in self.columns.values()
            if c.name in found
        ]

    def failures(self, found: pl.Schema) -> dict[str, pl.Expr]:
        """``column: rule`` to an expression that is true where a row of the raw table breaks it."""
        failing: dict[str, pl.Expr] = {}
        for c in self.columns.values():
            if c.name not in found:
                continue
            raw = pl.col(c.name)
            value = _cast(raw, found[c.name], c.dtype)
            if found[c.name] != c.dtype:
                failing[f"{c.name}: type"] = raw.is_not_null() & value.is_null()
            if not c.nullable:
                failing[f"{c.name}: null"] = raw.is_null()
            if c.dtype.is_float():
                failing[f"{c.name}: finite"] = ~value.is_finite()
            for keyword, limit in c.rules.items():
                failing[f"{c.name}: {keyword}"] = _RULES[keyword](value, limit)
        return {name: rule.fill_null(value=False) for name, rule in failing.items()}


_RULES: dict[str, Any] = {
    "minimum": lambda value, limit: value < limit,
    "maximum": lambda value, limit: value > limit,
    "exclusiveMinimum": lambda value, limit: value <= limit,
    "exclusiveMaximum": lambda value, limit: value >= limit,
    "enum": lambda value, limit: ~value.is_in([v for v in limit if v is not None]),
    "pattern": lambda value, limit: ~value.str.contains(limit),
    "minLength": lambda value, limit: value.str.len_chars() < limit,
    "maxLength": lambda value, limit: value.str.len_chars() > limit,
    "x-unique": lambda value, limit: ~value.is_first_distinct() if limit else pl.lit(value=False),
}


def _cast(value: pl.Expr, found: pl.DataType, wanted: pl.DataType) -> pl.Expr:
    if found == wanted:
        return value
    if found == pl.String and wanted.is_temporal():
        return value.str.strptime(wanted, strict=False)  # type: ignore[arg-type]
    return value.cast(wanted, strict=False)


def read(path: str) -> RowSchema:
    """The schema in a file.

    Raises:
        ConfigError: the file is missing, is no JSON Schema, or uses what is not supported.
    """
    import jsonschema

    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
        jsonschema.Draft202012Validator.check_schema(document)
        columns = {name: _column(name, rules) for name, rules in document["properties"].items()}
    except FileNotFoundError as error:
        raise ConfigError(
            f"no schema at {path!r}. Write it, or edit conf/data.", "config.schema"
        ) from error
    except (ValueError, KeyError, jsonschema.SchemaError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(
            f"{path} is not a JSON Schema of a row: {reason}", "config.schema"
        ) from error
    return RowSchema(
        columns=columns,
        required=document.get("required", []),
        closed=document.get("additionalProperties") is False,
    )


def _column(name: str, rules: dict[str, Any]) -> Column:
    types = rules.get("type")
    kinds = [types] if isinstance(types, str) else list(types or [])
    plain = [kind for kind in kinds if kind != "null"]
    dtype = DTYPES.get((plain[0], rules.get("format"))) if len(plain) == 1 else None
    if dtype is None:
        raise ValueError(f"{name}: type {types!r} with format {rules.get('format')!r} is no column")
    described = {"type", "format", "description", "title", "examples", "default"}
    unknown = set(rules) - set(_RULES) - described
    if unknown:
        raise ValueError(f"{name}: {', '.join(sorted(unknown))} is not supported")
    return Column(name, dtype, "null" in kinds, {k: v for k, v in rules.items() if k in _RULES})
