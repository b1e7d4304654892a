"""Reading all sources into one table, the same way in training and for incoming rows."""

import functools
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import polars as pl

from ..config.data import Data, Source
from ..runtime.parquet import sink
from ..runtime.progress import progress
from ..runtime.retries import retry
from ..schema.row import read_schema
from . import joins, privacy
from .parts import Manifest, ReadPolicy, write_parts
from .sources import source_files
from .tables import SourceFile


def read_policy(data: Data) -> ReadPolicy:
    """How the sources of a configuration are read: retry time, limits and protected columns.

    Raises:
        ConfigError: the schema cannot be read; a column is to be hashed, and there is no key.
    """
    schema, key = read_schema(data.schema), data.hash_key_env
    protect = functools.partial(privacy.protect, schema=schema, key_env=key)
    return ReadPolicy(data.retry_s, data.limits, protect, privacy.fingerprint(schema, key))


def find_files(sources: Sequence[Source], policy: ReadPolicy, scratch: Path) -> list[SourceFile]:
    """The files and queries of all sources, in order; remote ones are fetched to ``scratch``.

    Raises:
        DataError, ConfigError, TransientError: see ``sources.source_files``.
    """
    files = []
    for number, source in enumerate(sources):
        place = scratch / str(number)
        place.mkdir(parents=True)
        locate = functools.partial(source_files, source, place, policy.limits)
        files += retry(locate, policy.retry_s)
    return files


def collect(
    stacked: Sequence[SourceFile],
    joined: Sequence[Source],
    folder: Path,
    policy: ReadPolicy,
    *,
    before: Path | None = None,
    manifest: Manifest | None = None,
) -> Manifest:
    """Write the files to ``folder``, one part each; where sources are joined to them, one part.

    Args:
        stacked: files whose rows stand one below the other; at least one.
        joined: sources whose columns come beside those rows, in this order.
        folder: receives the parts.
        policy: how sources are read.
        before: the last such folder; parts of unchanged files are reused from it.
        manifest: of that folder.

    Returns:
        The manifest of the new folder; an empty one where sources were joined.

    Raises:
        DataError, ConfigError, TransientError: a source file cannot be read, stacked or joined.
    """
    stack = folder / ".stacked" if joined else folder
    manifest = write_parts(stacked, stack, policy, before or stack, manifest or Manifest("", {}))
    if joined:
        rows = pl.scan_parquet(stack)
        join = sources_joiner(rows, joined, folder, policy)
        with progress("join", 1, "passes"):
            sink(join(rows), folder / "00000.parquet")
        manifest = Manifest("", {})
    for hidden in folder.glob(".*"):
        shutil.rmtree(hidden)
    return manifest


def sources_joiner(
    rows: pl.LazyFrame, joined: Sequence[Source], folder: Path, policy: ReadPolicy
) -> Callable[[pl.LazyFrame], pl.LazyFrame]:
    """A function that joins the sources to ``rows`` or to a part of them.

    Keys and cardinality are checked here, on all ``rows``. The rows of the sources are written to
    ``folder/.joined0`` and so on, and must stay there for as long as the function is used.

    Raises:
        DataError, ConfigError, TransientError: a source cannot be read or joined.
    """
    steps: list[Callable[[pl.LazyFrame], pl.LazyFrame]] = []
    for number, source in enumerate(joined):
        assert source.join is not None  # noqa: S101 - the caller chose it so
        place = folder / f".joined{number}"
        files = find_files([source], policy, place / ".fetched")
        write_parts(files, place, policy, place, Manifest("", {}))
        by, cardinality = source.join.by, source.join.cardinality
        right = pl.scan_parquet(place)
        steps.append(joins.joiner(rows, right, by, cardinality, files[0].label))
        rows = steps[-1](rows)
    return lambda part: functools.reduce(lambda left, join: join(left), steps, part)
