"""A JSON Schema file of one row, read into plain values: columns, their types, their rules.

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
_DESCRIBED = {"type", "format", "description", "title", "examples", "default"}
_EVERY = "*"


@dataclass(frozen=True)
class Column:
    """What the schema says of one column."""

    name: str
    dtype: pl.DataType
    nullable: bool
    rules: Mapping[str, Any]  # keyword: its value
    levels: Mapping[str, str] = field(default_factory=dict)  # rule, or "*" for all: level
    date_format: str | None = None
    personal: str | None = None

    def level(self, rule: str) -> str:
        """How bad it is to break a rule."""
        return self.levels.get(rule, self.levels.get(_EVERY, "error"))


@dataclass(frozen=True)
class RowSchema:
    """What the schema says of a row."""

    columns: Mapping[str, Column]
    required: list[str]
    closed: bool  # no other columns
    rules: Mapping[str, str] = field(default_factory=dict)  # name: SQL expression
    levels: Mapping[str, str] = field(default_factory=dict)  # of the row's rules
    personal: Mapping[str, str] = field(default_factory=dict)  # column: drop or hash

    def level(self, rule: str) -> str:
        """How bad it is to break one of the row's rules."""
        return self.levels.get(rule, self.levels.get(_EVERY, "error"))

    def check_columns(self, found: list[str]) -> None:
        """Refuse a table that lacks a required column, or has one that the schema forbids.

        Raises:
            DataError: names the columns.
        """
        missing = [name for name in self.required if name not in found]
        if missing:
            raise DataError(
                f"column {', '.join(missing)} is missing; found: {', '.join(found)}. "
                "Fix the source, or the schema.",
                "data.missing_column",
            )
        unknown = [name for name in found if name not in self.columns]
        if self.closed and unknown:
            raise DataError(
                f"column {', '.join(unknown)} is not in the schema. "
                "Add it there, or drop it from the source.",
                "data.unknown_column",
            )
        taken = [name for name in found if name in RESERVED or name.startswith("~")]
        if taken:
            raise DataError(
                f"column {', '.join(taken)} has a name that validation needs for itself. "
                "Rename it in the source.",
                "data.reserved_column",
            )


def read(path: str) -> RowSchema:
    """The schema in a file.

    Raises:
        ConfigError: the file is missing, is no JSON Schema, or uses what is not supported.
    """
    import jsonschema

    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
        jsonschema.Draft202012Validator.check_schema(document)
        return parse(document)
    except FileNotFoundError as error:
        raise ConfigError(
            f"no schema at {path!r}. Write it, or edit conf/data.{untracked_hint(path)}",
            "config.schema",
        ) from error
    except (ValueError, KeyError, jsonschema.SchemaError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(
            f"{path} is not a JSON Schema of a row: {reason}", "config.schema"
        ) from error


def parse(document: Mapping[str, Any]) -> RowSchema:
    """The schema in a JSON document.

    Raises:
        ValueError: it uses what is not supported; the message names the column.
    """
    columns = {name: _column(name, rules) for name, rules in document["properties"].items()}
    personal = {name: c.personal for name, c in columns.items() if c.personal}
    kept = {name: c for name, c in columns.items() if c.personal != "drop"}
    rules = document.get("x-rules", {})
    return RowSchema(
        columns=kept,
        required=[name for name in document.get("required", []) if personal.get(name) != "drop"],
        closed=document.get("additionalProperties") is False,
        rules=rules,
        levels=_levels("the row", document.get("x-level"), rules),
        personal=personal,
    )


def changes(schema: RowSchema, found: pl.Schema) -> list[str]:
    """How the columns of a table differ from what the schema says; text may still become any type.

    A whole number where any number is allowed is no difference.
    """
    said = schema.columns
    new = [
        f"column {name} is new: the schema does not know it"
        for name in found.names()
        if name not in said
    ]
    gone = [f"column {name} is gone" for name in said if name not in found]
    other = [
        f"column {name} is {found[name]}; the schema says {c.dtype}"
        for name, c in said.items()
        if name in found and not _same_kind(found[name], c.dtype)
    ]
    return [*new, *gone, *other]


def _same_kind(found: pl.DataType, said: pl.DataType) -> bool:
    if found in (pl.String, pl.Null) or found == said:
        return True
    if said == pl.Int64:
        return found.is_integer()
    if said == pl.Float64:
        return found.is_numeric()
    if said == pl.String:
        return found in (pl.Categorical, pl.Enum)
    return said == pl.Datetime("us") and isinstance(found, pl.Datetime)


def _column(name: str, rules: Mapping[str, Any]) -> Column:
    types = rules.get("type")
    kinds = [types] if isinstance(types, str) else list(types or [])
    plain = [kind for kind in kinds if kind != "null"]
    dtype = DTYPES.get((plain[0], rules.get("format"))) if len(plain) == 1 else None
    if dtype is None:
        raise ValueError(f"{name}: type {types!r} with format {rules.get('format')!r} is no column")
    extra = {"x-level", "x-personal", *(["x-format"] if dtype.is_temporal() else [])}
    unknown = set(rules) - set(allowed(dtype)) - _DESCRIBED - extra
    if unknown:
        raise ValueError(f"{name}: {', '.join(sorted(unknown))} is not supported for {dtype}")
    kept = {keyword: value for keyword, value in rules.items() if keyword in allowed(dtype)}
    _check_values(name, dtype, kept)
    personal = rules.get("x-personal")
    if personal is not None:
        _check_personal(name, personal, dtype, kept)
    levels = _levels(name, rules.get("x-level"), [*IMPLIED, *kept])
    return Column(name, dtype, "null" in kinds, kept, levels, rules.get("x-format"), personal)


def allowed(dtype: pl.DataType) -> tuple[str, ...]:
    """The rules that a column of a type may have."""
    if dtype.is_numeric():
        return (*NUMERIC, *ANY)
    return (*TEXT, *ANY) if dtype == pl.String else ANY


def _check_values(name: str, dtype: pl.DataType, rules: Mapping[str, Any]) -> None:
    """Refuse a pattern, a choice or a share that no value can be compared with."""
    share = rules.get("x-max-null-share", 0)
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
        raise ValueError(f"{name}: x-max-null-share is {share!r}; allowed is 0 to 1")
    wanted = pl.String() if dtype.is_temporal() else dtype
    choices = [*rules.get("enum", []), *([rules["const"]] if "const" in rules else [])]
    try:
        pl.Series([value for value in choices if value is not None], dtype=wanted, strict=True)
        pl.Series([""]).str.contains(rules.get("pattern", ""))
    except (TypeError, pl.exceptions.PolarsError) as error:
        raise ValueError(f"{name}: {str(error).splitlines()[0]}") from error


def _check_personal(name: str, how: Any, dtype: pl.DataType, rules: Mapping[str, Any]) -> None:
    """What ingest drops or hashes is not there to be checked: say so instead of not checking."""
    if how not in PERSONAL:
        raise ValueError(f"{name}: x-personal is {how!r}; allowed is one of: {', '.join(PERSONAL)}")
    lost = set(rules) - {"x-unique", "x-max-null-share"}
    if how == "hash" and (lost or dtype != pl.String):
        raise ValueError(
            f"{name}: a hashed column is a string without {', '.join(sorted(lost)) or 'format'}; "
            "its values cannot be checked after ingest"
        )


def _levels(name: str, given: Any, rules: Any) -> dict[str, str]:
    levels = {_EVERY: given} if isinstance(given, str) else dict(given or {})
    for rule, level in levels.items():
        if rule not in (_EVERY, *rules) or level not in LEVELS:
            raise ValueError(
                f"{name}: x-level {rule}: {level!r} is neither a rule of its own "
                f"nor a level of {', '.join(LEVELS)}"
            )
    return levels
