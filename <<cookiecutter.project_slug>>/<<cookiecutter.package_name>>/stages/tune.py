"""Better hyperparameters, if asked for: `python -m PACKAGE.stages.tune tune=optuna`."""

from dataclasses import asdict

import polars as pl
import structlog

from ..config import Config
from ..paths import BEST, STUDY, TRAIN
from ..runtime.artifacts import write_json
from ..runtime.stage import stage
from ..split.features import features
from ..split.splits import folds
from ..tune.search import search
from .split import plan
from .train import spec

log = structlog.get_logger()


@stage
def main(config: Config) -> None:
    """Write the best parameters, and the study that found them, to models/tuning/."""
    tune = config.tune
    if tune.method == "none":
        write_json(BEST, {})
        return
    rows = pl.read_parquet(TRAIN)
    best = search(
        spec(config, {}),
        {name: asdict(dim) for name, dim in tune.space.get(config.model.adapter, {}).items()},
        features(rows, config.data.target, config.data.key, config.data.ignore),
        rows[config.data.target],
        study_file=STUDY,
        metric=config.evaluate.metrics[0],
        folds=folds(rows, plan(config), number=tune.folds),
        trials=tune.trials,
        timeout_s=tune.timeout_s,
    )
    write_json(BEST, best)
    log.info("tuned", **best)


if __name__ == "__main__":
    main()
