"""Rows that break the schema go to quarantine: `python -m PACKAGE.stages.validate`."""

import polars as pl
import structlog

from ..config import Config
from ..paths import INGESTED, QUALITY, QUALITY_PAGE, QUARANTINE, VALID
from ..report import quality as page
from ..runtime.artifacts import atomic_write, write_json
from ..runtime.stage import stage
from ..schema import row as schema
from ..validate.anomalies import find
from ..validate.profile import describe
from ..validate.quarantine import accept, validate

log = structlog.get_logger()


@stage
def main(config: Config) -> None:
    """Deal the rows to data/valid.parquet and data/quarantine.parquet; report on both."""
    rules = schema.read_schema(config.data.schema)
    settings = config.validate

    with atomic_write(VALID) as valid:  # refused: what was valid stays; the others tell why
        with atomic_write(QUARANTINE) as quarantine:
            quality = validate(INGESTED, rules, valid, quarantine, settings.changed_columns)
        log.info("validated", rows=quality.rows, quarantined=quality.quarantined)
        for rule, rows in quality.warned.items():
            log.warning("rows break a rule", rule=rule, rows=rows)

        kept, refused = pl.scan_parquet(valid), pl.scan_parquet(QUARANTINE)
        unasked = [config.data.key, config.data.target, *config.data.ignore]
        anomalies = find(kept, settings.anomalies, unasked, config.seed)
        known = describe(quality, kept, refused, anomalies, rules.personal)
        write_json(QUALITY, known)
        with atomic_write(QUALITY_PAGE) as partial:  # for a run that stops; `card` is its stage
            text = page.render(config.name, known, settings.max_quarantined)
            partial.write_text(text, encoding="utf-8")
        accept(quality, settings.max_quarantined)


if __name__ == "__main__":
    main()
