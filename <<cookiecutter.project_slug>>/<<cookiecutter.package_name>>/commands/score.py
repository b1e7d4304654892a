"""The model's score by cross-validation of the training rows: `python -m PACKAGE.commands.score`.

It is what `tune` looks for the best of. It writes nothing, so several may run at once: a sweep by
hand, `-m experiment=sweep`.
"""

import polars as pl
import structlog

from ..config import Config
from ..model.estimators import at_most
from ..model.on_disk import training_rows
from ..paths import SPLIT, TRAIN, VALIDATION
from ..runtime.stage import stage
from ..split.target import read_target
from ..tune.objective import Problem

log = structlog.get_logger()


@stage
def main(config: Config) -> float:
    """Return the deciding metric's mean over `tune.folds` folds; more is better."""
    parts = training_rows(TRAIN, config), pl.read_parquet(VALIDATION)
    problem = Problem.from_config(config, *parts, read_target(SPLIT))
    with at_most(problem.spec.workers):
        values = problem.score({})
    means = {metric.name: value for metric, value in zip(problem.metrics, values, strict=True)}
    log.info("scored", **{name: round(value, 4) for name, value in means.items()})
    return values[0] if problem.metrics[0].greater_is_better else -values[0]


if __name__ == "__main__":
    main()
