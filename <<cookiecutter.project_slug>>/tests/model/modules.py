"""Modules that a model file may name: of strangers, and of own/."""

import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from <<cookiecutter.package_name>> import own
from <<cookiecutter.package_name>>.config.preprocess import Step
from <<cookiecutter.package_name>>.model.model import Model
from <<cookiecutter.package_name>>.model.training import ModelSpec
from <<cookiecutter.package_name>>.split.target import Target

from ..models import LATE, model

FOREIGN = """
from pathlib import Path
Path("imported").touch()
class Thing:
    def __setstate__(self, state): Path("ran").touch()
def run(*arguments, **named): Path("ran").touch()
"""

MINE = """
import numpy as np
import polars as pl
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin

class Mean(ClassifierMixin, BaseEstimator):
    def __init__(self, by=1.0): self.by = by
    def fit(self, x, y):
        self.classes_, self.mean_ = np.unique(y), float(np.asarray(y).mean()) * self.by
        return self
    def predict(self, x): return np.full(len(x), self.classes_[-1])
    def predict_proba(self, x): return np.tile([1 - self.mean_, self.mean_], (len(x), 1))

class Half(TransformerMixin, BaseEstimator):
    def fit(self, x, y=None):
        self.n_features_in_ = x.shape[1]
        return self
    def transform(self, x): return x / 2
    def get_feature_names_out(self, names=None): return np.asarray(names, dtype=object)

def double(frame: pl.DataFrame) -> pl.DataFrame: return frame * 2
"""

OF_TESTS = """
import polars as pl
def double(frame: pl.DataFrame) -> pl.DataFrame: return frame * 2
"""

IMPORTING = """
from foreign_code import Thing, run
from mine import Mean
class Mine(Mean): pass
class Outer:
    class Inner: pass
Alias = Mean
def mine(frame): return frame
"""


def write_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Modules of others, and some in own/, which no test has imported yet."""
    monkeypatch.syspath_prepend(str(tmp_path))
    place = [*own.__path__, str(tmp_path / "own")]
    monkeypatch.setattr(own, "__path__", place)
    monkeypatch.setattr(own.__spec__, "submodule_search_locations", place)
    (tmp_path / "own").mkdir()
    for name, text in (
        ("foreign_code", FOREIGN),
        ("mine", MINE),
        ("own/of_tests", OF_TESTS),
        ("own/importing", IMPORTING),
        ("own/broken", "raise SystemExit"),
    ):
        (tmp_path / f"{name}.py").write_text(text)
        imported = name.replace("own/", f"{own.__name__}.")
        monkeypatch.delitem(sys.modules, imported, raising=False)


def trained(
    rows: pl.DataFrame,
    estimator: str,
    steps: list[Step],
    target: Target = LATE,
    own: tuple[str, ...] = (),
    **params: Any,
) -> Model:
    trained_model = model(rows, ModelSpec(estimator, params, steps, 1, own=own), target)
    assert trained_model.contract.fell_back is None
    return trained_model
