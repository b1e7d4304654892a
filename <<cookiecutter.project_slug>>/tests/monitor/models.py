"""Models without training: what they answer follows from the feature ``a``."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from <<cookiecutter.package_name>>.model.contract import Contract
from <<cookiecutter.package_name>>.model.model import Model
from <<cookiecutter.package_name>>.split.target import (
    Array,
    Target,
    Task,
)

BINARY = Target("late", Task.BINARY, (0, 1))
COLOURS = Target("colour", Task.MULTICLASS, ("blue", "green", "red"))
PRICE = Target("price", Task.REGRESSION)


@dataclass(frozen=True)
class Shares:
    """Answers ``a`` to regression; else its fraction, shared out among the classes."""

    target: Target

    def predict(self, x: pl.DataFrame) -> Array:
        a = x["a"].fill_null(0.0).to_numpy()
        weights = np.arange(1.0, len(self.target.classes) + 1)
        shares = np.abs(np.sin(np.outer(a + 1, weights)))
        return shares / shares.sum(axis=1, keepdims=True) if self.target.classes else a


def contract(target: Target = BINARY, key: str = "id", **features: str) -> Contract:
    """A contract with these features."""
    return Contract(
        features=features or {"a": "Float64", "b": "String"},
        target=target,
        key=key,
        threshold=0.5 if target.task is Task.BINARY else None,
        flavor="sklearn",
        estimator="none",
        fell_back=None,
        rows=3,
        never_null=[],
        known_only={},
        feature_names_out=[],
        preprocessing=[],
        versions={},
        files={},
    )


def model(target: Target = BINARY, key: str = "id", **features: str) -> Model:
    return Model(Shares(target), contract(target, key, **features), np.empty(0, dtype=np.uint64))
