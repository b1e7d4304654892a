"""What learns in rounds stops early on validation rows wherever it is trained, and sees no more."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import polars as pl
import pytest
from hydra import compose, initialize_config_dir

from <<cookiecutter.package_name>>.config import Config, load
from <<cookiecutter.package_name>>.evaluate.retraining import (
    retrain,
)
from <<cookiecutter.package_name>>.model.flavors import xgboost
from <<cookiecutter.package_name>>.model.metrics import metrics
from <<cookiecutter.package_name>>.split.target import Target, Task
from <<cookiecutter.package_name>>.tune.objective import Problem

from ..fixture import CONF, rides

LATE = Target("late", Task.BINARY, (0, 1))
MOST = 60  # rounds
STEPS = "{step: category, columns: text}, {step: date_parts, columns: datetime}"
OVERRIDES = [
    *("model=xgboost", f"preprocess.steps=[{STEPS}]", "split.folds=3", "tune.folds=3"),
    *(f"model.params.n_estimators={MOST}", "model.params.early_stopping_rounds=3"),
    *("model.params.learning_rate=0.5", "evaluate.learning_curve.shares=[0.3,0.6]"),
    *("evaluate.learning_curve.repeats=1",),
]


@dataclass(frozen=True)
class Training:
    """The rows that a training saw, by number, and how many rounds it took."""

    learned: set[int]
    held_out: set[int]
    rounds: int


@pytest.fixture
def trainings(monkeypatch: pytest.MonkeyPatch) -> list[Training]:
    """Each training of XGBoost from now on."""
    watched: list[Training] = []
    fit = xgboost.fit

    def watch(estimator: Any, x: Any, y: Any, rounds: Any) -> None:
        fit(estimator, x, y, rounds)
        held_out, boosted = rounds.held_out[0], estimator.get_booster().num_boosted_rounds()
        watched.append(Training(set(x["number"]), set(held_out["number"]), boosted))

    monkeypatch.setattr(xgboost, "fit", watch)
    return watched


@pytest.fixture(scope="module")
def config() -> Config:
    with initialize_config_dir(str(CONF)):
        return load(compose("config", overrides=OVERRIDES))


@pytest.fixture(scope="module")
def parts() -> dict[str, pl.DataFrame]:
    """Each part of the rides; the number of a row is a feature."""
    rows = rides()[:1200].with_columns(number=pl.col("ride"))
    part = pl.col("ride") % 6
    return {
        "train": rows.filter(part > 1),
        "validation": rows.filter(part == 1),
        "test": rows.filter(part == 0),
    }


def check(trainings: Iterable[Training], parts: dict[str, pl.DataFrame]) -> None:
    """Each learned from training rows, stopped on all validation rows, and stopped early."""
    for training in trainings:
        assert training.learned <= set(parts["train"]["number"])
        assert training.held_out == set(parts["validation"]["number"])
        assert training.rounds < MOST


def test_cross_validation_and_learning_curve(
    trainings: list[Training], config: Config, parts: dict[str, pl.DataFrame]
) -> None:
    retrain(config, {}, LATE, metrics(config.evaluate.metrics, LATE), **parts)
    folds = [training.learned for training in trainings[:3]]

    check(trainings, parts)
    assert len(trainings) == 6
    assert set.union(*folds) == set(parts["train"]["number"])
    assert set.intersection(*folds) == set()


def test_a_search(
    trainings: list[Training], config: Config, parts: dict[str, pl.DataFrame]
) -> None:
    problem = Problem.from_config(config, parts["train"], parts["validation"], LATE)
    problem.score({})
    scored = [set(problem.features["number"].gather(rows)) for _, rows in problem.folds]

    check(trainings, parts)
    assert len(trainings) == 3
    for training, fold in zip(trainings, scored, strict=True):
        assert training.learned == set(parts["train"]["number"]) - fold
