"""Sources become one table: `python -m PACKAGE.stages.ingest`."""

import functools
import shutil
from dataclasses import asdict
from pathlib import Path

import polars as pl
import structlog

from ..config import Config
from ..data import privacy, schema
from ..data.joins import join
from ..data.parts import Care, Known, count, write_parts
from ..data.sources import units
from ..data.tables import Unit, sink
from ..groups.data import Data, Source
from ..runtime.artifacts import replacing, write_json
from ..runtime.retries import patiently
from ..runtime.stage import stage

INGESTED = Path("data/ingested.parquet")  # a folder: one part a source file
KNOWN = Path("data/ingested.json")  # on this machine only: which part came of which file

log = structlog.get_logger()


@stage
def main(config: Config) -> None:
    """Stream all sources into data/ingested.parquet: stacked, then joined."""
    stacked = [source for source in config.data.sources if source.join is None]
    joined = [source for source in config.data.sources if source.join is not None]
    care = _care(config)

    with replacing(INGESTED) as folder:
        below = folder / ".below" if joined else folder
        found = _found(stacked, folder, config.data)
        known = write_parts(found, below, care, INGESTED, Known.read(KNOWN))
        if joined:
            rows = pl.scan_parquet(below)
            for number, source in enumerate(joined):
                rows = _with(rows, source, folder / f".joined{number}", care, config.data)
            sink(rows, folder / "00000.parquet")
        for hidden in folder.glob(".*"):
            shutil.rmtree(hidden)
        rows_in = count(folder)
    write_json(KNOWN, asdict(known) if not joined else {})
    log.info("ingested", rows=rows_in, files=len(found))


def _care(config: Config) -> Care:
    rules, key = schema.read(config.data.schema), config.data.hash_key_env
    protect = functools.partial(privacy.protect, schema=rules, key_env=key)
    return Care(config.data.retry_s, protect, privacy.mark(rules, key))


def _found(sources: list[Source], folder: Path, settings: Data) -> list[Unit]:
    scratch = folder / ".fetched"
    found = []
    for number, source in enumerate(sources):
        place = scratch / str(number)
        place.mkdir(parents=True)
        look = functools.partial(units, source, place, settings.limits)
        found += patiently(look, settings.retry_s)
    return found


def _with(
    left: pl.LazyFrame, source: Source, place: Path, care: Care, settings: Data
) -> pl.LazyFrame:
    assert source.join is not None  # noqa: S101 - the caller chose it so
    found = _found([source], place, settings)
    write_parts(found, place, care, place, Known("", {}))
    right = pl.scan_parquet(place)
    return join(left, right, source.join.by, source.join.cardinality, found[0].shown)


if __name__ == "__main__":
    main()
