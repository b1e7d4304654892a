"""Training, validation and test rows: `python -m PACKAGE.stages.split`."""

from pathlib import Path

import polars as pl
import structlog

from ..config import Config
from ..data import splits
from ..runtime.artifacts import replacing
from ..runtime.stage import stage
from .validate import VALID

TRAIN, VALIDATION, TEST = (Path(f"data/split/{part}.parquet") for part in splits.PARTS)

log = structlog.get_logger()


@stage
def main(config: Config) -> None:
    """Deal the valid rows to data/split/."""
    rows = pl.read_parquet(VALID)
    parts = splits.split(
        rows,
        kind=config.split.kind,
        validation=config.split.validation,
        test=config.split.test,
        target=config.data.target,
        key=config.data.key,
        time=config.data.time,
        seed=config.seed,
    )
    for path, frame in ((TRAIN, parts.train), (VALIDATION, parts.validation), (TEST, parts.test)):
        with replacing(path) as partial:
            frame.write_parquet(partial)
        log.info("part", name=path.stem, rows=frame.height)


if __name__ == "__main__":
    main()
