"""What drift compares with: `python -m PACKAGE.stages.baseline`."""

import polars as pl

from ..config import Config
from ..model.origin import model_of_split
from ..monitor.baseline import reference
from ..paths import REFERENCE, TEST
from ..runtime.artifacts import atomic_write
from ..runtime.stage import stage


@stage
def main(config: Config) -> None:
    """Keep a sample of rows that the model did not train on, with its answers."""
    rows, model = pl.read_parquet(TEST), model_of_split(config.trusted)
    with atomic_write(REFERENCE) as partial:
        reference(model, rows, config.drift.rows, config.seed).write_parquet(partial)


if __name__ == "__main__":
    main()
