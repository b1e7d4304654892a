"""Tables to read, by kind: what lies at a path, and the rows in it."""

import glob
import importlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import polars as pl

from ..errors import ConfigError, DataError
from ..groups.data import KINDS, Source
from .readers import csv, json, parquet, plain, sql
from .tables import Reader, Table, Unit, stack, unreadable

READERS: dict[str, Reader] = dict(
    zip(KINDS, (csv.read, json.read_array, json.read_lines, parquet.read, sql.read), strict=True)
)


def units(source: Source, scratch: Path) -> list[Unit]:
    """The files or the query of a source, in the order of names; what is far away is fetched.

    Raises:
        ConfigError: its variable is not set.
        DataError: nothing is there.
        TransientError: it cannot be reached now.
    """
    shown = source.path or f"${source.uri_env}"
    if source.query or source.table:
        what = f"table {source.table}" if source.table else "query"
        found = [(f"{shown}, {what}", source.path)]
    else:
        found = _places(source, shown, scratch)
    return [
        Unit(source.kind, name, path, source.options, source.uri_env, source.query, source.table)
        for name, path in found
    ]


def _places(source: Source, shown: str, scratch: Path) -> list[tuple[str, str | None]]:
    address = source.path or os.environ.get(source.uri_env or "", "")
    if not address:
        raise ConfigError(
            f"the variable {source.uri_env} should hold the address of a file; it is not set.",
            "config.address",
        )
    if "://" not in address:
        return [(str(file) if source.path else shown, str(file)) for file in _files(address, shown)]
    if source.kind == "parquet" and not address.startswith("http"):
        return [(shown, address)]  # polars reads only what it needs of it
    fetched = plain.fetch(address, shown, scratch)
    several = len(fetched) > 1
    return [(f"{shown} ({file.name})" if several else shown, str(file)) for file in fetched]


def _files(path: str, shown: str) -> list[Path]:
    """The file, those of a folder and its folders, or those that match; hidden ones left out."""
    if Path(path).is_dir():
        found = [file for file in Path(path).rglob("*") if _is_data(file.relative_to(path))]
    else:
        found = [Path(name) for name in glob.glob(path, recursive=True)]  # noqa: PTH207
    found = [file for file in found if not file.is_dir()]
    odd = [file for file in found if not file.is_file()]
    if odd:
        raise DataError(f"{odd[0]} is no regular file. Take it away.", "data.irregular_file")
    if not found:
        raise DataError(
            f"no file at {shown!r}. Put the data there, or `dvc pull`, or edit conf/data.",
            "data.missing_file",
        )
    return sorted(found)


def _is_data(file: Path) -> bool:
    """Whether it is none of the files that tools leave beside data."""
    return file.suffix != ".dvc" and not any(part.startswith((".", "_")) for part in file.parts)


def open_table(unit: Unit, scratch: Path) -> Table:
    """The table of a unit; ``scratch`` is an empty folder for what its reader needs to write.

    Raises:
        ConfigError: the reader does not know an option.
        DataError: the unit is not what its kind says.
        TransientError: it cannot be read now.
    """
    if unit.is_local and unit.file.is_file() and not unit.file.stat().st_size:
        raise DataError(f"{unit.shown} is empty. Replace it or take it away.", "data.empty_file")
    try:
        table = _reader(unit.kind)(unit, scratch)
        table = table if isinstance(table, Table) else Table(table)
        columns = table.rows.collect_schema()
    except pl.exceptions.PolarsError as error:
        raise unreadable(unit, error) from error
    except OSError as error:
        if unit.is_local:
            raise
        raise plain.refused(unit.shown, error) from error
    except (TypeError, LookupError) as error:
        raise ConfigError(
            f"{unit.shown}: options that {unit.kind} does not know: {error}. Edit conf/data.",
            "config.options",
        ) from error
    if not columns:
        raise DataError(f"{unit.shown} holds no row. Replace it or take it away.", "data.no_rows")
    return table


def _reader(kind: str) -> Reader:
    if kind in READERS:
        return READERS[kind]
    module, _, name = kind.rpartition(".")
    try:
        return cast("Reader", getattr(importlib.import_module(module), name))
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(
            f"data.sources.kind is {kind!r}; there is no such function ({error}). Allowed is one "
            f"of {', '.join(KINDS)}, or the dotted name of a function.",
            "config.reader",
        ) from error


def scan(kind: str, path: str, options: dict[str, Any]) -> pl.LazyFrame:
    """The rows of the local files that match ``path``, in the order of their names.

    Raises:
        DataError: no file matches, a file is empty, or it is not what ``kind`` says.
    """
    nowhere = Path(os.devnull)  # Parquet and plain UTF-8 need no scratch
    found = units(Source(kind=kind, path=path, options=options), nowhere)
    return stack([open_table(unit, nowhere).rows for unit in found])


def schema_of(tables: Sequence[tuple[str, pl.Schema]]) -> pl.Schema:
    """The columns of all tables, each with a type that holds the values of all.

    Raises:
        DataError: a column has types that no type holds; names the column and a table.
    """
    union = pl.LazyFrame(schema=tables[0][1])
    for shown, schema in tables[1:]:
        try:
            union = pl.LazyFrame(
                schema=stack([union, pl.LazyFrame(schema=schema)]).collect_schema()
            )
        except pl.exceptions.PolarsError as error:
            raise DataError(
                f"{shown} cannot be stacked below the others: {str(error).splitlines()[0]}. "
                "Mend the types, or read it as another source.",
                "data.types",
            ) from error
    return union.collect_schema()
