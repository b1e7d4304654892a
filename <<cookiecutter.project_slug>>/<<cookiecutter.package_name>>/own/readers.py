"""Own readers, for `kind` of a source in conf/data: what a reader takes is in ingest/tables.py."""

from pathlib import Path
from typing import Any

import polars as pl

from ..errors import ConfigError, DataError
from ..ingest.tables import SourceFile


def fixed_width(source: SourceFile, scratch: Path) -> pl.LazyFrame:  # noqa: ARG001 - a reader's
    """Lines of UTF-8 text whose columns stand at fixed places; blanks around a value are no part.

    `options: {columns: {id: [1, 6], name: [7, 30]}}` gives the first and the last character of each
    column, counted from 1. All values are text, for `validate` gives them types; blanks are null.

    Raises:
        ConfigError: the columns or their places are missing.
        DataError: a line ends before its last column begins.
    """
    places = _places(source)
    lines = pl.scan_lines(source.file, name="line")
    needed = max(first for first, _ in places.values())
    short = pl.col("line").str.len_chars() < needed
    first = lines.with_row_index("number", 1).filter(short).head(1).collect(engine="streaming")
    if first.height:
        raise DataError(
            f"{source.label}, line {first['number'][0]}: it has {first['line'][0]!r}, which ends "
            f"before character {needed}, where its last column begins. Fix the file.",
            "data.fixed_width",
        )
    values = {
        name: pl.col("line").str.slice(first - 1, last - first + 1).str.strip_chars()
        for name, (first, last) in places.items()
    }
    return lines.select(pl.when(value != "").then(value).alias(n) for n, value in values.items())


def _places(source: SourceFile) -> dict[str, tuple[int, int]]:
    columns: Any = source.options.get("columns")
    try:
        places = {name: (first, last) for name, (first, last) in columns.items()}
        allowed = all(1 <= first <= last for first, last in places.values())
    except (AttributeError, TypeError, ValueError):
        places, allowed = {}, False
    if not places or not allowed:
        raise ConfigError(
            f"{source.label}: options.columns is {columns!r}; expected is the first and the last "
            "character of each column, such as {id: [1, 6], name: [7, 30]}. Edit conf/data.",
            "config.options",
        )
    return places
