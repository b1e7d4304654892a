"""What arrived beside what the model knows: `python -m PACKAGE.stages.drift`."""

from dataclasses import asdict
from pathlib import Path

import polars as pl
import structlog

from ..config import Config
from ..model.contract import read
from ..monitor.drift import Rules, detect
from ..report import drift as pages
from ..runtime.artifacts import replacing, write_json
from ..runtime.run import run_id
from ..runtime.stage import stage
from .baseline import REFERENCE
from .predict import PREDICTIONS, incoming
from .train import CONTRACT

DRIFT = Path("reports/drift.json")
DRIFT_PAGE = Path("reports/drift.html")
DRIFT_DETAILS = Path("reports/drift_details.html")
DRIFT_SUMMARY = Path("reports/drift.md")

log = structlog.get_logger()


@stage
def main(config: Config) -> None:
    """Write reports/drift.json for machines; .html, .md and Evidently's page for people."""
    contract = read(CONTRACT)
    arrived = contract.select(incoming(config).collect())
    current = arrived.with_columns(pl.read_parquet(PREDICTIONS)["score"])
    reference = pl.read_parquet(REFERENCE)
    rules = Rules(**asdict(config.drift))

    with replacing(DRIFT_DETAILS) as details:
        report = detect(
            reference, current, rules, seed=config.seed, details=details, run_id=run_id()
        )
    facts = pages.describe(report, reference, current, rules)
    texts = {
        DRIFT_PAGE: pages.page(config.name, facts, DRIFT_DETAILS),
        DRIFT_SUMMARY: pages.summary(facts),
    }
    for path, text in texts.items():
        with replacing(path) as partial:
            partial.write_text(text, encoding="utf-8")
    shown = [path.as_posix() for path in (DRIFT_PAGE, DRIFT_DETAILS)]
    write_json(DRIFT, asdict(report) | {"visualizations": shown})
    log.info("compared", drift=report.drift_detected, data=report.data_drift_score)


if __name__ == "__main__":
    main()
