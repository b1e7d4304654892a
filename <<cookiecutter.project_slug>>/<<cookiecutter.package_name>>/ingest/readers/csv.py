"""CSV files. Every value stays text until `validate`, which casts it by the schema."""

import csv
import functools
import itertools
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

import polars as pl

from ...errors import ConfigError, DataError
from ..tables import SourceFile, Table, check_options
from .decode import as_utf8

SEPARATORS = ",;\t|"
PASSED_OPTIONS = (  # on to polars.scan_csv
    *("separator", "quote_char", "comment_prefix", "has_header", "new_columns", "eol_char"),
    *("skip_rows", "skip_lines", "skip_rows_after_header", "n_rows", "low_memory"),
    *("null_values", "empty_string_is_null", "truncate_ragged_lines"),
    *("row_index_name", "row_index_offset"),
)
OWN_OPTIONS = ("decimal_comma", "encoding", "include_file_paths", "unnamed")
STAYS_TEXT = "values stay text until validation; the schema says what they are (x-format of a date)"
REFUSED_OPTIONS = {
    **dict.fromkeys(("schema", "schema_overrides", "dtypes", "try_parse_dates"), STAYS_TEXT),
    **dict.fromkeys(("infer_schema", "infer_schema_length", "infer_schema_files"), STAYS_TEXT),
    "ignore_errors": "text has no errors; what no schema allows goes to quarantine",
    "with_column_names": "a configuration holds no function; set new_columns",
    "extra_columns": "set truncate_ragged_lines: true",
    "missing_columns": "a line with too few fields is refused",
    "glob": "a name that exists is no pattern, any other is one",
    "storage_options": "the environment holds what stores ask for",
    "credential_provider": "the environment holds what stores ask for",
}
NUMBER = r"^\s*[+-]?[0-9.,]+([eE][+-]?[0-9]+)?\s*$"


def read(source: SourceFile, scratch: Path) -> Table:
    """The rows of one file.

    Options are those of `polars.scan_csv` that have an effect on text, and

    ``encoding``            what it is written in, as Python calls it
    ``decimal_comma``       columns whose numbers have one: there comma and point trade places
    ``include_file_paths``  a column for the file's name, as messages tell it
    ``unnamed``             how to call the one column whose name is empty, as R's row names are

    Raises:
        ConfigError: an option has no effect or is none.
        DataError: the header is not one: a name is empty or twice there, or it is one column that
            holds another separator.
    """
    check_options(source, (*PASSED_OPTIONS, *OWN_OPTIONS), REFUSED_OPTIONS)
    _check_characters(source)
    file = as_utf8(source, scratch)
    options = {key: value for key, value in source.options.items() if key in PASSED_OPTIONS}
    width = _check_header(source, file)
    rows = pl.scan_csv(file, infer_schema=False, glob=False, **options)
    if unnamed := source.options.get("unnamed"):
        rows = rows.rename(lambda name: name if name.strip() else unnamed)
    columns = rows.collect_schema().names()
    if len(columns) != width + ("row_index_name" in options):
        _verify_widths(source, file, columns[-1], None)
    return Table(
        _apply_own_options(source, rows),
        functools.partial(_verify_widths, source, file, columns[-1]),
    )


def _check_characters(source: SourceFile) -> None:
    """Refuse characters that Python's reader, which finds broken lines, would take otherwise."""
    options = source.options
    for name, default in (("separator", ","), ("quote_char", '"')):
        char = options.get(name, default)
        none = name == "quote_char" and char in (None, "")
        if not none and not (isinstance(char, str) and len(char.encode()) == 1):
            raise ConfigError(
                f"{source.label}: options.{name} is {char!r}; expected is one ASCII character. "
                "Edit conf/data.",
                "config.options",
            )
    if options.get("eol_char", "\n") not in ("\n", "\r"):
        raise ConfigError(
            f'{source.label}: options.eol_char is {options["eol_char"]!r}; allowed is "\\n", which '
            'reads "\\r\\n" too, or "\\r". Edit conf/data.',
            "config.options",
        )


def _apply_own_options(source: SourceFile, rows: pl.LazyFrame) -> pl.LazyFrame:
    """The rows, with the options that polars does not have applied."""
    if name := source.options.get("include_file_paths"):
        rows = rows.with_columns(pl.lit(source.label).alias(name))
    comma_columns = source.options.get("decimal_comma", [])
    if comma_columns is False or not comma_columns:
        return rows
    columns = rows.collect_schema().names()
    if isinstance(comma_columns, bool | str) or not set(comma_columns) <= set(columns):
        raise ConfigError(
            f"{source.label}: options.decimal_comma is {comma_columns!r}; values stay text until "
            "validation, so it names the columns of numbers with a comma, such as [price]. There "
            f"are: {', '.join(columns)}. Edit conf/data.",
            "config.options",
        )
    return rows.with_columns(
        pl.when(pl.col(name).str.contains(NUMBER))
        .then(pl.col(name).str.replace_many([",", "."], [".", ","]))
        .otherwise(pl.col(name))
        .alias(name)
        for name in comma_columns
    )


def _check_header(source: SourceFile, file: Path) -> int:
    """The number of columns, if the first row can be a header."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as handle:
            names = next(filter(None, _parse_rows(handle, source.options)))
    except (UnicodeDecodeError, csv.Error, StopIteration):
        _verify_widths(source, file, "", None)
        raise DataError(
            f"{source.label} holds no header that can be read. Fix the file.", "data.unreadable"
        ) from None
    (only,) = names if len(names) == 1 else ("",)
    other = [char for char in SEPARATORS if char in only]
    if other:
        raise DataError(
            f"{source.label} has one column, {only[:80]!r}; is {other[0]!r} its separator? Then "
            "set options.separator.",
            "data.separator",
        )
    if not source.options.get("has_header", True):
        return len(names)
    empty = [number for number, name in enumerate(names, start=1) if not name.strip()]
    if len(empty) == 1 and "unnamed" in source.options:
        names[empty.pop() - 1] = str(source.options["unnamed"])
    if empty:
        raise DataError(
            f"{source.label}, line 1: column {empty[0]} of {len(names)} has no name. Name it, "
            "for a single one by options.unnamed: NAME; data.ignore: [NAME] then leaves it out.",
            "data.column_name",
        )
    duplicates = [name for name in names if names.count(name) > 1]
    if duplicates:
        name = duplicates[0]
        raise DataError(
            f"{source.label}, line 1: {names.count(name)} columns are called {name!r}. "
            "Rename all but one.",
            "data.column_name",
        )
    return len(names)


def _parse_rows(handle: Iterable[str], options: dict[str, Any]) -> Iterator[list[str]]:
    """The rows by Python's own, slower reader, empty ones too, from the header on."""
    csv.field_size_limit(1 << 24)
    comment, quote = options.get("comment_prefix"), options.get("quote_char", '"')
    lines = itertools.islice(handle, options.get("skip_lines", 0), None)
    kept = (line for line in lines if not (comment and line.startswith(comment)))
    reader = csv.reader(
        kept,
        delimiter=options.get("separator", ","),
        quotechar=quote or None,
        quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
        strict=True,
    )
    begun = itertools.dropwhile(lambda row: not row, reader)
    yield from itertools.islice(begun, options.get("skip_rows", 0), None)


def _verify_widths(source: SourceFile, file: Path, last: str, written: Path | None) -> None:
    """Raise for the first row that has not as many fields as the header.

    polars refuses a row with too many fields, but fills one with too few: so rows that end in a
    null are checked again, the fast way first.
    """
    if written is not None and not (_ends_in_null(written, last) and _has_short_line(source, file)):
        return
    line = 0
    try:
        with file.open(encoding="utf-8-sig", newline="") as handle:
            numbered = _CountingLines(handle)
            rows = _parse_rows(numbered, source.options)
            width = len(next(filter(None, rows), []))
            skipped, read = (source.options.get(o) for o in ("skip_rows_after_header", "n_rows"))
            rows = itertools.islice(rows, skipped or 0, None)
            line = numbered.line + 1
            for row in itertools.islice(rows, read):
                if row and len(row) != width:
                    raise DataError(
                        f"{source.label}, line {line}: {len(row)} fields where the header has "
                        f"{width}. Fix the line, or set options.separator or quote_char.",
                        "data.ragged",
                    )
                line = numbered.line + 1
    except UnicodeDecodeError as error:
        raise DataError(
            f"{source.label}, line {_undecodable(file)}: not in UTF-8. Set options.encoding, such "
            "as latin-1, cp1252 or utf-16.",
            "data.encoding",
        ) from error
    except csv.Error as error:
        raise DataError(
            f"{source.label}, line {line}: a quote is opened and not closed as it should be "
            f"({error}). Fix the line, or set options.quote_char.",
            "data.quote",
        ) from error


def _undecodable(file: Path) -> int:
    with file.open("rb") as handle:
        for number, line in enumerate(handle, start=1):
            try:
                line.decode()
            except UnicodeDecodeError:
                return number
    return 1


class _CountingLines:
    """The lines of a file, counted as they are read."""

    def __init__(self, handle: IO[str]) -> None:
        self.handle, self.line = handle, 0

    def __iter__(self) -> Iterator[str]:
        for text in self.handle:
            self.line += 1
            yield text


def _ends_in_null(written: Path, last: str) -> bool:
    """Whether a row may lack its last value; yes if that column was not written."""
    rows = pl.scan_parquet(written, glob=False)
    if last not in rows.collect_schema():
        return True
    return bool(rows.select(pl.col(last).is_null().any()).collect().item())


def _has_short_line(source: SourceFile, file: Path) -> bool:
    """Whether a line has too few separators outside of quotes; a quoted line break is one too."""
    separator, quote = source.options.get("separator", ","), source.options.get("quote_char", '"')
    if source.options.get("eol_char") == "\r":
        return True
    with file.open(encoding="utf-8-sig", newline="") as handle:
        width = len(next(filter(None, _parse_rows(handle, source.options))))
    line = pl.col("line")
    if quote:
        char = re.escape(quote)
        unquoted = line.str.replace_all(f"{char}[^{char}]*{char}", "")
        line = pl.when(line.str.contains(quote, literal=True)).then(unquoted).otherwise(line)
    short = (line.str.count_matches(separator, literal=True) < width - 1) & (line != "")
    return bool(pl.scan_lines(file, glob=False).select(short.any()).collect().item())
