"""Neural networks of torch: weights in safetensors, the rest in JSON, preprocessing by skops."""

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np

from ...split.target import Array, Target
from .. import skops_file
from ..estimators import estimator_class
from ..rounds import Rounds
from ..trust import unusable

PREPROCESS, WEIGHTS, NETWORK = "preprocess.skops", "model.safetensors", "network.json"
LIBRARIES = ("torch", "safetensors", "scikit-learn", "skops", "numpy", "polars")
LEARNED = ("numbers_", "categories_", "classes_", "center_", "scale_")  # attributes beside weights


def fit(estimator: Any, x: Any, y: Array, rounds: Rounds) -> None:
    """Train epoch by epoch, until held-out rows gain no more."""
    estimator.fit(x, y, rounds)


def check(pipeline: Any, own: Collection[str]) -> None:
    """Refuse preprocessing that could not be saved.

    Raises:
        ModelError: it holds a type that is not trusted.
    """
    skops_file.check(pipeline[0], own)


def save(pipeline: Any, folder: Path, own: Collection[str]) -> None:
    """Write preprocessing, weights and what the network is made of to a folder.

    Raises:
        ModelError: preprocessing holds a type that is not trusted.
    """
    from safetensors.torch import save_file

    skops_file.save(pipeline[0], folder / PREPROCESS, own)
    estimator = pipeline[-1]
    save_file(estimator.network_.state_dict(), folder / WEIGHTS)
    learned = {name: getattr(estimator, name) for name in LEARNED if hasattr(estimator, name)}
    values = {
        "params": estimator.get_params(),
        "learned": {name: np.asarray(value).tolist() for name, value in learned.items()},
    }
    (folder / NETWORK).write_text(json.dumps(values, sort_keys=True), encoding="utf-8")


def load(folder: Path, target: Target, own: Collection[str]) -> Any:
    """The pipeline that ``save`` wrote.

    Raises:
        ModelError: a file is missing or broken, or holds a type that is not trusted.
    """
    from safetensors.torch import load_file
    from sklearn.pipeline import Pipeline

    steps = skops_file.load(folder / PREPROCESS, own)
    try:
        values = json.loads((folder / NETWORK).read_text(encoding="utf-8"))
        estimator = estimator_class("torch_mlp", target.task)(**values["params"])
        learned = values["learned"]
        for name in set(LEARNED) & set(learned):
            value = learned[name]
            setattr(estimator, name, np.asarray(value) if name == "classes_" else value)
        estimator.build(learned["numbers_"], tuple(learned["categories_"]))
        estimator.network_.load_state_dict(load_file(folder / WEIGHTS))
    except Exception as error:  # a damaged file may end in any error
        raise unusable(str(folder), error) from error
    return Pipeline([("preprocess", steps), ("model", estimator)])
