"""The model on what arrived: `python -m PACKAGE.stages.predict`."""

from pathlib import Path

import structlog

from ..config import Config
from ..ingest import incoming
from ..model.model import Model
from ..monitor import predictions
from ..paths import (
    INCOMING_QUARANTINE,
    INCOMING_REPORT,
    INCOMING_VALID,
    LOCK,
    MODEL,
    PREDICT_PARTS,
    PREDICTIONS,
)
from ..runtime.artifacts import scratch, sha256_of, write_json
from ..runtime.dvc.run import run_id, with_run_id
from ..runtime.resumable import code_digest
from ..runtime.stage import stage
from ..runtime.threads import CORES
from ..schema.row import read_schema

OUTPUTS = {
    predictions.VALID: INCOMING_VALID,
    predictions.QUARANTINE: INCOMING_QUARANTINE,
    predictions.ANSWERS: PREDICTIONS,
}

log = structlog.get_logger()


@stage
def main(config: Config) -> None:
    """Predict the valid rows of what arrived; the others go to quarantine, with their reasons."""
    data, model = config.data, Model.load(MODEL, config.trusted)
    target, key = model.contract.target.column, model.contract.key
    needed, schema = [*model.contract.features, key], read_schema(data.schema)
    basis = [sha256_of(path) for path in (Path(data.schema), LOCK)]

    with scratch(PREDICTIONS) as place:
        store = {"folder": PREDICT_PARTS / "read", "scratch": place}
        batch = incoming.read(data, schema, target, needed, **store)
        schema = incoming.expected_schema(schema, batch.schema.names(), target, needed)
        parts = predictions.predict_batch(
            batch,
            schema,
            model.predict,
            model=sha256_of(MODEL),
            key=key,
            basis=[*basis, code_digest(Path(__file__).parents[1])],
            folder=PREDICT_PARTS / "answered",
            threads=CORES if model.is_thread_safe and not config.trusted else 1,
        )
        report = predictions.describe(parts, batch, schema, config.validate.changed_columns)
        predictions.publish(parts, OUTPUTS)
    write_json(INCOMING_REPORT, with_run_id(report, INCOMING_REPORT, run_id()))
    for warning in (*report["warnings"], *report["critical"]):
        log.warning("what arrived is odd", what=warning)
    if not report["rows"]:
        log.warning("no row has arrived, so none is answered")
    counts = {name: report[name] for name in ("valid", "quarantined", "rules")}
    log.info("predicted", reused=sum(part.reused for part in parts), **counts)


if __name__ == "__main__":
    main()
