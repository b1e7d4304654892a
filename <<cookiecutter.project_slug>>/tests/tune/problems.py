"""Small searches for tests: rows of `conftest.rows`, two folds, a model that learns in moments."""

from pathlib import Path
from typing import Any

import polars as pl

from <<cookiecutter.package_name>>.config.tune import (
    Dimension,
    Named,
    Tune,
)
from <<cookiecutter.package_name>>.model.metric import Metric
from <<cookiecutter.package_name>>.model.metrics import METRICS
from <<cookiecutter.package_name>>.model.training import ModelSpec
from <<cookiecutter.package_name>>.split.splits import (
    SplitSpec,
    folds,
)
from <<cookiecutter.package_name>>.split.target import Target
from <<cookiecutter.package_name>>.tune.objective import Problem
from <<cookiecutter.package_name>>.tune.results import Search
from <<cookiecutter.package_name>>.tune.search import search

from ..models import LATE, spec, x_of

FOLDER = Path("tuning")
LOGISTIC = spec("logistic")
C = {"C": Dimension(low=0.01, high=10.0, log=True)}
RANDOM = Named("random")


def problem(
    rows: pl.DataFrame,
    *metrics: Metric,
    target: Target = LATE,
    model: ModelSpec = LOGISTIC,
    number: int = 2,
    with_held_out: bool = False,
) -> Problem:
    """With two thirds of the rows, if the others are to be held out."""
    held_out = None
    if with_held_out:
        others = rows.filter(pl.col("id") % 3 == 0)
        held_out = x_of(others, target), target.encode(others[target.column])
        rows = rows.filter(pl.col("id") % 3 > 0)
    dealt = folds(rows, SplitSpec("stratified", target, "id"), number=number)
    truth = target.encode(rows[target.column])
    objectives = list(metrics) or [METRICS["roc_auc"]]
    return Problem(model, x_of(rows, target), target, truth, dealt, objectives, held_out)


def tune(space: dict[str, Dimension], trials: int = 2, **settings: Any) -> Tune:
    estimator = settings.pop("estimator", "logistic")
    return Tune("optuna", trials=trials, space={estimator: space}, **settings)


def searched(
    rows: pl.DataFrame, space: dict[str, Dimension] = C, trials: int = 2, **settings: Any
) -> Search:
    return search(problem(rows), tune(space, trials, **settings), FOLDER)
