"""The model on what arrived: `python -m PACKAGE.stages.predict`."""

from pathlib import Path

import polars as pl
import structlog

from ..config import Config
from ..data.sources import scan
from ..model.store import load
from ..model.training import score
from ..runtime.artifacts import replacing
from ..runtime.stage import stage
from .train import CONTRACT, MODEL

INCOMING = "data/incoming/*.parquet"
PREDICTIONS = Path("data/predictions.parquet")

log = structlog.get_logger()


@stage
def main(_: Config) -> None:
    """Write key, score and prediction of each incoming row to data/predictions.parquet."""
    pipeline, contract = load(MODEL, CONTRACT)
    batches = scan("parquet", INCOMING, {}).collect_batches(chunk_size=100_000, maintain_order=True)

    answers = []
    for rows in batches:
        scores = score(pipeline, contract.select(rows))
        late = (scores >= contract.threshold).alias("prediction")
        answers.append(pl.DataFrame([contract.keys(rows), scores, late]))
    with replacing(PREDICTIONS) as partial:
        pl.concat(answers).write_parquet(partial)
    log.info("predicted", rows=sum(batch.height for batch in answers))


if __name__ == "__main__":
    main()
