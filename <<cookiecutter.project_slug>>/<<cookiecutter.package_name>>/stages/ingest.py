"""Sources become one table: `python -m PACKAGE.stages.ingest`."""

from pathlib import Path

import polars as pl
import structlog

from ..config import Config
from ..data import schema
from ..data.privacy import protect
from ..data.sources import scan, stack, unreadable
from ..data.validation import ROW_GROUP
from ..runtime.artifacts import replacing
from ..runtime.stage import stage

INGESTED = Path("data/ingested.parquet")

log = structlog.get_logger()


@stage
def main(config: Config) -> None:
    """Stream all sources into data/ingested.parquet."""
    sources = config.data.sources
    rows = stack([scan(source.kind, source.path, source.options) for source in sources])
    rows = protect(rows, schema.read(config.data.schema), config.data.hash_key_env)

    with replacing(INGESTED) as partial:
        try:
            rows.sink_parquet(partial, row_group_size=ROW_GROUP)
        except pl.exceptions.PolarsError as error:
            raise unreadable(", ".join(source.path for source in sources), error) from error
    log.info("ingested", rows=pl.scan_parquet(INGESTED).select(pl.len()).collect().item())


if __name__ == "__main__":
    main()
