"""What drift compares with: `python -m PACKAGE.stages.baseline`."""

import polars as pl

from ..config import Config
from ..model.persistence import load
from ..model.training import score
from ..monitor.baseline import reference, summary
from ..paths import BASELINE_SUMMARY, CONTRACT, MODEL, REFERENCE, TEST
from ..runtime.artifacts import atomic_write, write_json
from ..runtime.stage import stage
from .train import own


@stage
def main(config: Config) -> None:
    """Keep a sample, and a summary, of rows that the model did not train on, with its scores."""
    rows = pl.read_parquet(TEST)
    pipeline, contract = load(MODEL, CONTRACT, own(config))
    x = contract.select(rows)
    scores = score(pipeline, x)

    with atomic_write(REFERENCE) as partial:
        reference(x, scores, config.drift.rows, config.seed).write_parquet(partial)
    write_json(BASELINE_SUMMARY, summary(x, scores))


if __name__ == "__main__":
    main()
