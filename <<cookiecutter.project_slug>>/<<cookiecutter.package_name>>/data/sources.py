"""Tables to read, by kind: what lies at a path, and the rows in it."""

import os
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from ..errors import ConfigError, DataError
from ..groups.data import KINDS, Limits, Source
from .readers import csv, json, own, parquet, plain, sql
from .readers.files import Files
from .tables import FAULTS, Reader, Table, Unit, stack, unreadable

READERS: dict[str, Reader] = dict(
    zip(KINDS, (csv.read, json.read_array, json.read_lines, parquet.read, sql.read), strict=True)
)

COUNTS = ("n_rows", "row_index_name")  # options that count rows


def units(source: Source, scratch: Path, limits: Limits | None = None) -> list[Unit]:
    """The files or the query of a source, in the order of names; what is far away is fetched.

    Raises:
        ConfigError: its variable is not set; no address of its kind is read.
        DataError: nothing is there, or it is outside of the repository and not allowed.
        TransientError: it cannot be reached now.
    """
    limits = limits or Limits()
    shown = source.path or f"${source.uri_env}"
    if source.query or source.table:
        what = f"table {source.table}" if source.table else "query"
        if source.path:
            Files(shown, limits, secret=False).check_inside(source.path)
        found = [(f"{shown}, {what}", source.path)]
    else:
        found = _places(source, shown, scratch, limits)
    for name in COUNTS:
        if len(found) > 1 and name in source.options:
            raise ConfigError(
                f"{shown}: options.{name} counts in each file anew, and there are {len(found)}. "
                "Remove it, or name one file.",
                "config.options",
            )
    fixed = (source.uri_env, source.query, source.table, limits)
    return [Unit(source.kind, name, path, source.options, *fixed) for name, path in found]


def _places(
    source: Source, shown: str, scratch: Path, limits: Limits
) -> list[tuple[str, str | None]]:
    """What each file is called to people, and where it is."""
    address = source.path or os.environ.get(source.uri_env or "", "")
    if not address:
        raise ConfigError(
            f"the variable {source.uri_env} should hold the address of a file; it is not set.",
            "config.address",
        )
    scheme, _, place = address.rpartition("://")
    if scheme.lower() in ("", "file", "local"):
        files = [str(f) for f in Files(shown, limits, secret=not source.path).at(place)]
        return list(zip(files if source.path else _apart(shown, files), files, strict=True))
    plain.check_scheme(address, shown)
    if source.kind == "parquet" and not address.startswith("http"):
        return [(shown, address)]  # polars reads only what it needs of it
    names, fetched = plain.fetch(address, shown, scratch)
    return list(zip(_apart(shown, names), map(str, fetched), strict=True))


def _apart(shown: str, names: Sequence[str]) -> list[str]:
    """What each of several files at one address is called: the part of its name that differs."""
    if len(names) == 1:
        return [shown]
    same = os.path.commonpath([os.path.dirname(name) for name in names])  # noqa: PTH120
    return [f"{shown} ({os.path.relpath(name, same or '.')})" for name in names]


def open_table(unit: Unit, scratch: Path) -> Table:
    """The table of a unit; ``scratch`` is an empty folder for what its reader needs to write.

    Raises:
        ConfigError: the reader does not know an option, or is none.
        DataError: the unit is not what its kind says.
        TransientError: it cannot be read now.
    """
    if unit.is_local and unit.file.is_file() and not unit.file.stat().st_size:
        raise DataError(f"{unit.shown} is empty. Replace it or take it away.", "data.empty_file")
    reader = READERS[unit.kind] if unit.kind in READERS else own.reader(unit.kind)
    try:
        table = reader(unit, scratch)
        table = table if isinstance(table, Table) else Table(table)
        columns = table.rows.collect_schema()
    except FAULTS as error:
        raise unreadable(unit, error) from error
    except OSError as error:
        if unit.is_local:
            raise
        raise plain.refused(unit.shown, error) from error
    except (TypeError, LookupError, ValueError, ArithmeticError, RuntimeError) as error:
        raise ConfigError(
            f"{unit.shown}: options that {unit.kind} does not take: {error}. Edit conf/data.",
            "config.options",
        ) from error
    if not columns:
        raise DataError(f"{unit.shown} holds no row. Replace it or take it away.", "data.no_rows")
    return table


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
                "Fix the types, or read it as another source.",
                "data.types",
            ) from error
    return union.collect_schema()
