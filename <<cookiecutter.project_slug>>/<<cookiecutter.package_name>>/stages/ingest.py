"""Sources become one table: `python -m PACKAGE.stages.ingest`."""

from dataclasses import asdict

import structlog

from ..config import Config
from ..ingest.collect import collect, find_files, read_policy
from ..ingest.parts import Manifest, count
from ..paths import INGESTED, INGESTED_MANIFEST
from ..runtime.artifacts import atomic_write, write_json
from ..runtime.stage import stage

log = structlog.get_logger()


@stage
def main(config: Config) -> None:
    """Stream all sources into data/ingested.parquet: stacked, then joined."""
    data, policy = config.data, read_policy(config.data)

    with atomic_write(INGESTED) as folder:
        files = find_files(data.stacked, policy, folder / ".fetched")
        before = Manifest.read(INGESTED_MANIFEST)
        manifest = collect(files, data.joined, folder, policy, before=INGESTED, manifest=before)
        rows = count(folder)
    write_json(INGESTED_MANIFEST, asdict(manifest))
    log.info("ingested", rows=rows, files=len(files))


if __name__ == "__main__":
    main()
