"""Reading the JSON Schema of a row: its columns, their types and rules, the levels of rules.

Beside JSON Schema's own keywords a column may say:

``x-unique``          true: no value twice; nulls do not count
``x-max-null-share``  the largest share of nulls in the column, 0 to 1
``x-format``          how a date is written if not by ISO 8601, such as ``%d.%m.%Y`` (strptime)
``x-level``           a level for all rules of the column, or ``{rule: level}``
``x-personal``        ``drop`` or ``hash``: what ingest does before anything is written

and the row ``x-rules: {name: SQL condition}``, which a valid row keeps, with ``x-level`` as above.

Levels: ``warning`` counts a row and keeps it; ``error`` (the default) puts it into quarantine;
``critical`` does so and stops the pipeline.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from ..errors import ConfigError, DataError
from ..runtime.dvc.workspace import untracked_hint

DTYPES: dict[tuple[str, str | None], pl.DataType] = {
    ("integer", None): pl.Int64(),
    ("number", None): pl.Float64(),
    ("boolean", None): pl.Boolean(),
    ("string", None): pl.String(),
    ("string", "date-time"): pl.Datetime("us"),
    ("string", "date"): pl.Date(),
}
LEVELS = ("warning", "error", "critical")
PERSONAL = ("drop", "hash")
NUMERIC = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
TEXT = ("pattern", "minLength", "maxLength")
ANY = ("enum", "const", "x-unique", "x-max-null-share")
IMPLIED = ("type", "null", "finite")  # rules that follow from a column's type
RESERVED = ("broken_rules", "reason")  # columns that quarantine adds
_PATTERN = re.compile(r"~|\^.*\$$", re.DOTALL)  # ours begin with ~; polars takes ^…$ for a pattern
_NO_RULES = {"type", "format", "description", "title", "examples", "default"}
_ALL_RULES = "*"


@dataclass(frozen=True)
class Column:
    """One column of a schema."""

    name: str
    dtype: pl.DataType
    nullable: bool
    rules: Mapping[str, Any]  # keyword: its value
    levels: Mapping[str, str] = field(default_factory=dict)  # rule, or "*" for all: its level
    date_format: str | None = None
    personal: str | None = None

    def level(self, rule: str) -> str:
        """The level of one of the column's rules."""
        return self.levels.get(rule, self.levels.get(_ALL_RULES, "error"))


@dataclass(frozen=True)
class RowSchema:
    """The schema of a row: its columns, and the rules across columns."""

    columns: Mapping[str, Column]
    required: list[str]
    closed: bool  # no other columns
    rules: Mapping[str, str] = field(default_factory=dict)  # name: SQL expression
    levels: Mapping[str, str] = field(default_factory=dict)  # of the row's rules
    personal: Mapping[str, str] = field(default_factory=dict)  # column: drop or hash

    def level(self, rule: str) -> str:
        """The level of one of the row's rules."""
        return self.levels.get(rule, self.levels.get(_ALL_RULES, "error"))

    def check_columns(self, names: list[str]) -> None:
        """Refuse a table that lacks a required column, or has one that the schema forbids.

        Raises:
            DataError: names the columns.
        """
        missing = [name for name in self.required if name not in names]
        if missing:
            raise DataError(
                f"column {', '.join(missing)} is missing; found: {', '.join(names)}. "
                "Fix the source, or the schema.",
                "data.missing_column",
            )
        unknown = [name for name in names if name not in self.columns]
        if self.closed and unknown:
            raise DataError(
                f"column {', '.join(unknown)} is not in the schema. "
                "Add it there, or drop it from the source.",
                "data.unknown_column",
            )
        reserved = [name for name in names if name in RESERVED or _PATTERN.match(name)]
        if reserved:
            raise DataError(
                f"column {', '.join(reserved)} has a name that is reserved: {', '.join(RESERVED)}, "
                "what begins with ~, and what stands between ^ and $. Rename it in the source.",
                "data.reserved_column",
            )


def read_schema(path: str) -> RowSchema:
    """The schema in a file.

    Raises:
        ConfigError: the file is missing, is no JSON Schema, or uses what is not supported.
    """
    import jsonschema

    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
        jsonschema.Draft202012Validator.check_schema(document)
        return parse_schema(document)
    except FileNotFoundError as error:
        raise ConfigError(
            f"no schema at {path!r}. Draft it by `python -m {__package__.split('.')[0]}"
            f".commands.schema infer`, or edit conf/data.{untracked_hint(path)}",
            "config.schema",
        ) from error
    except (ValueError, KeyError, jsonschema.SchemaError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(
            f"{path} is not a JSON Schema of a row: {reason}", "config.schema"
        ) from error


def parse_schema(document: Mapping[str, Any]) -> RowSchema:
    """The schema in a JSON document.

    Raises:
        ValueError: it uses what is not supported; the message names the column.
    """
    columns = {name: _parse_column(name, rules) for name, rules in document["properties"].items()}
    personal = {name: c.personal for name, c in columns.items() if c.personal}
    kept = {name: c for name, c in columns.items() if c.personal != "drop"}
    rules = document.get("x-rules", {})
    return RowSchema(
        columns=kept,
        required=[name for name in document.get("required", []) if personal.get(name) != "drop"],
        closed=document.get("additionalProperties") is False,
        rules=rules,
        levels=_parse_levels("the row", document.get("x-level"), rules),
        personal=personal,
    )


def column_changes(schema: RowSchema, types: pl.Schema) -> list[str]:
    """Sentences about columns that are new, gone, or of another type than the schema declares.

    Text may still become any type; a whole number where any number is allowed is no change.
    """
    declared = schema.columns
    new = [
        f"column {name} is new: the schema does not know it"
        for name in types.names()
        if name not in declared
    ]
    gone = [f"column {name} is gone" for name in declared if name not in types]
    other = [
        f"column {name} is {types[name]}; the schema says {column.dtype}"
        for name, column in declared.items()
        if name in types and not _is_compatible(types[name], column.dtype)
    ]
    return [*new, *gone, *other]


def _is_compatible(actual: pl.DataType, declared: pl.DataType) -> bool:
    if actual in (pl.String, pl.Null) or actual == declared:
        return True
    if declared == pl.Int64:
        return actual.is_integer()
    if declared == pl.Float64:
        return actual.is_numeric()
    if declared == pl.String:
        return actual in (pl.Categorical, pl.Enum)
    return declared == pl.Datetime("us") and isinstance(actual, pl.Datetime)


def _parse_column(name: str, rules: Mapping[str, Any]) -> Column:
    types = rules.get("type")
    kinds = [types] if isinstance(types, str) else list(types or [])
    not_null = [kind for kind in kinds if kind != "null"]
    only = not_null[0] if len(not_null) == 1 else ""
    dtype = DTYPES.get((only, rules.get("format")))
    if dtype is None:
        raise ValueError(f"{name}: type {types!r} with format {rules.get('format')!r} is no column")
    extra = {"x-level", "x-personal", *(["x-format"] if dtype.is_temporal() else [])}
    unknown = set(rules) - set(allowed_rules(dtype)) - _NO_RULES - extra
    if unknown:
        raise ValueError(f"{name}: {', '.join(sorted(unknown))} is not supported for {dtype}")
    own = {keyword: value for keyword, value in rules.items() if keyword in allowed_rules(dtype)}
    _check_values(name, dtype, own)
    personal = rules.get("x-personal")
    if personal is not None:
        _check_personal(name, personal, dtype, own)
    levels = _parse_levels(name, rules.get("x-level"), [*IMPLIED, *own])
    return Column(name, dtype, "null" in kinds, own, levels, rules.get("x-format"), personal)


def allowed_rules(dtype: pl.DataType) -> tuple[str, ...]:
    """The rules that a column of a type may have."""
    if dtype.is_numeric():
        return (*NUMERIC, *ANY)
    return (*TEXT, *ANY) if dtype == pl.String else ANY


def _check_values(name: str, dtype: pl.DataType, rules: Mapping[str, Any]) -> None:
    """Refuse a pattern, a choice or a share that no value can be compared with."""
    share = rules.get("x-max-null-share", 0)
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
        raise ValueError(f"{name}: x-max-null-share is {share!r}; allowed is 0 to 1")
    compared_as = pl.String() if dtype.is_temporal() else dtype
    choices = [*rules.get("enum", []), *([rules["const"]] if "const" in rules else [])]
    try:
        pl.Series([value for value in choices if value is not None], dtype=compared_as, strict=True)
        pl.Series([""]).str.contains(rules.get("pattern", ""))
    except (TypeError, pl.exceptions.PolarsError) as error:
        raise ValueError(f"{name}: {str(error).splitlines()[0]}") from error


def _check_personal(name: str, how: Any, dtype: pl.DataType, rules: Mapping[str, Any]) -> None:
    """Refuse rules of a column that ingest hashes: its values are not there to be checked."""
    if how not in PERSONAL:
        raise ValueError(f"{name}: x-personal is {how!r}; allowed is one of: {', '.join(PERSONAL)}")
    uncheckable = set(rules) - {"x-unique", "x-max-null-share"}
    if how == "hash" and (uncheckable or dtype != pl.String):
        raise ValueError(
            f"{name}: a hashed column is a string without "
            f"{', '.join(sorted(uncheckable)) or 'format'}; "
            "its values cannot be checked after ingest"
        )


def _parse_levels(name: str, value: Any, rules: Any) -> dict[str, str]:
    levels = {_ALL_RULES: value} if isinstance(value, str) else dict(value or {})
    for rule, level in levels.items():
        if rule not in (_ALL_RULES, *rules) or level not in LEVELS:
            raise ValueError(
                f"{name}: x-level {rule}: {level!r} is neither a rule of its own "
                f"nor a level of {', '.join(LEVELS)}"
            )
    return levels
