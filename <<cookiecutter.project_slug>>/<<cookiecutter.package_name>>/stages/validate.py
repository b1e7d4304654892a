"""Validation of the ingested rows by the schema: `python -m PACKAGE.stages.validate`."""

import polars as pl
import structlog

from ..config import Config
from ..paths import INGESTED, QUALITY, QUALITY_PAGE, QUARANTINE, VALID
from ..report.quality import render
from ..runtime.artifacts import atomic_write, write_json
from ..runtime.stage import stage
from ..schema.row import read_schema
from ..validate.anomalies import detect_anomalies
from ..validate.profile import profile_data
from ..validate.quarantine import check_quality, validate

log = structlog.get_logger()


@stage
def main(config: Config) -> None:
    """Write data/valid.parquet and data/quarantine.parquet, and the report about both."""
    schema = read_schema(config.data.schema)
    settings = config.validate

    with atomic_write(VALID) as valid:  # refused: the last valid rows stay, the others say why
        with atomic_write(QUARANTINE) as quarantine:
            quality = validate(INGESTED, schema, valid, quarantine, settings.changed_columns)
        log.info("validated", rows=quality.rows, quarantined=quality.quarantined)
        for rule, rows in quality.warned.items():
            log.warning("rows break a rule", rule=rule, rows=rows)

        accepted, refused = pl.scan_parquet(valid), pl.scan_parquet(QUARANTINE)
        ignored = [config.data.key, config.data.target, *config.data.ignore]
        anomalies = detect_anomalies(accepted, settings.anomalies, ignored, config.seed)
        profile = profile_data(quality, accepted, refused, anomalies, schema.personal)
        write_json(QUALITY, profile)
        with atomic_write(QUALITY_PAGE) as partial:  # for a run that stops; `card` is its stage
            page = render(config.name, profile, settings.max_quarantined)
            partial.write_text(page, encoding="utf-8")
        check_quality(quality, settings.max_quarantined)


if __name__ == "__main__":
    main()
