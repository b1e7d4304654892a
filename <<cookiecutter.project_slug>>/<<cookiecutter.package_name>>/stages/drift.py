"""What arrived beside what the model knows: `python -m PACKAGE.stages.drift`."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import polars as pl
import structlog

from ..config import Config
from ..model.contract_file import read_contract
from ..monitor.drift import MIN_ROWS, detect, too_few, with_quarantine
from ..monitor.sample import Sample, sample_with_answers
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
    contract, rules, limit = read_contract(CONTRACT), config.drift, config.validate.max_quarantined
    reference = Sample.whole(pl.read_parquet(REFERENCE))
    rows, answers = pl.scan_parquet(INCOMING_VALID), pl.scan_parquet(PREDICTIONS)
    current = sample_with_answers(rows, answers, contract, rules.rows, config.seed)
    arrived = json.loads(INCOMING_REPORT.read_text(encoding="utf-8"))

    if min(reference.of, current.of) >= MIN_ROWS:
        with atomic_write(DRIFT_DETAILS) as details:
            report = detect(
                reference,
                current,
                rules,
                contract.target.watched_columns,
                seed=config.seed,
                details=details,
                run_id=run_id(),
            )
        report = with_quarantine(report, arrived, limit)
        facts = pages.describe(report, reference, current, rules)
        page, summary = pages.page(config.name, facts, DRIFT_DETAILS), pages.summary(facts)
        written = [DRIFT_PAGE, DRIFT_DETAILS]
    else:  # alerts are sent anyway
        report = too_few(reference.of, current.of, run_id())
        report = with_quarantine(report, arrived, limit)
        page, summary = pages.uncompared(config.name, report)
        _write(DRIFT_DETAILS, page)
        written = [DRIFT_PAGE]
        log.warning("not compared", reason=report.recommendations[-1])
    _write(DRIFT_PAGE, page)
    _write(DRIFT_SUMMARY, summary)
    report = replace(report, visualizations=[path.as_posix() for path in written])
    write_json(DRIFT, asdict(report))
    log.info("compared", drift=report.drift_detected, data=report.data_drift_score)


def _write(path: Path, text: str) -> None:
    with atomic_write(path) as partial:
        partial.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
