"""Custom readers: functions by dotted name, checked before they are called."""

import functools
import inspect
from pathlib import Path
from typing import Any

import polars as pl

from ...errors import ConfigError, DataError, PipelineError
from ...runtime.names import locate
from ..tables import Reader, SourceFile, Table

EXPECTED = "(source: SourceFile, scratch: Path) -> Table | polars.LazyFrame"


def load_reader(kind: str) -> Reader:
    """The reader at a dotted name.

    Raises:
        ConfigError: there is none, or it does not take what a reader takes.
    """
    function = locate(kind, "data.sources.kind")
    if not inspect.isfunction(function) or not _has_reader_signature(function):
        raise ConfigError(
            f"data.sources.kind is {kind!r}, which is no reader; expected is a Python function "
            f"{EXPECTED}, found {_describe(function)}. Name another in conf/data.",
            "config.reader",
        )
    return functools.partial(_call, function)


def _has_reader_signature(function: Any) -> bool:
    parameters = inspect.signature(function).parameters.values()
    required = [p.name for p in parameters if p.default is p.empty and p.kind is not p.VAR_KEYWORD]
    return required == ["source", "scratch"]


def _describe(function: Any) -> str:
    if not inspect.isfunction(function):
        return f"a {type(function).__name__}"
    return f"{function.__name__}{inspect.signature(function)}"


def _call(function: Any, source: SourceFile, scratch: Path) -> Table | pl.LazyFrame:
    """The function's table; its exceptions become a DataError that names file and reader."""
    try:
        table = function(source, scratch)
    except (PipelineError, OSError, pl.exceptions.PolarsError):
        raise
    except Exception as error:  # a custom reader may raise anything
        raise DataError(
            f"{source.label}: the reader {source.kind} failed with {type(error).__name__}: "
            f"{error}. Fix the file, or the reader.",
            "data.reader",
        ) from error
    if not isinstance(table, Table | pl.LazyFrame):
        raise ConfigError(
            f"the reader {source.kind} returned a {type(table).__name__}; expected is {EXPECTED}.",
            "config.reader",
        )
    return table
