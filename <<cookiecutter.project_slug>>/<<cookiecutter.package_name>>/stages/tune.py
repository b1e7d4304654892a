"""Better hyperparameters, if asked for: `python -m PACKAGE.stages.tune tune=optuna`."""

import polars as pl
import structlog

from ..config import Config
from ..model.metrics import metrics
from ..model.training import ModelSpec
from ..paths import BEST, SPLIT, STUDY, TRAIN
from ..runtime.artifacts import write_json
from ..runtime.stage import stage
from ..split.features import features
from ..split.splits import SplitSpec, folds
from ..split.target import read_target
from ..tune.search import Problem, search

log = structlog.get_logger()


@stage
def main(config: Config) -> None:
    """Write the best parameters, and the study that found them, to models/tuning/."""
    data, settings = config.data, config.tune
    if settings.method == "none":
        write_json(BEST, {})
        return
    rows, target = pl.read_parquet(TRAIN), read_target(SPLIT)
    spec = SplitSpec.from_config(data, config.split, target)
    problem = Problem(
        ModelSpec.from_config(config, {}),
        features(rows, data.target, data.key, data.ignore),
        target,
        target.encode(rows[data.target]),
        folds(rows, spec, number=settings.folds),
        metrics(config.evaluate.metrics, target)[0],
    )
    best = search(problem, settings, STUDY)
    write_json(BEST, best)
    log.info("tuned", **best)


if __name__ == "__main__":
    main()
