"""What arrived beside what the model knows: `python -m PACKAGE.stages.drift`."""

import json

import polars as pl
import structlog

from ..config import Config
from ..config.drift import EVIDENTLY
from ..evaluate.row_predictions import predictions_of, read
from ..model.contract_file import read_contract
from ..model.metrics import metrics
from ..monitor.arrival import read_arrival
from ..monitor.baseline import Baseline
from ..monitor.drift import judge
from ..monitor.estimate import estimate_loss
from ..monitor.scores import compare_samples
from ..monitor.verdict import describe, with_quarantine
from ..paths import (
    BASELINE,
    CONTRACT,
    DRIFT,
    DRIFT_DETAILS,
    DRIFT_HISTORY,
    DRIFT_PAGE,
    INCOMING_REPORT,
    INCOMING_VALID,
    METRICS,
    PREDICTIONS,
    REFERENCE,
    TEST_PREDICTIONS,
)
from ..report.drift import history, render
from ..runtime.artifacts import atomic_write, write_json
from ..runtime.dvc.run import run_id, with_run_id
from ..runtime.stage import stage

log = structlog.get_logger()


@stage
def main(config: Config) -> None:
    """Write reports/drift.json, and pages for people."""
    contract, rules, seed = read_contract(CONTRACT), config.drift, config.seed
    baseline, reference = Baseline.read(BASELINE), pl.read_parquet(REFERENCE)
    baseline.check(rules)
    incoming, results = (json.loads(path.read_bytes()) for path in (INCOMING_REPORT, METRICS))
    files, drawn = [file["part"] for file in incoming["files"]], {"size": rules.rows, "seed": seed}
    arrival = read_arrival(INCOMING_VALID, PREDICTIONS, contract, baseline, files=files, **drawn)
    judged = judge(baseline, arrival.batches, rules, seed)

    sample, estimated, scores = reference.clear(), None, None
    if arrival.sample.height:
        sample = arrival.sample.select(reference.columns)
        with atomic_write(DRIFT_DETAILS) as page:
            evidently = compare_samples(reference, sample, rules, seed=seed, page=page)
        scores = evidently if rules.definition == EVIDENTLY else None
        estimated = estimate_loss(
            metrics(config.evaluate.metrics, contract.target)[0],
            predictions_of(contract.target, arrival.sample),
            read(TEST_PREDICTIONS.read_bytes(), "the test rows"),
            results,
            **drawn,
        )
    report = describe(baseline, rules, judged, arrival.newest, estimated=estimated, scores=scores)
    report = with_quarantine(report, incoming, config.validate.max_quarantined)
    written = render(config.name, report, reference, sample)
    if not arrival.sample.height:
        written[DRIFT_DETAILS] = written[DRIFT_PAGE]
        log.warning("not compared", reason=report["recommendations"][-1])
    for path, text in written.items():
        with atomic_write(path) as partial:
            partial.write_text(text, encoding="utf-8")
    write_json(DRIFT_HISTORY, history(report))
    write_json(DRIFT, with_run_id(report, DRIFT, run_id()))
    log.info("compared", severity=report["severity"], drifted=report["data"]["drifted"])


if __name__ == "__main__":
    main()
