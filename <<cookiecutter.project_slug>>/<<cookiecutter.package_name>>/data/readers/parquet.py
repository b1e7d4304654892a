"""Parquet: here or in a cloud; columns in the names of folders (``year=2013/``) are columns."""

from pathlib import Path

import polars as pl

from ..tables import Unit


def read(unit: Unit, scratch: Path) -> pl.LazyFrame:  # noqa: ARG001 - a reader's signature
    """The rows; options are those of `polars.scan_parquet`.

    Raises:
        FileNotFoundError: an address leads to no file.
    """
    path = unit.path or ""
    if unit.is_local:
        options = {"glob": False, "hive_partitioning": "=" in path}
        return pl.scan_parquet(path, **(options | unit.options))
    rows = pl.scan_parquet(path, **unit.options)
    try:
        rows.collect_schema()
    except pl.exceptions.ComputeError as error:
        if "paths were empty" in str(error):  # polars has no error of its own for it
            raise FileNotFoundError from error
        raise
    return rows
