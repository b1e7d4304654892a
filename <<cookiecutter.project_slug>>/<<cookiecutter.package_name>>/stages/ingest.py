"""Sources become one table: `python -m PACKAGE.stages.ingest`."""

from dataclasses import asdict
from pathlib import Path

import structlog

from ..config import Config
from ..data import intake
from ..data.parts import Known, count
from ..runtime.artifacts import replacing, write_json
from ..runtime.stage import stage

INGESTED = Path("data/ingested.parquet")  # a folder: one part a source file
KNOWN = Path("data/ingested.json")  # on this machine only: which part came of which file

log = structlog.get_logger()


@stage
def main(config: Config) -> None:
    """Stream all sources into data/ingested.parquet: stacked, then joined."""
    data, care = config.data, intake.care(config.data)

    with replacing(INGESTED) as folder:
        units = intake.find(data.stacked, care, folder / ".fetched")
        before = Known.read(KNOWN)
        known = intake.gather(units, data.joined, folder, care, before=INGESTED, known=before)
        rows = count(folder)
    write_json(KNOWN, asdict(known))
    log.info("ingested", rows=rows, files=len(units))


if __name__ == "__main__":
    main()
