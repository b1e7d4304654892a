"""What arrived beside what the model knows: `python -m PACKAGE.stages.drift`."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import polars as pl
import structlog

from ..config import Config
from ..errors import DataError
from ..model.contract import Contract
from ..model.contract_file import read_contract
from ..monitor.drift import MIN_ROWS, Rules, detect, too_few, with_quarantine
from ..paths import (
    CONTRACT,
    DRIFT,
    DRIFT_DETAILS,
    DRIFT_PAGE,
    DRIFT_SUMMARY,
    INCOMING_REPORT,
    INCOMING_VALID,
    PREDICTIONS,
    REFERENCE,
)
from ..report import drift as pages
from ..runtime.artifacts import atomic_write, write_json
from ..runtime.dvc.run import run_id
from ..runtime.stage import stage

log = structlog.get_logger()


@stage
def main(config: Config) -> None:
    """Write reports/drift.json for machines; .html, .md and Evidently's page for people."""
    current, reference = _answered(read_contract(CONTRACT)), pl.read_parquet(REFERENCE)
    arrived = json.loads(INCOMING_REPORT.read_text(encoding="utf-8"))
    rules, limit = Rules(**asdict(config.drift)), config.validate.max_quarantined

    if current.height >= MIN_ROWS:
        with atomic_write(DRIFT_DETAILS) as details:
            report = detect(
                reference, current, rules, seed=config.seed, details=details, run_id=run_id()
            )
        report = with_quarantine(report, arrived, limit)
        facts = pages.describe(report, reference, current, rules)
        page, summary = pages.page(config.name, facts, DRIFT_DETAILS), pages.summary(facts)
        written = [DRIFT_PAGE, DRIFT_DETAILS]
    else:  # alerts are sent anyway
        report = with_quarantine(too_few(current.height, run_id()), arrived, limit)
        page, summary = pages.uncompared(config.name, report)
        _write(DRIFT_DETAILS, page)
        written = [DRIFT_PAGE]
        log.warning("not compared", reason=report.recommendations[-1])
    _write(DRIFT_PAGE, page)
    _write(DRIFT_SUMMARY, summary)
    report = replace(report, visualizations=[path.as_posix() for path in written])
    write_json(DRIFT, asdict(report))
    log.info("compared", drift=report.drift_detected, data=report.data_drift_score)


def _answered(contract: Contract) -> pl.DataFrame:
    """The features of each row that arrived, with the score that its key has."""
    rows = pl.read_parquet(INCOMING_VALID)
    scores = pl.read_parquet(PREDICTIONS).select(contract.key, "score")
    keyed = contract.select(rows).with_columns(contract.keys(rows))
    joined = keyed.join(scores, on=contract.key, how="left", maintain_order="left")
    if joined.height != rows.height or joined["score"].null_count():
        raise DataError(
            f"{PREDICTIONS} and {INCOMING_VALID} should have the same keys, each once; they come "
            "from "
            "different batches. Run `make monitor`.",
            "data.key",
        )
    return joined.drop(contract.key)


def _write(path: Path, text: str) -> None:
    with atomic_write(path) as partial:
        partial.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
