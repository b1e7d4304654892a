import os
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from <<cookiecutter.package_name>>.config.preprocess import Step
from <<cookiecutter.package_name>>.errors import ConfigError
from <<cookiecutter.package_name>>.model.estimators import (
    build_estimator,
)
from <<cookiecutter.package_name>>.model.preprocessing import (
    preprocessor,
)
from <<cookiecutter.package_name>>.model.training import ModelSpec
from <<cookiecutter.package_name>>.split.target import Task

from ..models import fitted

MODULE = """
from abc import ABC, abstractmethod
from functools import partial
from pathlib import Path
import polars as pl
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.dummy import DummyClassifier
from sklearn.preprocessing import StandardScaler

class Mute(ClassifierMixin, BaseEstimator):
    def fit(self, x, y): return self
    def predict(self, x): return x
class Open(DummyClassifier):
    def __init__(self, depth=3, **more):
        super().__init__()
        self.depth, self.more = depth, more
    def get_params(self, deep=True): return {"depth": self.depth, **self.more}
    def set_params(self, **params):
        self.depth = params.pop("depth", self.depth)
        self.more |= params
        return self

class Swallows(DummyClassifier):
    def __init__(self, depth=3, **more):
        super().__init__()
        self.depth = depth

class Breaks(DummyClassifier):
    def __init__(self): raise RuntimeError("no licence")

class Needs(DummyClassifier):
    def __init__(self, depth): self.depth = depth

class Abstract(DummyClassifier, ABC):
    @abstractmethod
    def more(self): ...

class AbstractStep(StandardScaler, ABC):
    @abstractmethod
    def more(self): ...

class Runs:
    def __init__(self, *args, **named): Path("ran").touch()
    def __call__(self, *args): Path("ran").touch()

def bare(frame): Path("ran").touch()
def of_text(frame: str) -> pl.DataFrame: Path("ran").touch()
def to_text(frame: pl.DataFrame) -> str: Path("ran").touch()
def unknown(frame: "Nothing") -> "Nothing": Path("ran").touch()
def frames(frame: "pl.DataFrame", by: int = 1) -> "pl.DataFrame": return frame * by
short = lambda frame: Path("ran").touch()
part = partial(frames, by=2)
thing = object.__new__(Runs)
"""
RAISES = {
    "raises": "raise RuntimeError('on import')",
    "leaves": "raise SystemExit(3)",
    "broken": "(",
}
NO_CLASS = [
    "os.abort",
    "os.system",
    "subprocess.Popen",
    "subprocess.check_output",
    "builtins.eval",
    "builtins.object",
    "os.path",
    "own_names.bare",
    "own_names.Runs",
    "own_names.short",
    "own_names.part",
    "own_names.thing",
    "own_names.nothing",
    "nowhere.Thing",
    "own_names.Open.fit",
    "raises.Thing",
    "leaves.Thing",
    "broken.Thing",
    ".Thing",
    "own_names.",
    "a..b",
]


@pytest.fixture(autouse=True)
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    for name, text in ({"own_names": MODULE} | RAISES).items():
        monkeypatch.delitem(sys.modules, name, raising=False)
        (tmp_path / f"{name}.py").write_text(text)


def made(name: str, **params: Any) -> Any:
    return build_estimator(name, params, Task.BINARY, seed=7, workers=2)


@pytest.mark.parametrize(
    "name", [*NO_CLASS, "own_names.Abstract", "own_names.frames", "sklearn.linear_model.Ridge"]
)
def test_what_is_no_classifier_is_refused_before_it_is_called(name: str) -> None:
    with pytest.raises(ConfigError, match=r"model\.estimator is"):
        made(name, args=["touch", "ran"], command="touch ran")

    assert not Path("ran").exists()


@pytest.mark.parametrize(
    "name",
    [
        *NO_CLASS,
        *("own_names.AbstractStep", "own_names.of_text", "own_names.to_text", "own_names.unknown"),
        *("sklearn.svm.SVC", "pathlib.Path"),
    ],
)
def test_what_is_no_step_is_refused_before_it_is_called(name: str) -> None:
    step = Step(name, "wind", {"args": ["touch", "ran"], "command": "touch ran"})
    with pytest.raises(ConfigError, match=r"preprocess\.steps\.step is"):
        preprocessor([step], pl.Schema({"wind": pl.Float64}), Task.BINARY, seed=1)

    assert not Path("ran").exists()


def test_the_fallback_is_checked_before_training(rows: pl.DataFrame) -> None:
    step = Step("hash", "re:.", {})
    with pytest.raises(ConfigError, match=r"os\.abort"):
        fitted(rows, ModelSpec("dummy", {}, [step], 1, fallback="os.abort"))
    assert os.getpid()


def test_a_classifier_without_any_score_is_refused() -> None:
    with pytest.raises(ConfigError, match="neither predict_proba nor decision_function"):
        made("own_names.Mute")


@pytest.mark.parametrize("loss", ["hinge", "log_loss"])
def test_probabilities_that_parameters_rule_out_are_calibrated(loss: str) -> None:
    estimator = made("sklearn.linear_model.SGDClassifier", loss=loss)

    assert type(estimator).__name__.startswith("Calibrated") is (loss == "hinge")
    assert hasattr(estimator, "predict_proba")


def test_an_estimator_of_more_parameters_than_its_signature_gets_them() -> None:
    params = {"depth": 5, "leaves": 31, "verbosity": -1}

    assert made("own_names.Open", **params).get_params() == params


@pytest.mark.parametrize(
    ("name", "params", "named"),
    [
        ("own_names.Swallows", {"leaves": 3}, "leaves, but get_params does not give it back"),
        ("own_names.Needs", {}, "depth"),
        ("own_names.Breaks", {}, "no licence"),
        ("logistic", {"_target_": "os.system"}, "_target_"),
        ("xgboost", {"max_dpeth": 3}, "max_dpeth"),
        ("sklearn.dummy.DummyClassifier", {"depth": 3}, "depth"),
    ],
)
def test_parameters_that_an_estimator_does_not_take_are_refused_by_name(
    name: str, params: dict[str, Any], named: str
) -> None:
    with pytest.raises(ConfigError, match=named):
        made(name, **params)


def test_parameters_of_the_configuration_win_over_those_that_all_models_share() -> None:
    assert made("own_names.Needs", depth=4).depth == 4
    assert made("forest", random_state=3, n_jobs=1).get_params()["random_state"] == 3
    assert made("forest").n_jobs == 2


@pytest.mark.parametrize(("params", "first"), [({}, 1), ({"by": 3}, 3)])
def test_a_function_may_tell_its_types_as_text(params: dict[str, Any], first: int) -> None:
    step = Step("own_names.frames", "wind", params)
    frame = pl.DataFrame({"wind": [1, 2]})

    assert (
        preprocessor([step], frame.schema, Task.BINARY, seed=1).fit_transform(frame)[0, 0] == first
    )


def test_a_function_that_does_not_take_its_parameters_is_refused() -> None:
    step = Step("own_names.frames", "wind", {"_target_": "os.system"})
    with pytest.raises(ConfigError, match="_target_"):
        preprocessor([step], pl.Schema({"wind": pl.Float64}), Task.BINARY, seed=1)


@pytest.mark.parametrize(
    ("step", "params", "named"),
    [
        ("hash", {"buckets": 0}, "buckets of the step hash is 0"),
        ("hash", {"buckets": 10**9}, "buckets"),
        ("hash", {"buckets": 1.5}, "buckets"),
        ("text_tfidf", {"max_features": 0}, "max_features"),
        ("text_tfidf", {"ngrams": 0}, "ngrams"),
        ("date_parts", {"parts": ["hour", "epoch"]}, "no part epoch"),
    ],
)
def test_a_number_out_of_sense_is_refused_by_the_step_that_takes_it(
    rows: pl.DataFrame, step: str, params: dict[str, Any], named: str
) -> None:
    column = "departure" if step == "date_parts" else "origin"
    steps = [Step(step, column, params)]
    with pytest.raises(ConfigError, match=named):
        fitted(rows.select("id", "late", column), ModelSpec("dummy", {}, steps, 1))
