"""Small models for tests, trained in a moment on the rows of `conftest.rows`."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from <<cookiecutter.package_name>>.config.preprocess import Step
from <<cookiecutter.package_name>>.model.estimators import (
    ESTIMATORS,
)
from <<cookiecutter.package_name>>.model.infer_contract import (
    infer_contract,
)
from <<cookiecutter.package_name>>.model.model import Model
from <<cookiecutter.package_name>>.model.training import (
    Fitted,
    ModelSpec,
    fit,
)
from <<cookiecutter.package_name>>.split.keys import digests
from <<cookiecutter.package_name>>.split.target import Target, Task

LATE = Target("late", Task.BINARY, (0, 1))
SEATS = Target("seats", Task.MULTICLASS, (0, 50, 100, 150, 200, 250, 300))
WIND = Target("wind", Task.REGRESSION)
TARGETS = {target.task: target for target in (LATE, SEATS, WIND)}
BY_SKOPS = [
    (name, task)
    for name, known in ESTIMATORS.items()
    if known.flavor == "sklearn"
    for task in Task
    if (known.regressor if task is Task.REGRESSION else known.classifier)
]  # the estimators whose whole pipeline is saved by skops
EVERY = [*BY_SKOPS, *(("xgboost", task) for task in Task)]  # without the extras
STEPS = [
    Step("imputer", "numeric"),
    Step("standard_scaler", "numeric"),
    Step("target_encoder", "text"),
    Step("date_parts", "datetime", {"parts": ["hour"]}),
]


def x_of(rows: pl.DataFrame, target: Target = LATE) -> pl.DataFrame:
    return rows.drop("id", target.column)


def spec(estimator: str = "logistic", **params: object) -> ModelSpec:
    return ModelSpec(estimator, params, STEPS, seed=1)


def fitted(rows: pl.DataFrame, spec: ModelSpec, target: Target = LATE) -> Fitted:
    return fit(spec, x_of(rows, target), target, target.encode(rows[target.column]))


def trained(rows: pl.DataFrame, spec: ModelSpec, target: Target = LATE) -> Fitted:
    """Trained on two thirds of the rows with the others held out, and with a checkpoint here."""
    x, truth = x_of(rows, target), target.encode(rows[target.column])
    held_out = rows["id"].to_numpy() % 3 == 0
    return fit(
        spec,
        x.filter(~held_out),
        target,
        truth[~held_out],
        held_out=(x.filter(held_out), truth[held_out]),
        checkpoint=Path("checkpoint"),
    )


def model(rows: pl.DataFrame, spec: ModelSpec, target: Target = LATE) -> Model:
    return model_of(fitted(rows, spec, target), rows, target)


def model_of(trained: Fitted, rows: pl.DataFrame, target: Target = LATE) -> Model:
    threshold = 0.5 if target.task is Task.BINARY else None
    contract = infer_contract(
        trained, x_of(rows, target), target=target, key="id", threshold=threshold
    )
    return Model(trained.predictor, contract, digests(rows["id"]))


def adjusted(model: Model, **changes: Any) -> Model:
    """The model with something else in its contract, such as a calibration."""
    return replace(model, contract=replace(model.contract, **changes))
