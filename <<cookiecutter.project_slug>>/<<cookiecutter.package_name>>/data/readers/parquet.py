"""Parquet: here or in a cloud; columns in the names of folders (``year=2013/``) are columns."""

from pathlib import Path

import polars as pl

from ..tables import Unit
from .plain import refused


def read(unit: Unit, scratch: Path) -> pl.LazyFrame:  # noqa: ARG001 - a reader's signature
    """The rows; options are those of `polars.scan_parquet`.

    Raises:
        DataError: nothing is at an address, or it is refused.
        TransientError: its store does not answer, or says that it cannot now.
    """
    path = unit.path or ""
    if unit.is_local:
        options = {"glob": False, "hive_partitioning": "=" in path}
        return pl.scan_parquet(path, **(options | unit.options))
    rows = pl.scan_parquet(path, **unit.options)
    try:
        rows.collect_schema()
    except (TypeError, pl.exceptions.PolarsError) as error:  # an option, or what is in the file
        if "paths were empty" not in str(error):  # polars has no error of its own for it
            raise
        raise refused(unit.shown, FileNotFoundError()) from error
    except Exception as error:  # what looks for credentials has errors of its own
        raise refused(unit.shown, error) from error
    return rows
