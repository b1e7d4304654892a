"""Tables to read, lazily; a kind of source is one reader."""

import glob
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from ..errors import DataError

READERS: dict[str, Callable[..., pl.LazyFrame]] = {
    # Text stays text: what a value should be is the schema's business, and `validate` tells
    # which rows break it.
    "csv": lambda files, **options: pl.scan_csv(files, infer_schema=False, **options),
    "parquet": pl.scan_parquet,
}


def scan(kind: str, path: str, options: dict[str, Any]) -> pl.LazyFrame:
    """The rows of the files that match ``path``, in the order of their names.

    Raises:
        DataError: no file matches, a file is empty, or it is not what ``kind`` says.
    """
    names = glob.glob(path)  # noqa: PTH207 - patterns may be absolute
    files = sorted(Path(name) for name in names if Path(name).is_file())
    if not files:
        raise DataError(
            f"no file at {path!r}. Put the data there, or `dvc pull`, or edit conf/data.",
            "data.missing_file",
        )
    for file in files:
        if not file.stat().st_size:
            raise DataError(f"{file} is empty. Replace it or take it away.", "data.empty_file")
    try:
        frame = READERS[kind](files, **options)
        frame.collect_schema()
    except (pl.exceptions.PolarsError, TypeError) as error:
        raise unreadable(path, error) from error
    return frame


def stack(frames: Sequence[pl.LazyFrame]) -> pl.LazyFrame:
    """The rows of all frames, one below the other; a column that one lacks is null there."""
    return frames[0] if len(frames) == 1 else pl.concat(frames, how="diagonal_relaxed")


def unreadable(path: str, error: Exception) -> DataError:
    """A DataError that says which source could not be read, and why."""
    reason = str(error).splitlines()[0]
    return DataError(f"{path} cannot be read: {reason}. Mend the file.", "data.unreadable")
