"""Estimators that learn in rounds: early stopping, and a killed training that goes on."""

import re
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn.dummy import DummyClassifier

from <<cookiecutter.package_name>>.config.preprocess import Step
from <<cookiecutter.package_name>>.errors import ModelError
from <<cookiecutter.package_name>>.model.flavors import xgboost
from <<cookiecutter.package_name>>.model.model import Model
from <<cookiecutter.package_name>>.model.rounds import Checkpoint
from <<cookiecutter.package_name>>.model.training import (
    ModelSpec,
    fit,
    fit_pipeline,
    unfitted,
)
from <<cookiecutter.package_name>>.split.target import Target

from ..models import LATE, STEPS, TARGETS, model_of, trained, x_of

PARAMS = {
    "xgboost": {
        "n_estimators": 30,
        "learning_rate": 0.5,
        "early_stopping_rounds": 4,
    },
    "torch_mlp": {
        "hidden": [8],
        "epochs": 8,
        "patience": 3,
        "batch_size": 64,
        "learning_rate": 0.02,
    },
}
IN_ROUNDS = [
    "xgboost",
    pytest.param("torch_mlp", marks=pytest.mark.skipif(not find_spec("torch"), reason="an extra")),
]
CATEGORY = [*STEPS[:2], Step("category", "text"), STEPS[3]]


class OutOfMemory(DummyClassifier):
    def fit(self, *_: object) -> None:
        raise MemoryError


def spec(estimator: str, **params: object) -> ModelSpec:
    return ModelSpec(estimator, PARAMS.get(estimator, {}) | params, CATEGORY, seed=1)


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Checkpoint, "every_s", 0)


@pytest.mark.parametrize("target", TARGETS.values(), ids=str)
@pytest.mark.parametrize("estimator", IN_ROUNDS)
def test_a_killed_training_goes_on_to_the_same_model(
    rows: pl.DataFrame, estimator: str, target: Target, kill_at: Callable[[int], None]
) -> None:
    model_of(trained(rows, spec(estimator), target), rows, target).save(Path("whole"))
    for last in (2, 2):
        kill_at(last)
        with pytest.raises(KeyboardInterrupt):
            trained(rows, spec(estimator), target)
        assert Path("checkpoint").is_dir()

    model_of(trained(rows, spec(estimator), target), rows, target).save(Path("resumed"))

    assert not Path("checkpoint").exists()
    whole, resumed = (Model.load(Path(name)) for name in ("whole", "resumed"))
    assert resumed.contract.files == whole.contract.files
    assert resumed.predict(rows).equals(whole.predict(rows))


def test_a_training_killed_after_its_last_round_is_not_lost(
    rows: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(_: Checkpoint) -> None:
        raise KeyboardInterrupt

    every_round = spec("xgboost", early_stopping_rounds=None)
    model_of(trained(rows, every_round), rows).save(Path("whole"))
    with monkeypatch.context() as patch:
        patch.setattr(Checkpoint, "remove", killed)
        with pytest.raises(KeyboardInterrupt):
            trained(rows, every_round)
    model_of(trained(rows, every_round), rows).save(Path("resumed"))

    assert Model.load(Path("resumed")).contract.files == Model.load(Path("whole")).contract.files


def test_a_training_that_samples_goes_on_after_the_last_whole_part(
    rows: pl.DataFrame, kill_at: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xgboost, "FIRST_PART", 5)
    sampling = spec("xgboost", subsample=0.7, colsample_bytree=0.7, early_stopping_rounds=None)
    model_of(trained(rows, sampling), rows).save(Path("whole"))
    kill_at(2)
    with pytest.raises(KeyboardInterrupt):
        trained(rows, sampling)
    model_of(trained(rows, sampling), rows).save(Path("resumed"))

    assert Model.load(Path("resumed")).contract.files == Model.load(Path("whole")).contract.files


@pytest.mark.parametrize("estimator", IN_ROUNDS)
def test_another_training_does_not_go_on_there(
    rows: pl.DataFrame, estimator: str, kill_at: Callable[[int], None]
) -> None:
    changed = rows.with_columns(wind=pl.col("wind") * 2 + pl.col("id") % 5)
    model_of(trained(changed, spec(estimator)), changed, LATE).save(Path("whole"))
    kill_at(4)
    with pytest.raises(KeyboardInterrupt):
        trained(rows, spec(estimator))
    model_of(trained(changed, spec(estimator)), changed, LATE).save(Path("after"))

    assert Model.load(Path("after")).contract.files == Model.load(Path("whole")).contract.files


def test_rounds_end_where_held_out_rows_gain_no_more(rows: pl.DataFrame) -> None:
    noise = rows.with_columns(late=pl.Series(np.random.default_rng(0).integers(0, 2, 600)))
    predictor = trained(noise, spec("xgboost")).predictor

    assert predictor.pipeline[-1].best_iteration < 29
    assert predictor.pipeline[-1].get_booster().num_boosted_rounds() < 30
    assert predictor.pipeline[-1].get_params()["early_stopping_rounds"] == 4


def test_without_held_out_rows_all_rounds_run(rows: pl.DataFrame) -> None:
    whole = fit(spec("xgboost"), x_of(rows), LATE, LATE.encode(rows["late"]))

    assert whole.fell_back is None
    assert whole.predictor.pipeline[-1].get_booster().num_boosted_rounds() == 30


@pytest.mark.parametrize("metric", ["logloss", "auc"])
def test_a_round_reports_a_loss_whatever_the_metric(rows: pl.DataFrame, metric: str) -> None:
    asked, x, truth = spec("xgboost", eval_metric=metric), x_of(rows), LATE.encode(rows["late"])
    reports: list[tuple[int, int, float]] = []
    pipeline = unfitted(asked, x, LATE.task)
    rows_to_stop_on = {"held_out": (x, truth), "report": lambda *of_round: reports.append(of_round)}
    fit_pipeline(pipeline, asked, x, LATE, truth, **rows_to_stop_on)

    assert [number for number, *_ in reports] == list(range(1, len(reports) + 1))
    assert reports[0][2] > reports[-1][2]
    assert {most for _, most, _ in reports} == {30}


def test_parameters_of_several_values_are_taken(rows: pl.DataFrame) -> None:
    several = {"eval_metric": ["logloss", "auc"], "monotone_constraints": {"wind": -1}}
    predictor = trained(rows, spec("xgboost", **several)).predictor
    calm, windy = (predictor.predict(x_of(rows).with_columns(wind=wind)) for wind in (0.0, 99.0))

    assert (calm[:, 1] >= windy[:, 1]).all()


@pytest.mark.parametrize(
    ("failing", "reason"),
    [
        (ModelSpec("logistic", {"max_iter": 1}, STEPS, 1, fallback="dummy"), "max_iter"),
        (
            ModelSpec(
                f"{__name__}.OutOfMemory",
                {},
                STEPS,
                1,
                fallback="dummy",
                own=(f"{__name__}.OutOfMemory",),
            ),
            "Memory does not suffice",
        ),
        pytest.param(
            ModelSpec("torch_mlp", {"learning_rate": 1e30}, STEPS, 1, fallback="dummy"),
            "diverged.*learning_rate",
            marks=pytest.mark.skipif(not find_spec("torch"), reason="an extra"),
        ),
    ],
    ids=["no convergence", "no memory", "divergence"],
)
def test_a_training_that_failed_is_replaced_by_its_fallback_with_advice(
    rows: pl.DataFrame, failing: ModelSpec, reason: str
) -> None:
    replaced = trained(rows, failing)

    assert replaced.estimator == "dummy"
    assert re.search(reason, str(replaced.fell_back))
    with pytest.raises(ModelError, match=reason):
        trained(rows, ModelSpec(failing.estimator, failing.params, STEPS, 1, own=failing.own))
