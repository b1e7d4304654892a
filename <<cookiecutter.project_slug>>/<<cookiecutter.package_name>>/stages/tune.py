"""Better hyperparameters, if asked for: `python -m PACKAGE.stages.tune tune=optuna`."""

from dataclasses import asdict
from pathlib import Path

import polars as pl
import structlog

from ..config import Config
from ..model.on_disk import training_rows
from ..paths import (
    BEST,
    LOCK,
    SPLIT,
    STUDIES,
    TRAIN,
    TRIALS,
    TUNING_HISTORY,
    TUNING_IMPORTANCE,
    TUNING_REPORT,
    VALIDATION,
)
from ..runtime.artifacts import sha256_of, write_json
from ..runtime.dvc.workspace import repository_root
from ..runtime.resumable import code_digest, digest
from ..runtime.stage import stage
from ..split.target import read_target
from ..tune.objective import Problem
from ..tune.report import NOT_TUNED, history, importance, ranked, report
from ..tune.search import search

PACKAGE = Path(__file__).parents[1]
SCORED_BY = ("evaluate", "model", "own", "split", "tune")  # folders that a score depends on

log = structlog.get_logger()


@stage
def main(config: Config) -> None:
    """Write the best parameters and all trials to models/tuning/, a report for people beside."""
    settings = config.tune
    if settings.method == "none":
        for path, empty in {BEST: {}, TRIALS: [], TUNING_REPORT: NOT_TUNED}.items():
            write_json(path, empty)
        for path in (TUNING_HISTORY, TUNING_IMPORTANCE):
            write_json(path, [])
        return
    parts = training_rows(TRAIN, config), pl.read_parquet(VALIDATION)
    problem = Problem.from_config(config, *parts, read_target(SPLIT))
    folders = [code_digest(PACKAGE / name) for name in SCORED_BY]

    studies = repository_root() / STUDIES  # DVC would restore what is below models/
    result = search(problem, settings, studies, digest(folders, sha256_of(LOCK)))

    deciding, estimator = problem.metrics[0], problem.spec.estimator
    write_json(BEST, result.params)
    write_json(TRIALS, [asdict(trial) for trial in ranked(result, deciding)])
    about = report(result, estimator, settings.space[estimator])
    write_json(TUNING_REPORT, about)
    write_json(TUNING_HISTORY, history(result, deciding))
    write_json(TUNING_IMPORTANCE, importance(result))
    for warning in about["warnings"]:
        log.warning(warning)
    log.info("tuned", **result.params)


if __name__ == "__main__":
    main()
