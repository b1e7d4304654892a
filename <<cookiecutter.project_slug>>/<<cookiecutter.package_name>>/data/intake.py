"""The road from sources to one table, the same in training and for what arrives later.

Files and queries are found, read by kind, protected, stacked and joined.
"""

import functools
import shutil
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from ..groups.data import Data, Source
from ..runtime.retries import patiently
from . import privacy, schema
from .joins import join
from .parts import Care, Known, write_parts
from .sources import units
from .tables import Unit, sink


def care(data: Data) -> Care:
    """How the sources of a configuration are read: how long, and which columns are protected.

    Raises:
        ConfigError: the schema cannot be read; a column is to be hashed, and there is no key.
    """
    rules, key = schema.read(data.schema), data.hash_key_env
    protect = functools.partial(privacy.protect, schema=rules, key_env=key)
    return Care(data.retry_s, data.limits, protect, privacy.mark(rules, key))


def find(sources: Sequence[Source], care: Care, scratch: Path) -> list[Unit]:
    """The files and queries of all sources, in order; what is far away is fetched to ``scratch``.

    Raises:
        DataError, ConfigError, TransientError: see ``sources.units``.
    """
    every = []
    for number, source in enumerate(sources):
        place = scratch / str(number)
        place.mkdir(parents=True)
        look = functools.partial(units, source, place, care.limits)
        every += patiently(look, care.retry_s)
    return every


def gather(
    stacked: Sequence[Unit],
    joined: Sequence[Source],
    folder: Path,
    care: Care,
    *,
    before: Path | None = None,
    known: Known | None = None,
) -> Known:
    """Write the units to ``folder``, one part each; where sources are joined to them, one part.

    Args:
        stacked: at least one.
        joined: sources whose columns come beside those rows, in this order.
        before: the last such folder; what did not change is taken over from it.
        known: of which files its parts are.

    Returns:
        of which files the parts are; nothing where they were joined.

    Raises:
        DataError, ConfigError, TransientError: a unit cannot be read, stacked or joined.
    """
    below = folder / ".below" if joined else folder
    known = write_parts(stacked, below, care, before or below, known or Known("", {}))
    if joined:
        rows = pl.scan_parquet(below)
        for number, source in enumerate(joined):
            rows = _with(rows, source, folder / f".joined{number}", care)
        sink(rows, folder / "00000.parquet")
        known = Known("", {})
    for hidden in folder.glob(".*"):
        shutil.rmtree(hidden)
    return known


def _with(left: pl.LazyFrame, source: Source, place: Path, care: Care) -> pl.LazyFrame:
    assert source.join is not None  # noqa: S101 - the caller chose it so
    files = find([source], care, place / ".fetched")
    write_parts(files, place, care, place, Known("", {}))
    right = pl.scan_parquet(place)
    return join(left, right, source.join.by, source.join.cardinality, files[0].shown)
