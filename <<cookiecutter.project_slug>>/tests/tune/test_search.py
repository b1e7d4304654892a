from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from <<cookiecutter.package_name>>.config.tune import Dimension, Tune
from <<cookiecutter.package_name>>.errors import (
    ConfigError,
    ModelError,
)
from <<cookiecutter.package_name>>.model.metric import Metric, metric
from <<cookiecutter.package_name>>.model.metrics import METRICS
from <<cookiecutter.package_name>>.model.training import ModelSpec
from <<cookiecutter.package_name>>.split.splits import (
    SplitSpec,
    folds,
)
from <<cookiecutter.package_name>>.split.target import Target
from <<cookiecutter.package_name>>.tune.search import Problem, search

from ..models import LATE, SEATS, WIND, spec, x_of

STUDY = Path("study.db")
LOGISTIC = spec("logistic")
C = {"C": Dimension(low=0.01, high=10.0, log=True)}


def best_of(
    rows: pl.DataFrame,
    space: dict[str, Dimension],
    trials: int,
    target: Target = LATE,
    metric: Metric = METRICS["roc_auc"],
    model: ModelSpec = LOGISTIC,
) -> dict[str, object]:
    dealt = folds(rows, SplitSpec("stratified", target, "id"), number=2)
    truth = target.encode(rows[target.column])
    problem = Problem(model, x_of(rows, target), target, truth, dealt, metric)
    return search(problem, Tune("optuna", trials=trials, space={model.estimator: space}), STUDY)


def test_a_search_resumes_where_it_was_stopped(rows: pl.DataFrame) -> None:
    import optuna

    for trials in (2, 3):
        best = best_of(rows, C, trials)
    (study,) = optuna.get_all_study_summaries(f"sqlite:///{STUDY}")

    assert study.n_trials == 3
    assert 0.01 <= best["C"] <= 10


@pytest.mark.parametrize(
    ("target", "name", "model", "space"),
    [
        (SEATS, "f1_macro", spec("logistic"), C),
        (WIND, "mean_absolute_error", spec("ridge"), {"alpha": Dimension(low=0.1, high=9.0)}),
        (LATE, "f1", spec("forest", n_estimators=5), {"max_depth": Dimension(choices=[2, 3])}),
    ],
)
def test_a_search_takes_any_metric_of_its_task(
    rows: pl.DataFrame, target: Target, name: str, model: ModelSpec, space: dict[str, Dimension]
) -> None:
    assert set(best_of(rows, space, 2, target, METRICS[name], model)) == set(space)


def test_an_own_metric_decides_a_search(rows: pl.DataFrame) -> None:
    import optuna

    @metric(needs="probabilities", tasks=["binary"], greater_is_better=False)
    def doubt(*given: Any) -> float:
        return float(np.abs(given[-1].outputs[:, 1] - 0.5).mean())  # least where C is small

    assert best_of(rows, {"C": Dimension(choices=[1e-4, 10.0])}, 4, metric=doubt)["C"] == 1e-4
    (study,) = optuna.get_all_study_summaries(f"sqlite:///{STUDY}")
    assert study.best_trial.value < 0


def test_a_search_whose_trials_all_fail_is_one_error(rows: pl.DataFrame) -> None:
    with pytest.raises(ModelError, match="no trial of logistic"):
        best_of(rows, {"C": Dimension(low=-2.0, high=-1.0)}, 2)


def test_a_search_without_a_space_is_refused(rows: pl.DataFrame) -> None:
    with pytest.raises(ConfigError, match=r"tune\.space"):
        best_of(rows, {}, 1)
