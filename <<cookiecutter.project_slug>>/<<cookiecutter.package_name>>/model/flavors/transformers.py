"""Language models of Hugging Face: as `save_pretrained` writes them, in safetensors."""

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np

from ...split.target import Array, Target
from .. import skops_file
from ..estimators import estimator_class
from ..language import library
from ..rounds import Rounds
from ..trust import unusable

PREPROCESS, FOLDER, ESTIMATOR = "preprocess.skops", "transformer", "estimator.json"
LIBRARIES = ("transformers", "torch", "safetensors", "scikit-learn", "skops", "polars")
LEARNED = ("classes_", "center_", "scale_")  # attributes beside the model


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
    """Write preprocessing, language model and tokenizer to a folder.

    Raises:
        ModelError: preprocessing holds a type that is not trusted.
    """
    skops_file.save(pipeline[0], folder / PREPROCESS, own)
    estimator = pipeline[-1]
    estimator.model_.save_pretrained(folder / FOLDER)
    estimator.tokenizer_.save_pretrained(folder / FOLDER)
    learned = {name: getattr(estimator, name) for name in LEARNED if hasattr(estimator, name)}
    values = {
        "params": estimator.get_params() | {"pretrained": None},  # perhaps a path of this machine
        "learned": {name: np.asarray(value).tolist() for name, value in learned.items()},
    }
    (folder / ESTIMATOR).write_text(json.dumps(values, sort_keys=True), encoding="utf-8")


def load(folder: Path, target: Target, own: Collection[str]) -> Any:
    """The pipeline that ``save`` wrote; no code of its files runs.

    Raises:
        ModelError: a file is missing or broken, or holds a type that is not trusted.
    """
    from sklearn.pipeline import Pipeline

    transformers = library()
    steps = skops_file.load(folder / PREPROCESS, own)
    here = {"local_files_only": True, "trust_remote_code": False}
    try:
        values = json.loads((folder / ESTIMATOR).read_text(encoding="utf-8"))
        estimator = estimator_class("transformer", target.task)(**values["params"])
        for name in set(LEARNED) & set(values["learned"]):
            value = values["learned"][name]
            setattr(estimator, name, np.asarray(value) if name == "classes_" else value)
        estimator.tokenizer_ = transformers.AutoTokenizer.from_pretrained(folder / FOLDER, **here)
        estimator.model_ = transformers.AutoModelForSequenceClassification.from_pretrained(
            folder / FOLDER, use_safetensors=True, **here
        )
    except Exception as error:  # a damaged file may end in any error
        raise unusable(str(folder), error) from error
    return Pipeline([("preprocess", steps), ("model", estimator)])
