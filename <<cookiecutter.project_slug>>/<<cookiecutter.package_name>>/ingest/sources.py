"""Sources by kind: the files of a source, and the table in each of them."""

import os
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from ..config.data import KINDS, Limits, Source
from ..errors import ConfigError, DataError
from .readers import csv, fetch, json, own, parquet, sql
from .readers.files import Files
from .tables import READ_ERRORS, Reader, SourceFile, Table, stack, unreadable

READERS: dict[str, Reader] = dict(
    zip(KINDS, (csv.read, json.read_array, json.read_lines, parquet.read, sql.read), strict=True)
)

COUNTS = ("n_rows", "row_index_name")  # options that count rows


def source_files(source: Source, scratch: Path, limits: Limits | None = None) -> list[SourceFile]:
    """The files or the query of a source, in the order of names; remote files are fetched.

    Raises:
        ConfigError: its variable is not set; no address of its kind is read.
        DataError: nothing is there, or it is outside of the repository and not allowed.
        TransientError: it cannot be reached now.
    """
    limits = limits or Limits()
    label = source.path or f"${source.uri_env}"
    if source.query or source.table:
        what = f"table {source.table}" if source.table else "query"
        if source.path:
            Files(label, limits, secret=False).check_inside(source.path)
        files: list[tuple[str, str | None]] = [(f"{label}, {what}", source.path)]
    else:
        files = _locate(source, label, scratch, limits)
    for name in COUNTS:
        if len(files) > 1 and name in source.options:
            raise ConfigError(
                f"{label}: options.{name} counts in each file anew, and there are {len(files)}. "
                "Remove it, or name one file.",
                "config.options",
            )
    common = (source.uri_env, source.query, source.table, limits)
    return [SourceFile(source.kind, name, path, source.options, *common) for name, path in files]


def _locate(
    source: Source, label: str, scratch: Path, limits: Limits
) -> list[tuple[str, str | None]]:
    """The label of each file, and its path."""
    address = source.path or os.environ.get(source.uri_env or "", "")
    if not address:
        raise ConfigError(
            f"the variable {source.uri_env} should hold the address of a file; it is not set.",
            "config.address",
        )
    scheme, _, place = address.rpartition("://")
    if scheme.lower() in ("", "file", "local"):
        files = [str(f) for f in Files(label, limits, secret=not source.path).at(place)]
        return list(zip(files if source.path else _labels(label, files), files, strict=True))
    fetch.check_scheme(address, label)
    if source.kind == "parquet" and not address.startswith("http"):
        return [(label, address)]  # polars reads only what it needs of it
    names, fetched = fetch.fetch(address, label, scratch)
    return list(zip(_labels(label, names), map(str, fetched), strict=True))


def _labels(label: str, names: Sequence[str]) -> list[str]:
    """A label for each file at one address; of several, with the part of its name that differs."""
    if len(names) == 1:
        return [label]
    common = os.path.commonpath([os.path.dirname(name) for name in names])  # noqa: PTH120
    return [f"{label} ({os.path.relpath(name, common or '.')})" for name in names]


def open_table(source_file: SourceFile, scratch: Path) -> Table:
    """The table of a source file; ``scratch`` is an empty folder that its reader may write to.

    Raises:
        ConfigError: the reader does not take an option, or is none.
        DataError: the source file is not what its kind says.
        TransientError: it cannot be read now.
    """
    if source_file.is_local and source_file.file.is_file() and not source_file.file.stat().st_size:
        raise DataError(
            f"{source_file.label} is empty. Replace it or take it away.", "data.empty_file"
        )
    reader = (
        READERS[source_file.kind]
        if source_file.kind in READERS
        else own.load_reader(source_file.kind)
    )
    try:
        table = reader(source_file, scratch)
        table = table if isinstance(table, Table) else Table(table)
        columns = table.rows.collect_schema()
    except READ_ERRORS as error:
        raise unreadable(source_file, error) from error
    except OSError as error:
        if source_file.is_local:
            raise
        raise fetch.read_error(source_file.label, error) from error
    except (TypeError, LookupError, ValueError, ArithmeticError, RuntimeError) as error:
        raise ConfigError(
            f"{source_file.label}: options that {source_file.kind} does not take: {error}. Edit "
            "conf/data.",
            "config.options",
        ) from error
    if not columns:
        raise DataError(
            f"{source_file.label} holds no row. Replace it or take it away.", "data.no_rows"
        )
    return table


def common_schema(tables: Sequence[tuple[str, pl.Schema]]) -> pl.Schema:
    """The columns of all tables, each with a type that holds the values of all.

    Raises:
        DataError: a column has types without a common one; names the column and a table.
    """
    union = pl.LazyFrame(schema=tables[0][1])
    for label, schema in tables[1:]:
        try:
            union = pl.LazyFrame(
                schema=stack([union, pl.LazyFrame(schema=schema)]).collect_schema()
            )
        except pl.exceptions.PolarsError as error:
            raise DataError(
                f"{label} cannot be stacked below the others: {str(error).splitlines()[0]}. "
                "Fix the types, or read it as another source.",
                "data.types",
            ) from error
    return union.collect_schema()
