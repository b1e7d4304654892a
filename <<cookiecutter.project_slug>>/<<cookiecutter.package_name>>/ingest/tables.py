"""The interface of readers: a source file, which is a file or a query, and the table in it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from ..config.data import Limits
from ..errors import ConfigError, DataError

READ_ERRORS = (pl.exceptions.PolarsError, pl.exceptions.PanicException)  # of bad bytes


@dataclass(frozen=True)
class SourceFile:
    """One file, or one query: what becomes one part of the ingested table.

    ``label`` names it in messages. It never holds more of an address than the configuration does.
    """

    kind: str
    label: str
    path: str | None = None  # a file on this machine; for Parquet also an address in a cloud
    options: dict[str, Any] = field(default_factory=dict)  # the reader's own
    uri_env: str | None = None  # name of the variable that holds a database's address
    query: str | None = None
    table: str | None = None
    limits: Limits = field(default_factory=Limits)

    @property
    def file(self) -> Path:
        """Its path, for the kinds that need one."""
        return Path(self.path or "")

    @property
    def is_local(self) -> bool:
        """Whether it is a file on this machine."""
        return self.path is not None and "://" not in self.path


@dataclass(frozen=True)
class Table:
    """The rows of a source file, which can be read more than once.

    ``verify`` checks what the reader could not, and raises a DataError that says where the fault
    is. It is called with the file that the rows were written to; with None when that failed.
    """

    rows: pl.LazyFrame
    verify: Callable[[Path | None], None] = lambda _: None


class Reader(Protocol):
    """Reads a source file; may write to ``scratch``, an empty folder that is removed later."""

    def __call__(self, source: SourceFile, scratch: Path) -> Table | pl.LazyFrame:
        """Raise DataError for what cannot be read, TransientError for what may pass."""


def stack(frames: Sequence[pl.LazyFrame]) -> pl.LazyFrame:
    """The rows of all frames, one below the other; a column that one lacks is null there."""
    return frames[0] if len(frames) == 1 else pl.concat(frames, how="diagonal_relaxed")


def spool(batches: "Callable[[], Any]", scratch: Path) -> pl.LazyFrame:
    """Data frames, each with columns of its own, written to ``scratch`` and stacked lazily."""
    files = []
    for number, batch in enumerate(batches()):
        files.append(scratch / f"{number:06}.parquet")
        batch.write_parquet(files[-1], compression="lz4")
    return stack([pl.scan_parquet(file, glob=False) for file in files]) if files else pl.LazyFrame()


def check_options(source: SourceFile, known: Iterable[str], refused: Mapping[str, str]) -> None:
    """Refuse an option that would have no effect, or not the one that its name promises.

    Raises:
        ConfigError: names the option, why it is refused, and which there are.
    """
    for name in source.options:
        if name not in known:
            reason = refused.get(name, "there is no such option")
            raise ConfigError(
                f"{source.label}: options.{name} of kind {source.kind}: {reason}. Remove it from "
                f"conf/data; allowed: {', '.join(sorted(known))}.",
                "config.options",
            )


def unreadable(source: SourceFile, error: BaseException) -> DataError:
    """A DataError that says which source file could not be read, and why."""
    reason = (str(error).splitlines() or [type(error).__name__])[0]
    reason = reason.replace(source.path or source.label, source.label)
    return DataError(f"{source.label} cannot be read: {reason}. Fix the file.", "data.unreadable")
