"""Rows that break the schema go to quarantine: `python -m PACKAGE.stages.validate`."""

from dataclasses import asdict
from pathlib import Path

import polars as pl
import structlog

from ..config import Config
from ..data import report, schema
from ..data.validation import accept, validate
from ..runtime.artifacts import replacing, write_json
from ..runtime.stage import stage
from .ingest import INGESTED

VALID = Path("data/valid.parquet")
QUARANTINE = Path("data/quarantine.parquet")
QUALITY = Path("reports/quality.json")
QUALITY_PAGE = Path("reports/quality.html")
EXAMPLES = 50

log = structlog.get_logger()


@stage
def main(config: Config) -> None:
    """Deal the rows to data/valid.parquet and data/quarantine.parquet; report on both."""
    rules = schema.read(config.data.schema)

    with replacing(VALID) as valid:  # refused: what was valid stays; the others tell why
        with replacing(QUARANTINE) as quarantine:
            quality = validate(INGESTED, rules, valid, quarantine)
        log.info("validated", rows=quality.rows, quarantined=quality.quarantined)
        write_json(QUALITY, asdict(quality))
        examples = pl.scan_parquet(QUARANTINE).head(EXAMPLES).collect()
        page = report.render(config.name, quality, pl.scan_parquet(valid), examples)
        with replacing(QUALITY_PAGE) as partial:
            partial.write_text(page, encoding="utf-8")
        accept(quality, config.validate.max_quarantined)


if __name__ == "__main__":
    main()
