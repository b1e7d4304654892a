"""What drift compares with: `python -m PACKAGE.stages.baseline`."""

from pathlib import Path

import polars as pl

from ..config import Config
from ..model.store import load
from ..model.training import score
from ..monitor.baseline import reference, summary
from ..runtime.artifacts import replacing, write_json
from ..runtime.stage import stage
from .split import TEST
from .train import CONTRACT, MODEL, own

REFERENCE = Path("models/baseline/reference.parquet")
SUMMARY = Path("models/baseline/summary.json")


@stage
def main(config: Config) -> None:
    """Keep a sample, and a summary, of rows that the model did not train on, with its scores."""
    rows = pl.read_parquet(TEST)
    pipeline, contract = load(MODEL, CONTRACT, own(config))
    x = contract.select(rows)
    scores = score(pipeline, x)

    with replacing(REFERENCE) as partial:
        reference(x, scores, config.drift.rows, config.seed).write_parquet(partial)
    write_json(SUMMARY, summary(x, scores))


if __name__ == "__main__":
    main()
