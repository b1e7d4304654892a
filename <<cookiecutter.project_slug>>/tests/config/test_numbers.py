"""Numbers of conf/, and the ranges that a search draws from."""

import copy
import re
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, OmegaConf

from <<cookiecutter.package_name>>.config import Config, load
from <<cookiecutter.package_name>>.config.checks import RuleError
from <<cookiecutter.package_name>>.config.tune import Dimension, Tune
from <<cookiecutter.package_name>>.errors import ConfigError

from ..fixture import CONF
from .conftest import composed

NUMBERS = {  # each number of conf/, and what is out of sense for it
    "seed": "-1 2147483648",
    "data.retry_s": "-1 nan inf",
    "data.min_labelled": "-0.1 1.1 nan",
    "validate.max_quarantined": "-0.1 1.1 nan inf",
    "validate.anomalies.robust_z": "-1 nan inf",
    "validate.anomalies.iqr": "-1 nan inf",
    "validate.anomalies.isolation_forest": "-1 1.1 nan",
    "validate.anomalies.duplicates": "-1 1.1 nan",
    "split.seed": "-1 4294967296",
    "model.batch_rows": "-1 999 100000001",
    "split.validation": "0 0.6 nan -inf",
    "split.test": "0 0.6 nan inf",
    "split.folds": "-1 1 21",
    "split.repeats": "0 -1 21",
    "split.max_repeated": "-0.1 1.1 nan",
    "split.max_alone": "0.4 1.1 nan",
    "tune.trials": "0 -1 10001",
    "tune.timeout_s": "0 -1 nan inf 1e9",
    "tune.folds": "0 1 21",
    "tune.workers": "0 -1 65",
    "tune.tolerance": "-1 nan inf",
    "tune.warmup": "-0.1 1.1 nan",
    "evaluate.bootstrap": "0 49 100001",
    "evaluate.level": "0 -1 0.6 nan",
    "evaluate.conformal": "0 -0.1 0.6 nan inf",
    "gate.level": "0 0.6 nan",
    "gate.margin": "-1 nan inf",
    "gate.min_rows": "0 -1 1000000001",
    "gate.latency_ms": "-1 nan inf",
    "gate.size_mb": "-1 nan inf",
    "drift.limit": "-0.1 nan inf",
    "drift.batch_rows": "0 -1 29 1000000001",
    "drift.files_per_year": "0 -1 nan inf",
    "drift.false_alarms_per_year": "0 -1 nan inf",
    "drift.rows": "0 -1 1000001",
    "drift.performance": "-0.1 1.1 nan",
    "alert.timeout_s": "0 -1 601 nan inf",
    "alert.give_up_h": "-1 8761 nan inf",
    "alert.suppress_min": "-1 nan inf",
    "alert.escalate_after": "0 -1 1001",
    "alert.escalate_h": "-1 8761 nan inf",
    "alert.flapping": "0 2 1001",
    "alert.flapping_h": "-1 8761 nan inf",
    "alert.overdue_h": "-1 8761 nan inf",
    "compute.workers": "0 -2 1025",
}


@pytest.mark.parametrize(
    ("key", "value"), [(key, value) for key, values in NUMBERS.items() for value in values.split()]
)
def test_a_number_out_of_sense_is_refused_by_key(key: str, value: str) -> None:
    changed = copy.deepcopy(shipped())
    number = int(value) if value.lstrip("-").isdigit() else float(value)
    OmegaConf.update(changed, key, number, force_add=True)

    with pytest.raises(ConfigError, match=re.escape(key)):
        load(changed)


@cache
def shipped() -> DictConfig:
    with initialize_config_dir(str(CONF)):
        return compose("config", overrides=["tune=optuna"])


def test_the_table_of_numbers_is_that_of_the_schema() -> None:
    numbers = {
        f"{group.name}.{field.name}"
        for group in fields(Config)
        if is_dataclass(group.type)
        for field in fields(group.type)
        if re.search(r"\b(int|float)\b", str(field.type)) and "dict" not in str(field.type)
    }

    assert numbers == {key for key in NUMBERS if "." in key and "anomalies" not in key}


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"low": 0.0, "high": 1.0, "log": True}, "C.low is 0"),
        ({"low": -1.0, "high": 1.0, "log": True}, "C.low is -1"),
        ({"low": 0.0, "high": 9.0, "log": True, "whole": True}, "C.low is 0"),
        ({"low": 1.5, "high": 9.0, "whole": True}, "C.low is 1.5"),
        ({"low": 1.0, "high": 9.5, "whole": True}, "C.high is 9.5"),
        ({"low": 1.0, "high": 1e20, "whole": True}, "C.high is 1e+20"),
        ({"low": 0.0, "high": 1e308}, "C.high is 1e+308"),
        ({"low": 0.0, "high": INF}, "C.high is inf"),
        ({"low": -INF, "high": 0.0}, "C.low is -inf"),
        *(({"low": low, "high": 1.0}, "low < high") for low in (1.0, 2.0, NAN, None)),
        *(({"low": 1.0, "high": high}, "low < high") for high in (1.0, NAN, None)),
        ({}, "low < high"),
        *(({"choices": wrong}, "C.choices is") for wrong in ([], [1, NAN], [[1, 2]], [{"a": 1}])),
        ({"choices": [1, 2], "low": 0.0, "high": 1.0}, "C has choices"),
        ({"choices": [1, 2], "log": True}, "C has choices"),
        ({"choices": [1], "when": {"D": 1}}, "C.when names 'D'"),
        ({"choices": [1], "when": {"C": 2}}, "C.when is C: 2, which C never is"),
        ({"low": 0.0, "high": 1.0, "when": {"C": 0.5}}, "C.when is C: 0.5, which C never is"),
        ({"choices": [1], "when": {"C": 1}}, "the `when` of C wait for each other"),
    ],
)
def test_a_range_that_cannot_be_drawn_from_is_refused_by_key(
    values: dict[str, Any], named: str
) -> None:
    with pytest.raises(RuleError, match=r"tune\.space\.own.*C.*") as refused:
        Tune(method="optuna", space={"own": {"C": Dimension(**values)}})
    assert named in str(refused.value)


def test_objectives_and_what_goes_with_them_are_checked() -> None:
    several = ["tune=optuna", "tune.objectives=[roc_auc,brier]", "tune.pruner.name=none"]

    assert composed(*several, "tune.tolerance=0.01").tune.tolerance == 0.01
    for overrides, named in (
        (["tune.objectives=[cost]"], "tune.objectives, out of evaluate.metrics, is 'cost'"),
        ([*several, "tune.pruner.name=median"], "cannot be pruned"),
        (["tune.objectives=[brier,brier]"], "each may stand there once"),
        (["tune.tolerance=0.1"], "tune.tolerance has no effect"),
        (["tune.storage=cloud"], "tune.storage is 'cloud'"),
    ):
        with pytest.raises(ConfigError, match=re.escape(named)):
            composed("tune=optuna", *overrides)


def test_a_range_that_can_be_drawn_from_is_taken() -> None:
    drawn = {
        "a": Dimension(low=-1.0, high=0.0),
        "b": Dimension(low=1.0, high=9.0, log=True, whole=True),
        "c": Dimension(choices=[None, True, "x", 1, 0.5]),
        "d": Dimension(low=1.0, high=2.0, when={"b": 3, "c": True}),
    }

    assert Tune(method="optuna", space={"own": drawn}).space["own"] == drawn
