"""The road from sources to one table, the same in training and for what arrives later.

Files and queries are found, read by kind, protected, stacked and joined.
"""

import functools
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import polars as pl

from ..config.data import Data, Source
from ..runtime.parquet import sink
from ..runtime.retries import retry
from ..schema import row as schema
from . import joins, privacy
from .parts import Manifest, ReadPolicy, write_parts
from .sources import source_files
from .tables import SourceFile


def read_policy(data: Data) -> ReadPolicy:
    """How the sources of a configuration are read: how long, and which columns are protected.

    Raises:
        ConfigError: the schema cannot be read; a column is to be hashed, and there is no key.
    """
    rules, key = schema.read_schema(data.schema), data.hash_key_env
    protect = functools.partial(privacy.protect, schema=rules, key_env=key)
    return ReadPolicy(data.retry_s, data.limits, protect, privacy.mark(rules, key))


def find_files(sources: Sequence[Source], policy: ReadPolicy, scratch: Path) -> list[SourceFile]:
    """The files and queries of all sources, in order; what is far away is fetched to ``scratch``.

    Raises:
        DataError, ConfigError, TransientError: see ``sources.files``.
    """
    every = []
    for number, source in enumerate(sources):
        place = scratch / str(number)
        place.mkdir(parents=True)
        look = functools.partial(source_files, source, place, policy.limits)
        every += retry(look, policy.retry_s)
    return every


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
        stacked: at least one.
        joined: sources whose columns come beside those rows, in this order.
        before: the last such folder; what did not change is taken over from it.
        manifest: of which files its parts are.

    Returns:
        of which files the parts are; nothing where they were joined.

    Raises:
        DataError, ConfigError, TransientError: a source file cannot be read, stacked or joined.
    """
    below = folder / ".below" if joined else folder
    manifest = write_parts(stacked, below, policy, before or below, manifest or Manifest("", {}))
    if joined:
        rows = pl.scan_parquet(below)
        sink(joiner(rows, joined, folder, policy)(rows), folder / "00000.parquet")
        manifest = Manifest("", {})
    for hidden in folder.glob(".*"):
        shutil.rmtree(hidden)
    return manifest


def joiner(
    rows: pl.LazyFrame, joined: Sequence[Source], folder: Path, policy: ReadPolicy
) -> Callable[[pl.LazyFrame], pl.LazyFrame]:
    """A function that joins the sources to all of ``rows``, or to some; they are checked on all.

    The sources' rows are written to ``folder/.joined0`` and so on.

    Raises:
        DataError, ConfigError, TransientError: a source cannot be read or joined.
    """
    steps: list[Callable[[pl.LazyFrame], pl.LazyFrame]] = []
    for number, source in enumerate(joined):
        assert source.join is not None  # noqa: S101 - the caller chose it so
        place = folder / f".joined{number}"
        files = find_files([source], policy, place / ".fetched")
        write_parts(files, place, policy, place, Manifest("", {}))
        right, how = pl.scan_parquet(place), source.join
        steps.append(joins.joiner(rows, right, how.by, how.cardinality, files[0].label))
        rows = steps[-1](rows)
    return lambda some: functools.reduce(lambda left, attach: attach(left), steps, some)
