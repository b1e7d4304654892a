"""What validation says of rows that a test names."""

from pathlib import Path
from typing import Any

import polars as pl

from <<cookiecutter.package_name>>.schema.row import parse_schema
from <<cookiecutter.package_name>>.validate.quarantine import (
    Quality,
    validate,
)

RANGE = {"type": "integer", "minimum": 0, "maximum": 9}


def dealt(tmp_path: Path, rows: pl.DataFrame, document: dict[str, Any], **more: str) -> Quality:
    """What validation finds; valid.parquet and quarantine.parquet are in the folder then."""
    rows.write_parquet(tmp_path / "raw.parquet")
    valid, quarantine = tmp_path / "valid.parquet", tmp_path / "quarantine.parquet"
    return validate(tmp_path / "raw.parquet", parse_schema(document), valid, quarantine, **more)


def judged(
    tmp_path: Path, values: list[Any], rules: dict[str, Any]
) -> tuple[Quality, pl.DataFrame]:
    document = {"properties": {"x": rules}, "required": ["x"], "additionalProperties": False}
    quality = dealt(tmp_path, pl.DataFrame({"x": values}, strict=False), document)
    return quality, pl.read_parquet(tmp_path / "quarantine.parquet")
