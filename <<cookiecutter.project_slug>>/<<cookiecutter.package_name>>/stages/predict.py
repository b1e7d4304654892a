"""The model on what arrived: `python -m PACKAGE.stages.predict`."""

from pathlib import Path

import polars as pl
import structlog

from ..config import Config
from ..data import schema
from ..data.privacy import protect
from ..data.sources import scan
from ..model.store import load
from ..model.training import score
from ..runtime.artifacts import replacing
from ..runtime.stage import stage
from .train import CONTRACT, MODEL, own

PREDICTIONS = Path("data/predictions.parquet")

log = structlog.get_logger()


@stage
def main(config: Config) -> None:
    """Write key, score and prediction of each incoming row to data/predictions.parquet."""
    pipeline, contract = load(MODEL, CONTRACT, own(config))
    batches = incoming(config).collect_batches(chunk_size=100_000, maintain_order=True)

    answers = []
    for rows in batches:
        scores = score(pipeline, contract.select(rows))
        late = (scores >= contract.threshold).alias("prediction")
        answers.append(pl.DataFrame([contract.keys(rows), scores, late]))
    with replacing(PREDICTIONS) as partial:
        pl.concat(answers).write_parquet(partial)
    log.info("predicted", rows=sum(batch.height for batch in answers))


def incoming(config: Config) -> pl.LazyFrame:
    """What arrived; personal columns are dropped or hashed, as at ingest."""
    rows = scan("parquet", "data/incoming/*.parquet", {})
    return protect(rows, schema.read(config.data.schema), config.data.hash_key_env)


if __name__ == "__main__":
    main()
