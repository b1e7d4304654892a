"""Parquet files, local or in an object store; folders (``zip=01001/``) are columns of text.

As in CSV, what they hold stays text until validation: `01001` may be a code.
"""

import functools
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import polars as pl

from ..tables import SourceFile, check_options
from .fetch import read_error

PASSED_OPTIONS = (  # on to polars.scan_parquet
    *("n_rows", "row_index_name", "row_index_offset", "parallel", "use_statistics", "low_memory"),
    *("cache", "hidden_file_prefix", "storage_options", "missing_columns", "extra_columns"),
    *("include_file_paths", "hive_partitioning"),
)
NO_TYPES = "a configuration holds no types; the schema says what values are"
REFUSED_OPTIONS = {
    **dict.fromkeys(("schema", "hive_schema", "cast_options"), NO_TYPES),
    "try_parse_hive_dates": "the name of a folder stays text until validation",
    "glob": "a name that exists is no pattern, any other is one",
    "credential_provider": "the environment holds what stores ask for",
    "decryption": "a configuration holds no keys",
}
NULL = "__HIVE_DEFAULT_PARTITION__"


def read(source: SourceFile, scratch: Path) -> pl.LazyFrame:  # noqa: ARG001 - a reader's signature
    """The rows; options are those of `polars.scan_parquet` that a configuration can hold.

    Raises:
        ConfigError: an option has no effect or is none.
        DataError: nothing is at an address, or it is refused.
        TransientError: its store does not answer, or says that it cannot now.
    """
    check_options(source, PASSED_OPTIONS, REFUSED_OPTIONS)
    path, options = source.path or "", dict(source.options)
    if source.is_local:
        hive, name = options.pop("hive_partitioning", True), options.pop("include_file_paths", None)
        rows = pl.scan_parquet(path, glob=False, hive_partitioning=False, **options)
        added: dict[str, str | None] = {name: source.label} if name else {}
        added |= _folder_columns(source.file) if hive else {}
        return rows.with_columns(pl.lit(v, pl.String()).alias(k) for k, v in added.items())
    try:
        return _remote(path, options)
    except (TypeError, pl.exceptions.PolarsError) as error:  # an option, or what is in the file
        if "paths were empty" not in str(error):  # polars has no error of its own for it
            raise
        raise read_error(source.label, FileNotFoundError()) from error
    except Exception as error:  # what looks for credentials has errors of its own
        raise read_error(source.label, error) from error


def _folder_columns(file: Path) -> dict[str, str | None]:
    """The columns in the names of its folders; Hive writes what no name may hold as ``%2F``."""
    pairs = [part.partition("=") for part in file.parts[:-1] if "=" in part]
    return {unquote(k): None if v == NULL else unquote(v) for k, _, v in pairs if k}


def _remote(path: str, options: dict[str, Any]) -> pl.LazyFrame:
    """The rows; polars looks into the store for the names of folders."""
    scan = functools.partial(pl.scan_parquet, path, **options)
    if not options.get("hive_partitioning", True):
        return scan()
    in_file = scan(hive_partitioning=False).collect_schema()
    rows = scan(hive_partitioning=True)
    columns = [name for name in rows.collect_schema() if name not in in_file]
    text = dict.fromkeys(columns, pl.String())
    return scan(hive_partitioning=True, hive_schema=text) if text else rows
