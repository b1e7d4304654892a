"""Parquet: here or in a cloud; columns in the names of folders (``year=2013/``) are columns."""

from pathlib import Path

import polars as pl

from ..tables import Unit


def read(unit: Unit, scratch: Path) -> pl.LazyFrame:  # noqa: ARG001 - a reader's signature
    """The rows; options are those of `polars.scan_parquet`."""
    path = unit.path or ""
    here = "://" not in path
    options = {"glob": False, "hive_partitioning": "=" in path} if here else {}
    return pl.scan_parquet(path, **(options | unit.options))
