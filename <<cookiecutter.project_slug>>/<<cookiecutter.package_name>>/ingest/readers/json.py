"""JSON: an array of objects, or an object a line. Values become text, as in CSV.

A string stays as it is, a number, truth value, list or object becomes its JSON, null becomes null.
"""

import functools
import glob
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from ...errors import DataError
from ..tables import SourceFile, Table, check_options, spool
from .decode import as_utf8

BATCH = 1 << 24  # characters of text in memory


def read_lines(source: SourceFile, scratch: Path) -> Table:
    """The rows of a file with one object a line; ``options.encoding`` as for CSV."""
    check_options(source, ("encoding",), {})
    file = as_utf8(source, scratch)
    path = glob.escape(str(file))  # polars takes any name for a pattern here
    try:  # a first pass for the names: a key may come late
        names = pl.scan_ndjson(path, infer_schema_length=None).collect_schema().names()
    except pl.exceptions.PolarsError:  # a bad line, or values that have no one type
        names = _names(source, file)
    rows = pl.scan_ndjson(path, schema=dict.fromkeys(names, pl.String()))
    return Table(rows, functools.partial(_verify, source, file))


def _verify(source: SourceFile, file: Path, written: Path | None) -> None:
    """Raise for the line that polars could not read."""
    if written is None:
        _names(source, file)


def _names(source: SourceFile, file: Path) -> list[str]:
    """The keys of all lines; DataError for the first that is no object."""
    names: dict[str, None] = {}
    with file.open("rb") as handle:
        for number, line in enumerate(handle, start=1):
            try:
                row = json.loads(line) if line.strip() else {}
            except ValueError:
                row = None
            if not isinstance(row, dict):
                raise DataError(
                    f"{source.label}, line {number}: expected is one JSON object a line. Fix the "
                    "line; for an array choose kind: json.",
                    "data.json",
                )
            names.update(dict.fromkeys(row))
    return list(names)


def read_array(source: SourceFile, scratch: Path) -> pl.LazyFrame:
    """The rows of one document that holds an array of objects, parsed as a stream.

    ``options.items`` is where the array stands, in the words of ijson: `item` for the whole
    document, `data.rows.item` for an array inside.
    """
    check_options(source, ("encoding", "items"), {})
    file = as_utf8(source, scratch)
    return spool(functools.partial(_batches, source, file), scratch)


def _batches(source: SourceFile, file: Path) -> Iterator[pl.DataFrame]:
    rows: list[dict[str, str | None]] = []
    size = 0
    for item in _items(source, file):
        rows.append({key: _text(value) for key, value in item.items()})
        size += sum(len(value or "") + 50 for value in rows[-1].values())
        if size > BATCH:
            yield _frame(rows)
            rows, size = [], 0
    if rows:
        yield _frame(rows)


def _items(source: SourceFile, file: Path) -> Iterator[dict[str, Any]]:
    import ijson

    place, number = str(source.options.get("items", "item")), 0
    with file.open("rb") as handle:
        if place == "item" and handle.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")[:1] != b"[":
            raise DataError(
                f"{source.label} is no JSON array. Set options.items to where the array is, such "
                "as data.item; for an object a line choose kind: ndjson.",
                "data.json",
            )
        handle.seek(3 if handle.seek(0) == 0 and handle.read(3) == b"\xef\xbb\xbf" else 0)
        try:
            for number, item in enumerate(ijson.items(handle, place), start=1):
                if not isinstance(item, dict):
                    raise DataError(
                        f"{source.label}, item {number}: {type(item).__name__}; expected is an "
                        "object. Fix it, or set options.items.",
                        "data.json",
                    )
                yield item
        except ijson.JSONError as error:
            cause = error.args[0]
            text = cause.decode(errors="replace") if isinstance(cause, bytes) else str(cause)
            reason = text.splitlines()[0]
            raise DataError(
                f"{source.label}, after item {number}: not JSON ({reason}). Fix the file.",
                "data.json",
            ) from error


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool | dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)  # int, or Decimal with all of its digits


def _frame(rows: list[dict[str, str | None]]) -> pl.DataFrame:
    names = dict.fromkeys(name for row in rows for name in row)
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String()))
