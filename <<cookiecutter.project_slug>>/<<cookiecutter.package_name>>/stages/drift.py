"""What arrived beside what the model knows: `python -m PACKAGE.stages.drift`."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import structlog

from ..config import Config
from ..errors import DataError
from ..model.contract import Contract, read
from ..monitor.drift import MIN_ROWS, DriftReport, Rules, detect
from ..report import drift as pages
from ..runtime.artifacts import replacing, write_json
from ..runtime.run import run_id
from ..runtime.stage import stage
from .baseline import REFERENCE
from .predict import PREDICTIONS
from .predict import VALID as ARRIVED
from .train import CONTRACT

DRIFT = Path("reports/drift.json")
DRIFT_PAGE = Path("reports/drift.html")
DRIFT_DETAILS = Path("reports/drift_details.html")
DRIFT_SUMMARY = Path("reports/drift.md")

log = structlog.get_logger()


@stage
def main(config: Config) -> None:
    """Write reports/drift.json for machines; .html, .md and Evidently's page for people."""
    current = _answered(read(CONTRACT))
    enough = current.height >= MIN_ROWS
    report, texts = _compared(config, current) if enough else _too_few(current.height)
    for path, text in texts.items():
        with replacing(path) as partial:
            partial.write_text(text, encoding="utf-8")
    shown = [path.as_posix() for path in (DRIFT_PAGE, DRIFT_DETAILS)]
    write_json(DRIFT, asdict(report) | {"visualizations": shown})
    log.info("compared", drift=report.drift_detected, data=report.data_drift_score)


def _answered(contract: Contract) -> pl.DataFrame:
    """The features of each row that arrived, with the score that its key has."""
    rows = pl.read_parquet(ARRIVED)
    scores = pl.read_parquet(PREDICTIONS).select(contract.key, "score")
    keyed = contract.select(rows).with_columns(contract.keys(rows))
    joined = keyed.join(scores, on=contract.key, how="left", maintain_order="left")
    if joined.height != rows.height or joined["score"].null_count():
        raise DataError(
            f"{PREDICTIONS} and {ARRIVED} should have the same keys, each once; they come from "
            "different batches. Run `make monitor`.",
            "data.key",
        )
    return joined.drop(contract.key)


def _compared(config: Config, current: pl.DataFrame) -> tuple[DriftReport, dict[Path, str]]:
    """The report on a batch, and the text of each page but Evidently's, which is written."""
    reference, rules = pl.read_parquet(REFERENCE), Rules(**asdict(config.drift))
    with replacing(DRIFT_DETAILS) as details:
        report = detect(
            reference, current, rules, seed=config.seed, details=details, run_id=run_id()
        )
    facts = pages.describe(report, reference, current, rules)
    page = pages.page(config.name, facts, DRIFT_DETAILS)
    return report, {DRIFT_PAGE: page, DRIFT_SUMMARY: pages.summary(facts)}


def _too_few(rows: int) -> tuple[DriftReport, dict[Path, str]]:
    """The report on a batch that nothing can be said of, and its pages: alerts are sent anyway."""
    reason = (
        f"{rows or 'no'} rows to compare, and at least {MIN_ROWS} are needed to speak of drift."
    )
    log.warning("not compared", reason=reason)
    html = f"<!doctype html>\n<title>Drift</title>\n<p>{reason}</p>\n"
    report = DriftReport(
        timestamp=datetime.now(UTC).isoformat(timespec="seconds"),
        run_id=run_id(),
        rows=rows,
        data_drift_score=0.0,
        prediction_drift_score=0.0,
        feature_drift_scores={},
        null_shares={},
        drifted_features=[],
        drift_reasons={},
        data_drift_detected=False,
        prediction_drift_detected=False,
        drift_detected=False,
        visualizations=[],
        recommendations=[reason],
    )
    return report, {DRIFT_PAGE: html, DRIFT_DETAILS: html, DRIFT_SUMMARY: f"{reason}\n"}


if __name__ == "__main__":
    main()
