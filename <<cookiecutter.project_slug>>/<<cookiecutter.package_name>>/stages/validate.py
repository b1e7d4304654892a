"""Rows that break the schema go to quarantine: `python -m PACKAGE.stages.validate`."""

from pathlib import Path

import polars as pl
import structlog

from ..config import Config
from ..data import schema
from ..data.anomalies import find
from ..data.profile import describe
from ..data.validation import accept, validate
from ..report import quality as page
from ..runtime.artifacts import replacing, write_json
from ..runtime.stage import stage
from .ingest import INGESTED

VALID = Path("data/valid.parquet")
QUARANTINE = Path("data/quarantine.parquet")
QUALITY = Path("reports/quality.json")
QUALITY_PAGE = Path("reports/quality.html")

log = structlog.get_logger()


@stage
def main(config: Config) -> None:
    """Deal the rows to data/valid.parquet and data/quarantine.parquet; report on both."""
    rules = schema.read(config.data.schema)
    settings = config.validate

    with replacing(VALID) as valid:  # refused: what was valid stays; the others tell why
        with replacing(QUARANTINE) as quarantine:
            quality = validate(INGESTED, rules, valid, quarantine, settings.changed_columns)
        log.info("validated", rows=quality.rows, quarantined=quality.quarantined)
        for rule, rows in quality.warned.items():
            log.warning("rows break a rule", rule=rule, rows=rows)

        kept, refused = pl.scan_parquet(valid), pl.scan_parquet(QUARANTINE)
        unasked = [config.data.key, config.data.target, *config.data.ignore]
        anomalies = find(kept, settings.anomalies, unasked, config.seed)
        known = describe(quality, kept, refused, anomalies, rules.personal)
        write_json(QUALITY, known)
        with replacing(QUALITY_PAGE) as partial:  # for a run that stops; `card` is its stage
            text = page.render(config.name, known, settings.max_quarantined)
            partial.write_text(text, encoding="utf-8")
        accept(quality, settings.max_quarantined)


if __name__ == "__main__":
    main()
