"""Every row ends among the valid ones or in quarantine, with its reasons: none is lost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from ..errors import DataError
from ..runtime.parquet import count, sink
from ..schema.constraints import CAME, Rule, compiled, typed
from ..schema.failures import REASON, REASONS, breaks, broken, explained, words
from ..schema.row import RowSchema, changes
from .duplicates import at_row, repeats

ROW = "~row"


@dataclass(frozen=True)
class Quality:
    """What validation found."""

    rows: int
    valid: int
    quarantined: int
    rules: dict[str, int]  # rule that puts rows into quarantine: rows that break it
    nulls: dict[str, float]  # column: share of nulls among valid rows
    warned: dict[str, int] = field(default_factory=dict)  # rule that only warns: rows
    warnings: list[str] = field(default_factory=list)  # what is odd, and no single row's fault
    critical: list[str] = field(default_factory=list)  # what stops the pipeline


def validate(
    source: Path, schema: RowSchema, valid: Path, quarantine: Path, changed: str = "warning"
) -> Quality:
    """Deal the rows of a Parquet file to two others; both keep the order.

    Args:
        source: the ingested rows.
        schema: what a row must be.
        valid: receives the rows that keep all rules, each column in its declared type.
        quarantine: receives the others as they came, with ``broken_rules``, a list, and
            ``reason``, a text that names the rules and the values.
        changed: the level of a column that is new, gone or of another type.

    Raises:
        ConfigError: a rule of the row cannot be evaluated.
        DataError: a column is missing or unknown, or rows were lost.
    """
    raw = pl.scan_parquet(source)
    found = raw.collect_schema()
    schema.check_columns(found.names())
    flags = repeated(raw, schema)
    rules = compiled(schema, found, {name: at_row(flags[name], ROW) for name in flags})
    counts = _deal(raw, rules, schema, valid, quarantine)
    rows, good, bad = (count(pl.scan_parquet(path)) for path in (source, valid, quarantine))
    if good + bad != rows:
        raise DataError(
            f"{rows} rows came in, but {good} valid and {bad} quarantined ones came out. "
            "Please report this bug.",
            "data.lost_rows",
        )
    odd = odd_columns(schema, raw, rows, changed)
    broke = count_broken(rules, counts)
    stops = [rule.name for rule in rules if rule.level == "critical" and broke[rule.name]]
    return Quality(
        rows=rows,
        valid=good,
        quarantined=bad,
        rules=most_broken({r.name: broke[r.name] for r in rules if r.level != "warning"}),
        nulls=_null_shares(pl.scan_parquet(valid), good),
        warned=most_broken({r.name: broke[r.name] for r in rules if r.level == "warning"}),
        warnings=[text for text, level in odd if level == "warning"],
        critical=[text for text, level in odd if level != "warning"] + stops,
    )


def _deal(
    raw: pl.LazyFrame, rules: Sequence[Rule], schema: RowSchema, valid: Path, quarantine: Path
) -> pl.DataFrame:
    """Write valid and refused rows; return how many rows break each combination of rules.

    All rows are judged, then each file is written in a pass of its own: where polars does two
    things at once with the same rows, it holds all rows that the slower one waits for.
    """
    found = raw.collect_schema()
    refusing = [rule for rule in rules if rule.level != "warning"]
    numbered = raw.with_row_index(ROW)
    judged = typed(numbered, schema).select(words(rules))
    flags, counts = pl.collect_all(
        [
            judged.select(refused=breaks(rules, refusing)),
            judged.group_by(pl.all()).len(),
        ],
        engine="streaming",
    )
    refused = at_row(flags["refused"], ROW)
    sink(typed(numbered.filter(~refused), schema).select(found.names()), valid)
    again = typed(numbered.filter(refused), schema).with_columns(words(rules))
    reasons = explained(again, rules, refusing, schema)
    sink(reasons.select(as_it_came(reasons, found)), quarantine)
    return counts


def repeated(raw: pl.LazyFrame, schema: RowSchema) -> dict[str, pl.Series]:
    """Of each column that has to be unique, for each row: whether a row above has its value."""
    found, table = raw.collect_schema(), typed(raw, schema)
    unique = [c.name for c in schema.columns.values() if c.rules.get("x-unique")]
    return {name: repeats(table, pl.col(name)) for name in unique if name in found}


def as_it_came(judged: pl.LazyFrame, found: pl.Schema) -> list[pl.Expr]:
    """The columns of quarantine: as they came, and the reasons of ``explained``."""
    known = judged.collect_schema()
    came = [
        pl.col(CAME + name).alias(name) if CAME + name in known else pl.col(name) for name in found
    ]
    return [*came, pl.col(REASONS), pl.col(REASON)]


def count_broken(rules: Sequence[Rule], counts: pl.DataFrame) -> dict[str, int]:
    """Rows that break each rule, from the number of rows with each combination."""
    total = {rule.name: 0 for rule in rules}
    for *row, n in counts.iter_rows():
        for rule in broken(rules, row):
            total[rule.name] += n
    return total


def most_broken(counts: Mapping[str, int]) -> dict[str, int]:
    """Rules that were broken, and how often, the most frequent first."""
    return dict(sorted(((name, n) for name, n in counts.items() if n), key=lambda p: (-p[1], p[0])))


def odd_columns(
    schema: RowSchema, raw: pl.LazyFrame, rows: int, changed: str
) -> list[tuple[str, str]]:
    """What is wrong with columns as a whole, and how bad that is: a text, and its level."""
    found = raw.collect_schema()
    odd = [(text, changed) for text in changes(schema, found)]
    limited = [c for c in schema.columns.values() if "x-max-null-share" in c.rules]
    shares = _null_shares(raw.select(c.name for c in limited if c.name in found), rows)
    for c in limited:
        limit, share = c.rules["x-max-null-share"], shares.get(c.name, 0.0)
        if share > limit:
            text = f"{c.name}: {share:.1%} of the values are null; allowed is {limit:.1%}"
            odd.append((text, c.level("x-max-null-share")))
    return odd


def _null_shares(table: pl.LazyFrame, rows: int) -> dict[str, float]:
    nulls = table.null_count().collect(engine="streaming")
    return {name: (nulls[name][0] or 0) / rows if rows else 0.0 for name in nulls.columns}


def accept(quality: Quality, max_quarantined: float) -> None:
    """Refuse data that breaks a critical rule, or of which too many rows are in quarantine.

    Raises:
        DataError: says how many, and which rules most of them break.
    """
    worst = ", ".join(f"{rule} ({n})" for rule, n in list(quality.rules.items())[:3])
    if quality.critical:
        raise DataError(
            f"the data breaks what is critical: {'; '.join(quality.critical)}. "
            "See reports/quality.html; fix the source or the schema.",
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
            f"is {max_quarantined:.1%}. Most broken: {worst}. See data/quarantine.parquet; fix "
            "the source, the schema, or validate.max_quarantined.",
            "data.quarantined",
        )
