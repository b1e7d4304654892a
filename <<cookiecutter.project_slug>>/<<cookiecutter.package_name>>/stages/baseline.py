"""What drift compares with: `python -m PACKAGE.stages.baseline`."""

import polars as pl
import structlog

from ..config import Config
from ..model.origin import model_of_split
from ..monitor.reference import learn_baseline, sample_with_answers
from ..paths import BASELINE, REFERENCE, TEST, TRAIN, VALIDATION
from ..runtime.artifacts import atomic_write
from ..runtime.stage import stage

log = structlog.get_logger()


@stage
def main(config: Config) -> None:
    """Count what the model knows, and its past batches; keep a sample of rows for the pages."""
    model, seed, parts = model_of_split(config.trusted), config.seed, (TRAIN, VALIDATION, TEST)
    baseline = learn_baseline(model, parts, TEST, config.drift, time=config.data.time, seed=seed)
    sample = sample_with_answers(model, pl.read_parquet(TEST), config.drift.rows, seed)
    with atomic_write(BASELINE) as folder:
        folder.mkdir()
        baseline.write(folder)
        sample.write_parquet(folder / REFERENCE.name)
    log.info("baseline", rows=baseline.rows, batch=baseline.batch, past=baseline.past())


if __name__ == "__main__":
    main()
