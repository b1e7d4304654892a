"""What came true, beside what was promised: `python -m PACKAGE.stages.performance`."""

import json

import polars as pl
import structlog

from ..config import Config
from ..evaluate.row_predictions import read
from ..ingest.labels import read_labels
from ..model.contract_file import read_contract
from ..model.model import learned_keys
from ..monitor.labels import labelled_rows, match
from ..monitor.performance import Measured, Promise, describe, judge, predictions_by_part
from ..paths import (
    CONTRACT,
    INCOMING_REPORT,
    INCOMING_VALID,
    LABEL_QUARANTINE,
    METRICS,
    MODEL,
    PERFORMANCE,
    PERFORMANCE_PAGE,
    PREDICTIONS,
    TEST_PREDICTIONS,
)
from ..report.performance import page
from ..runtime.artifacts import atomic_write, scratch, write_json
from ..runtime.dvc.run import run_id, with_run_id
from ..runtime.stage import stage
from ..schema.row import read_schema
from ..split.target import PREDICTION_ID
from ..split.units import unit_column

log = structlog.get_logger()


@stage
def main(config: Config) -> None:
    """Match labels with predictions; write reports/performance.json, and .md for people."""
    data, contract = config.data, read_contract(CONTRACT)
    answers, valid = predictions_by_part(PREDICTIONS), pl.scan_parquet(INCOMING_VALID)
    with scratch(LABEL_QUARANTINE) as place:
        files = read_labels(data, contract.target.column, (PREDICTION_ID, contract.key), place)
    labels = match(files, read_schema(data.schema), contract, answers, learned_keys(MODEL))
    with atomic_write(LABEL_QUARANTINE) as partial:
        labels.set_aside.write_parquet(partial)

    measured: list[Measured] = []
    promised: Promise | None = None
    if labels.used.height:
        unit = unit_column(config.evaluate.unit, group=config.split.group, time=data.time)
        rows = labelled_rows(labels, answers, valid, contract.key, unit)
        tested = read(TEST_PREDICTIONS.read_bytes(), "the test rows")
        results, arrived = (json.loads(f.read_bytes()) for f in (METRICS, INCOMING_REPORT))
        about = {"files": arrived["files"], "tested": tested, "results": results}
        measured, promised = judge(config, contract, rows, **about)
    report = with_run_id(describe(measured, labels, promised, config.drift), PERFORMANCE, run_id())
    write_json(PERFORMANCE, report)
    with atomic_write(PERFORMANCE_PAGE) as partial:
        partial.write_text(page(report), encoding="utf-8")
    for sentence in report["sentences"]:
        log.info("performance", result=sentence)
    log.info("labels", verdict=report["verdict"], used=labels.used.height, others=labels.counts)


if __name__ == "__main__":
    main()
