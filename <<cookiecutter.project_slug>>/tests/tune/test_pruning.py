"""Trials that end early: by the rounds of the first fold, or by folds."""

from importlib.util import find_spec
from typing import Any

import optuna
import polars as pl
import pytest

from <<cookiecutter.package_name>>.config.tune import (
    Dimension,
    Named,
)
from <<cookiecutter.package_name>>.model import flavors
from <<cookiecutter.package_name>>.model.metrics import METRICS
from <<cookiecutter.package_name>>.model.training import ModelSpec
from <<cookiecutter.package_name>>.tune.results import Search
from <<cookiecutter.package_name>>.tune.search import search

from ..models import STEPS, spec
from .problems import FOLDER, problem, tune

MEDIAN = Named("median", {"n_startup_trials": 1})
XGBOOST = ModelSpec("xgboost", {"n_estimators": 40}, STEPS, seed=1)
TORCH = ModelSpec("torch_mlp", {"hidden": [8], "epochs": 12, "batch_size": 64}, STEPS, seed=1)
IN_ROUNDS = [
    XGBOOST,
    pytest.param(TORCH, marks=pytest.mark.skipif(not find_spec("torch"), reason="an extra")),
]


def pruned(
    rows: pl.DataFrame, model: ModelSpec, space: dict[str, Dimension], **settings: Any
) -> Search:
    """A search on three folds, point by point, with a third of the rows held out."""
    objective = settings.pop("objective", METRICS["roc_auc"])
    asked = problem(rows, objective, model=model, number=3, with_held_out=True)
    known = {"pruner": MEDIAN, "sampler": Named("grid"), "estimator": model.estimator}
    return search(asked, tune(space, 9, **known | settings), FOLDER)


def reported() -> list[dict[int, float]]:
    """What each trial reported, by step."""
    study = optuna.load_study(study_name=None, storage=f"sqlite:///{FOLDER}/study.db")
    return [trial.intermediate_values for trial in study.trials]


@pytest.fixture
def fits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The learning rate of each training from now on."""
    rates: list[float] = []
    for module in (flavors.xgboost, flavors.torch):

        def watch(estimator: Any, *given: Any, fit: Any = module.fit) -> None:
            rates.append(estimator.get_params()["learning_rate"])
            fit(estimator, *given)

        monkeypatch.setattr(module, "fit", watch)
    return rates


@pytest.mark.parametrize("model", IN_ROUNDS, ids=lambda model: model.estimator)
def test_a_bad_learning_rate_is_pruned_in_the_first_folds_rounds_and_a_good_one_is_not(
    rows: pl.DataFrame, fits: list[float], model: ModelSpec
) -> None:
    rates = [0.01, 1e-6, 0.02]
    result = pruned(rows, model, {"learning_rate": Dimension(choices=rates)})
    good, bad, better = reported()

    assert [trial.state for trial in result.trials] == ["complete", "pruned", "complete"]
    assert fits == [0.01] * 3 + [1e-6] + [0.02] * 3
    assert set(better) == set(good)
    assert set(bad) == {min(good)}


@pytest.mark.parametrize("name", ["roc_auc", "log_loss"])
def test_a_rounds_value_has_the_sign_of_the_studys_direction(rows: pl.DataFrame, name: str) -> None:
    objective = METRICS[name]
    pruned(rows, XGBOOST, {"learning_rate": Dimension(choices=[0.02])}, objective=objective)
    good = list(reported()[0].values())

    assert (good[-1] > good[0]) == objective.greater_is_better
    assert all((value < 0) == objective.greater_is_better for value in good)


def test_steps_begin_after_the_warmup_and_stand_ever_further_apart(rows: pl.DataFrame) -> None:
    depth = {"max_depth": Dimension(choices=[2])}
    pruned(rows, spec("xgboost", n_estimators=70), depth, warmup=0.4)

    assert list(reported()[0]) == [30, 32, *range(36, 65, 4)]


@pytest.mark.parametrize(
    ("model", "space"),
    [
        (spec("logistic"), {"C": Dimension(choices=[1.0, 2.0])}),
        (XGBOOST, {"scale_pos_weight": Dimension(choices=[1.0, 2.0])}),
    ],
    ids=["no rounds", "rounds whose losses say different things"],
)
def test_other_trials_are_compared_by_their_folds_metric(
    rows: pl.DataFrame, model: ModelSpec, space: dict[str, Dimension]
) -> None:
    pruned(rows, model, space)

    assert set(reported()[0]) == {1, 2}
    assert all(0.5 < value <= 1 for value in reported()[0].values())
