"""The model on what arrived: `python -m PACKAGE.stages.predict`."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import polars as pl
import structlog

from ..config import Config
from ..ingest import incoming
from ..model.contract import Contract
from ..model.persistence import load
from ..model.training import score
from ..paths import (
    CONTRACT,
    INCOMING_QUARANTINE,
    INCOMING_REPORT,
    INCOMING_VALID,
    MODEL,
    PREDICTIONS,
)
from ..runtime.artifacts import atomic_write, scratch, sha256_of, write_json
from ..runtime.dvc.run import run_id
from ..runtime.stage import stage
from ..schema.row import read_schema
from ..validate.quarantine import Quality, validate
from .train import own

log = structlog.get_logger()


@stage
def main(config: Config) -> None:
    """Answer the valid rows of what arrived; the others go to quarantine, with their reasons."""
    pipeline, contract = load(MODEL, CONTRACT, own(config))
    needed = [*contract.features, contract.key]
    rules = read_schema(config.data.schema)

    with scratch(PREDICTIONS) as folder:
        files = incoming.gather(config.data, rules, contract.target, needed, folder)
        came = pl.scan_parquet(folder).collect_schema().names()
        expected = incoming.expected(rules, came, contract.target, needed)
        with atomic_write(INCOMING_VALID) as valid, atomic_write(INCOMING_QUARANTINE) as refused:
            quality = validate(folder, expected, valid, refused, config.validate.changed_columns)
            incoming.check_key(valid, contract.key)
            with atomic_write(PREDICTIONS) as predictions:
                _answers(pipeline, contract, valid).write_parquet(predictions)
        write_json(INCOMING_REPORT, _report(quality, files, sha256_of(folder)))
    for warning in (*quality.warnings, *quality.critical):
        log.warning("what arrived is odd", what=warning)
    if not quality.rows:
        log.warning("no row has arrived, so none is answered", files=len(files))
    log.info("predicted", rows=quality.valid, quarantined=quality.quarantined, rules=quality.rules)


def _answers(pipeline: Any, contract: Contract, valid: Path) -> pl.DataFrame:
    """Key, score and prediction of each row; none for no row."""
    rows = pl.scan_parquet(valid)
    keys = contract.keys(rows.head(0).collect())
    scores, late = pl.Series("score", [], pl.Float64), pl.Series("prediction", [], pl.Boolean)
    answers = [pl.DataFrame([keys, scores, late])]
    for batch in rows.collect_batches(chunk_size=100_000, maintain_order=True):
        if batch.height:
            scores = score(pipeline, contract.select(batch))
            late = (scores >= contract.threshold).alias("prediction")
            answers.append(pl.DataFrame([contract.keys(batch), scores, late]))
    return pl.concat(answers)


def _report(quality: Quality, files: list[str], digest: str) -> dict[str, Any]:
    """What alerts look at; the same batch keeps the run that saw it first: people are told once."""
    report = asdict(quality) | {"files": files, "sha256": digest}
    try:
        last = json.loads(INCOMING_REPORT.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        last = None
    seen = isinstance(last, dict) and last == report | {"run_id": last.get("run_id")}
    return last if seen else report | {"run_id": run_id()}


if __name__ == "__main__":
    main()
