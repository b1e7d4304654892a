import json

import numpy as np
import pytest

from <<cookiecutter.package_name>>.evaluate.assessment import (
    assess,
    constant_answer,
)
from <<cookiecutter.package_name>>.model.metric import Predictions
from <<cookiecutter.package_name>>.model.metrics import METRICS
from <<cookiecutter.package_name>>.split.target import (
    Array,
    Target,
    Task,
)
from <<cookiecutter.package_name>>.split.units import Units

RNG = np.random.default_rng(0)
TARGETS = [
    Target("y", Task.BINARY, (0, 1)),
    Target("y", Task.MULTICLASS, ("a", "b", "c")),
    Target("y", Task.REGRESSION),
]
DAYS = Units("day of time", np.arange(300) // 10)


def simulated(target: Target, *, skill: float) -> tuple[Array, Predictions]:
    if target.task is Task.REGRESSION:
        truth = RNG.normal(size=300)
        outputs = skill * truth + RNG.normal(0, 0.2, 300)
    else:
        classes = len(target.classes)
        truth = RNG.integers(0, classes, 300).astype(float)
        noise = RNG.dirichlet(np.ones(classes), 300)
        outputs = (noise + skill * np.eye(classes)[truth.astype(int)]) / (1 + skill)
    return truth, Predictions(outputs, target.answers(outputs, 0.5))


def assessed(target: Target, *, skill: float, units: Units = DAYS) -> dict:
    truth, predictions = simulated(target, skill=skill)
    wanted = [one for one in METRICS.values() if target.task in one.tasks]
    return assess(
        wanted, target, truth, predictions, 0.5, units=units, resamples=60, level=0.05, seed=1
    )


@pytest.mark.no_cover
@pytest.mark.parametrize("target", TARGETS, ids=lambda target: str(target.task))
def test_every_metric_has_its_interval_around_it(target: Target) -> None:
    results = assessed(target, skill=0.5)

    for name, interval in results["interval"].items():
        assert interval["low"] <= results[name] <= interval["high"]
    assert set(results["interval"]) == set(results["dummy"])
    assert json.dumps(results, allow_nan=False)


@pytest.mark.no_cover
@pytest.mark.parametrize("target", TARGETS, ids=lambda target: str(target.task))
@pytest.mark.parametrize(("skill", "better"), [(0.9, True), (0.0, False)])
def test_skill_is_better_than_a_constant_answer_and_noise_is_not(
    target: Target, skill: float, better: bool
) -> None:
    assert assessed(target, skill=skill)["better_than_dummy"] is better


def test_rows_of_one_unit_give_no_interval_and_no_verdict() -> None:
    single = Units("value of shop", np.zeros(300, dtype=np.intp))
    results = assessed(TARGETS[0], skill=0.9, units=single)

    assert {interval["low"] for interval in results["interval"].values()} == {None}
    assert "only 1 value of shop" in results["interval"]["roc_auc"]["reason"]
    assert results["p_value"] is None
    assert not results["better_than_dummy"]


def test_a_constant_answer_has_the_shares_of_the_classes_or_the_mean() -> None:
    binary = constant_answer(TARGETS[0], np.array([0.0, 0, 0, 1]), 0.5)
    number = constant_answer(TARGETS[2], np.array([1.0, 3]), None)

    assert binary.outputs.tolist() == [[0.75, 0.25]] * 4
    assert binary.answers.tolist() == [0] * 4
    assert number.answers.tolist() == [2, 2]
