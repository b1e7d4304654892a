"""What flavors share that save preprocessing by skops and the estimator in files of its own."""

import json
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import numpy as np

from ...split.target import Target
from .. import skops_file
from ..estimators import estimator_class
from ..trust import unusable

PREPROCESS = "preprocess.skops"


def check(pipeline: Any, own: Collection[str]) -> None:
    """Refuse preprocessing that could not be saved.

    Raises:
        ModelError: it holds a type that is not trusted.
    """
    skops_file.check(pipeline[0], own)


def save(
    pipeline: Any, file: Path, own: Collection[str], *, learned: Collection[str] = (), **hidden: Any
) -> None:
    """Write preprocessing, and the estimator's parameters as JSON to a file beside it.

    Args:
        learned: attributes of the fitted estimator that belong there, too, where it has them.
        hidden: parameters that are written down otherwise.

    Raises:
        ModelError: preprocessing holds a type that is not trusted.
    """
    skops_file.save(pipeline[0], file.parent / PREPROCESS, own)
    estimator = pipeline[-1]
    present = {name: getattr(estimator, name) for name in learned if hasattr(estimator, name)}
    values = {
        "params": estimator.get_params() | hidden,
        "learned": {name: np.asarray(value).tolist() for name, value in present.items()},
    }
    file.write_text(json.dumps(values, sort_keys=True), encoding="utf-8")


def load(
    file: Path,
    name: str,
    target: Target,
    own: Collection[str],
    *,
    learned: Collection[str] = (),
    fill: Callable[[Any], None],
) -> Any:
    """The pipeline that ``save`` wrote.

    Args:
        file: of the parameters.
        name: of the estimator in the table.
        learned: as ``save`` took it; nothing else in the file becomes an attribute.
        fill: gives the estimator the rest of what was saved.

    Raises:
        ModelError: a file is missing or broken, or holds a type that is not trusted.
    """
    from sklearn.pipeline import Pipeline

    steps = skops_file.load(file.parent / PREPROCESS, own)
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
        estimator = estimator_class(name, target.task)(**values["params"])
        for attribute in set(learned) & set(values["learned"]):
            value = values["learned"][attribute]
            setattr(estimator, attribute, np.asarray(value) if attribute == "classes_" else value)
        fill(estimator)
    except Exception as error:  # a damaged file may end in any error
        raise unusable(str(file.parent), error) from error
    return Pipeline([("preprocess", steps), ("model", estimator)])
