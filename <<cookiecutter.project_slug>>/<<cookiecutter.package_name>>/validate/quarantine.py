"""Validation: each row goes to the valid ones or to quarantine, with the rules that it violates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from ..errors import DataError
from ..paths import QUALITY_PAGE, QUARANTINE
from ..runtime.parquet import count_rows, sink
from ..runtime.progress import Step, progress
from ..schema.constraints import ORIGINAL, Rule, cast_columns, compile_rules
from ..schema.failures import (
    BROKEN_RULES,
    REASON,
    violated_rules,
    violates_any,
    violation_masks,
    with_reasons,
)
from ..schema.row import RowSchema, column_changes
from .duplicates import flag_of, mark_duplicates

ROW = "~row"


@dataclass(frozen=True)
class Quality:
    """The result of a validation."""

    rows: int
    valid: int
    quarantined: int
    rules: dict[str, int]  # rule that puts rows into quarantine: rows that violate it
    nulls: dict[str, float]  # column: share of nulls among valid rows
    warned: dict[str, int] = field(default_factory=dict)  # rule that only warns: rows
    warnings: list[str] = field(default_factory=list)  # about columns, and no single row
    critical: list[str] = field(default_factory=list)  # what stops the pipeline


def validate(
    source: Path, schema: RowSchema, valid: Path, quarantine: Path, changed: str = "warning"
) -> Quality:
    """Write each row of a Parquet file to one of two others; both keep the order.

    Args:
        source: the ingested rows.
        schema: of the row.
        valid: receives the rows that violate no rule, each column in its declared type.
        quarantine: receives the others uncast, with ``broken_rules``, a list, and ``reason``, a
            text that names the rules and the values.
        changed: the level of a column that is new, gone or of another type.

    Raises:
        ConfigError: a rule of the row cannot be evaluated.
        DataError: a column is missing or unknown, or rows were lost.
    """
    raw = pl.scan_parquet(source)
    types = raw.collect_schema()
    schema.check_columns(types.names())
    duplicates = duplicate_flags(raw, schema)
    rules = compile_rules(schema, types, {n: flag_of(ROW, duplicates[n]) for n in duplicates})
    with progress("validate", 3, "passes") as step:
        combinations = _write(raw, rules, schema, valid, quarantine, step=step)
    violations = count_violations(rules, combinations)
    counts = [count_rows(pl.scan_parquet(path)) for path in (source, valid, quarantine)]
    problems = column_problems(schema, raw, counts[0], changed)
    return _quality(counts, rules, violations, problems, pl.scan_parquet(valid))


def duplicate_flags(raw: pl.LazyFrame, schema: RowSchema) -> dict[str, pl.Series]:
    """For each unique column a boolean a row: whether a row above holds the same value."""
    types, table = raw.collect_schema(), cast_columns(raw, schema)
    unique = [c.name for c in schema.columns.values() if c.rules.get("x-unique")]
    unique = [name for name in unique if name in types]
    flags = {}
    with progress("duplicates", len(unique), "columns") as step:
        for name in unique:
            flags[name] = mark_duplicates(table, pl.col(name))
            step()
    return flags


def _write(
    raw: pl.LazyFrame,
    rules: Sequence[Rule],
    schema: RowSchema,
    valid: Path,
    quarantine: Path,
    *,
    step: Step,
) -> pl.DataFrame:
    """Write valid and refused rows; return how many rows violate each combination of rules.

    All rows are evaluated, then each file is written in a pass of its own: where polars does two
    things at once with the same rows, it holds all rows that the slower one waits for.
    """
    types = raw.collect_schema()
    refusing = [rule for rule in rules if rule.level != "warning"]
    numbered = raw.with_row_index(ROW)
    masks = cast_columns(numbered, schema).select(violation_masks(rules))
    flags, combinations = pl.collect_all(
        [
            masks.select(refused=violates_any(rules, refusing)),
            masks.group_by(pl.all()).len(),
        ],
        engine="streaming",
    )
    step()
    refused = flag_of(ROW, flags["refused"])
    sink(cast_columns(numbered.filter(~refused), schema).select(types.names()), valid)
    step()
    invalid = cast_columns(numbered.filter(refused), schema)
    explained = with_reasons(invalid.with_columns(violation_masks(rules)), rules, refusing, schema)
    sink(explained.select(uncast(explained, types)), quarantine)
    step()
    return combinations


def uncast(rows: pl.LazyFrame, types: pl.Schema) -> list[pl.Expr]:
    """The columns as they were before they were cast, and why their rows were refused."""
    names = rows.collect_schema()
    originals = [
        pl.col(ORIGINAL + name).alias(name) if ORIGINAL + name in names else pl.col(name)
        for name in types
    ]
    return [*originals, pl.col(BROKEN_RULES), pl.col(REASON)]


def count_violations(rules: Sequence[Rule], combinations: pl.DataFrame) -> dict[str, int]:
    """Rows that violate each rule, from the number of rows with each combination."""
    counts = {rule.name: 0 for rule in rules}
    for *masks, rows in combinations.iter_rows():
        for rule in violated_rules(rules, masks):
            counts[rule.name] += rows
    return counts


def column_problems(
    schema: RowSchema, raw: pl.LazyFrame, rows: int, changed: str
) -> list[tuple[str, str]]:
    """What is wrong with columns as a whole, and its level."""
    types = raw.collect_schema()
    problems = [(text, changed) for text in column_changes(schema, types)]
    limited = [c for c in schema.columns.values() if "x-max-null-share" in c.rules]
    shares = _null_shares(raw.select(c.name for c in limited if c.name in types), rows)
    for c in limited:
        limit, share = c.rules["x-max-null-share"], shares.get(c.name, 0.0)
        if share > limit:
            text = f"{c.name}: {share:.1%} of the values are null; allowed is {limit:.1%}"
            problems.append((text, c.level("x-max-null-share")))
    return problems


def _quality(
    counts: Sequence[int],
    rules: Sequence[Rule],
    violations: dict[str, int],
    problems: Sequence[tuple[str, str]],
    valid: pl.LazyFrame,
) -> Quality:
    rows, kept, refused = counts
    if kept + refused != rows:
        raise DataError(
            f"{rows} rows came in, but {kept} valid and {refused} quarantined ones came out. "
            "Please report this bug.",
            "data.lost_rows",
        )
    stops = [rule.name for rule in rules if rule.level == "critical" and violations[rule.name]]
    return Quality(
        rows=rows,
        valid=kept,
        quarantined=refused,
        rules=most_first({r.name: violations[r.name] for r in rules if r.level != "warning"}),
        nulls=_null_shares(valid, kept),
        warned=most_first({r.name: violations[r.name] for r in rules if r.level == "warning"}),
        warnings=[text for text, level in problems if level == "warning"],
        critical=[text for text, level in problems if level != "warning"] + stops,
    )


def most_first(violations: Mapping[str, int]) -> dict[str, int]:
    """The rules that are violated, those of most rows first."""
    counts = [(name, rows) for name, rows in violations.items() if rows]
    return dict(sorted(counts, key=lambda pair: (-pair[1], pair[0])))


def _null_shares(table: pl.LazyFrame, rows: int) -> dict[str, float]:
    nulls = table.null_count().collect(engine="streaming")
    return {name: (nulls[name][0] or 0) / rows if rows else 0.0 for name in nulls.columns}


def check_quality(
    quality: Quality,
    max_quarantined: float,
    *,
    page: Path = QUALITY_PAGE,
    quarantine: Path = QUARANTINE,
) -> None:
    """Refuse data that violates a critical rule, or of which too many rows are in quarantine.

    Args:
        quality: of the data.
        max_quarantined: the share of rows that may be in quarantine.
        page, quarantine: where people find more, and the rows.

    Raises:
        DataError: says how many, and which rules most of them violate.
    """
    worst = ", ".join(f"{rule} ({n})" for rule, n in list(quality.rules.items())[:3])
    if quality.critical:
        raise DataError(
            f"the data breaks what is critical: {'; '.join(quality.critical)}. "
            f"See {page}; fix the source or the schema.",
            "data.critical",
        )
    if not quality.valid:
        raise DataError(
            f"no row is left of {quality.rows}; most broken: {worst or 'none'}. "
            "Fix the source or the schema.",
            "data.no_rows",
        )
    share = quality.quarantined / quality.rows
    if share > max_quarantined:
        raise DataError(
            f"{quality.quarantined} of {quality.rows} rows ({share:.1%}) break the schema; allowed "
            f"is {max_quarantined:.1%}. Most broken: {worst}. See {quarantine}; fix "
            "the source, the schema, or validate.max_quarantined.",
            "data.quarantined",
        )
