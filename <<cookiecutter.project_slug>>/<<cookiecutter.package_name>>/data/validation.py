"""Every row ends among the valid ones or in quarantine, with its reasons: none is lost."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from ..errors import DataError
from .schema import RowSchema
from .tables import ROW_GROUP

REASONS = "broken_rules"


@dataclass(frozen=True)
class Quality:
    """What validation found."""

    rows: int
    valid: int
    quarantined: int
    rules: dict[str, int]  # rule: rows that break it
    nulls: dict[str, float]  # column: share of nulls among valid rows


def validate(source: Path, schema: RowSchema, valid: Path, quarantine: Path) -> Quality:
    """Deal the rows of a Parquet file to two others; both keep the order.

    Args:
        source: the ingested rows.
        schema: what a row must be.
        valid: receives the rows that keep all rules, each column in its declared type.
        quarantine: receives the others as they came, and ``broken_rules``, a list.

    Raises:
        DataError: a column is missing or unknown.
    """
    raw = pl.scan_parquet(source)
    found = raw.collect_schema()
    schema.check_columns(found.names())
    reasons = [
        pl.when(broken).then(pl.lit(rule)) for rule, broken in schema.failures(found).items()
    ]
    judged = raw.with_columns(
        pl.concat_list(pl.lit(None, pl.String), *reasons).list.drop_nulls().alias(REASONS)
    )
    kept = judged.filter(pl.col(REASONS).list.len() == 0).drop(REASONS)
    kept = kept.with_columns(schema.typed(found))
    refused = judged.filter(pl.col(REASONS).list.len() > 0)
    pl.collect_all(
        [
            kept.sink_parquet(valid, lazy=True, row_group_size=ROW_GROUP),
            refused.sink_parquet(quarantine, lazy=True, row_group_size=ROW_GROUP),
        ]
    )
    return _quality(raw, valid, quarantine)


def _quality(raw: pl.LazyFrame, valid: Path, quarantine: Path) -> Quality:
    broken = pl.scan_parquet(quarantine).select(pl.col(REASONS).explode()).collect()
    counts = broken[REASONS].value_counts().sort("count", REASONS, descending=[True, False])
    kept = pl.scan_parquet(valid)
    nulls = kept.select(pl.all().is_null().mean()).collect()
    quality = Quality(
        rows=_count(raw),
        valid=_count(kept),
        quarantined=_count(pl.scan_parquet(quarantine)),
        rules=dict(counts.iter_rows()),
        nulls=nulls.row(0, named=True) if nulls.height else {},
    )
    if quality.valid + quality.quarantined != quality.rows:
        raise DataError(f"rows were lost: {quality}. Please report this bug.", "data.lost_rows")
    return quality


def _count(frame: pl.LazyFrame) -> int:
    return int(frame.select(pl.len()).collect().item())


def accept(quality: Quality, max_quarantined: float) -> None:
    """Refuse data of which too many rows, or all, are in quarantine.

    Raises:
        DataError: says how many, and which rules most of them break.
    """
    worst = ", ".join(f"{rule} ({n})" for rule, n in list(quality.rules.items())[:3])
    if not quality.valid:
        raise DataError(
            f"no row is left of {quality.rows}; most broken: {worst or 'none'}. "
            "Mend the source or the schema.",
            "data.no_rows",
        )
    share = quality.quarantined / quality.rows
    if share > max_quarantined:
        raise DataError(
            f"{quality.quarantined} of {quality.rows} rows ({share:.1%}) break the schema; allowed "
            f"is {max_quarantined:.1%}. Most broken: {worst}. See data/quarantine.parquet; mend "
            "the source, the schema, or validate.max_quarantined.",
            "data.quarantined",
        )
