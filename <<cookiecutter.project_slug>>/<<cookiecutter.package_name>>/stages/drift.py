"""What arrived beside what the model knows: `python -m PACKAGE.stages.drift`."""

import json
from dataclasses import asdict
from pathlib import Path

import polars as pl
import structlog

from ..config import Config
from ..model.contract import Contract
from ..monitor.drift import Rules, detect
from ..runtime.artifacts import replacing, write_json
from ..runtime.run import run_id
from ..runtime.stage import stage
from .baseline import REFERENCE
from .predict import PREDICTIONS, incoming
from .train import CONTRACT

DRIFT = Path("reports/drift.json")
DRIFT_PAGE = Path("reports/drift.html")

log = structlog.get_logger()


@stage
def main(config: Config) -> None:
    """Write reports/drift.json for machines and reports/drift.html for people."""
    contract = Contract(**json.loads(CONTRACT.read_text(encoding="utf-8")))
    arrived = contract.select(incoming(config).collect())
    current = arrived.with_columns(pl.read_parquet(PREDICTIONS)["score"])

    with replacing(DRIFT_PAGE) as page:
        report = detect(
            pl.read_parquet(REFERENCE),
            current,
            Rules(**asdict(config.drift)),
            seed=config.seed,
            html=page,
            run_id=run_id(),
        )
    write_json(DRIFT, asdict(report) | {"visualizations": [DRIFT_PAGE.as_posix()]})
    log.info("compared", drift=report.drift_detected, data=report.data_drift_score)


if __name__ == "__main__":
    main()
