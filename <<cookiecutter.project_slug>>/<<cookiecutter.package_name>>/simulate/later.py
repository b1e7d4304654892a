"""Rows that came after those of the pipeline: validated as all rows that arrive are."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from ..config import Config
from ..errors import DataError
from ..ingest.collect import read_policy
from ..ingest.parts import ReadPolicy
from ..paths import LATER_QUARANTINE, VALID
from ..runtime.artifacts import atomic_write, scratch
from ..runtime.parquet import sink
from ..schema.row import read_schema
from ..validate.duplicates import check_key
from ..validate.quarantine import Quality, check_quality, validate


@dataclass(frozen=True)
class Later:
    """The valid rows of a file, and what became of the others."""

    file: Path
    rows: pl.DataFrame
    quality: Quality

    def to_json(self) -> dict[str, Any]:
        """How many rows are valid, and which rules the others break, for the page."""
        counts = self.quality
        return {"rows": counts.rows, "quarantined": counts.quarantined, "rules": counts.rules}


def read_later(file: Path, types: pl.Schema, config: Config) -> Later:
    """The rows of a Parquet file that keep the schema; data/later_quarantine.parquet has the rest.

    Args:
        file: with the columns of the valid rows, as they came: its personal columns are protected.
        types: of these columns.
        config: of the pipeline.

    Raises:
        ConfigError: a rule of the schema cannot be evaluated, or the key that hashes is missing.
        DataError: it is no such file, more rows than allowed break the schema, or two have one key.
    """
    rules = read_schema(config.data.schema)
    with scratch(LATER_QUARANTINE) as place, atomic_write(LATER_QUARANTINE) as quarantine:
        raw, valid = place / "rows.parquet", place / "valid.parquet"
        try:
            _copy(file, types, read_policy(config.data), raw)
            quality = validate(raw, rules, valid, quarantine, config.validate.changed_columns)
            rows = pl.read_parquet(valid, glob=False).cast(types)
        except (OSError, pl.exceptions.PolarsError) as error:
            reason = str(error).splitlines()[0]
            raise DataError(
                f"{file} should be a Parquet file with the columns of {VALID}: {reason}.",
                "data.later",
            ) from error
    about = {"page": LATER_QUARANTINE, "quarantine": LATER_QUARANTINE}
    check_quality(quality, config.validate.max_quarantined, **about)
    check_key(rows.lazy(), config.data.key)
    return Later(file, rows, quality)


def _copy(file: Path, types: pl.Schema, policy: ReadPolicy, to: Path) -> None:
    sink(policy.protect(pl.scan_parquet(file, glob=False)).select(types.names()), to)
