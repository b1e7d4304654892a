"""Whatever has scikit-learn's interface: the whole pipeline in one file of skops."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

from ...runtime.progress import progress
from ...split.target import Array, Target
from .. import skops_file
from ..rounds import Rounds
from ..trust import unusable

FILE = "model.skops"
LIBRARIES = ("scikit-learn", "skops", "numpy", "polars")
IN_ROUNDS = False
THREAD_SAFE = True
FROM_DISK = False
check = skops_file.check


def fit(estimator: Any, x: Any, y: Array, rounds: Rounds) -> None:  # noqa: ARG001 - it has none
    """Train at one stroke."""
    with progress("train", unit="models"):
        estimator.fit(x, y)


def save(pipeline: Any, folder: Path, own: Collection[str]) -> None:
    """Write the pipeline to a folder.

    Raises:
        ModelError: it holds what cannot be written, or a type that could not be loaded again.
    """
    skops_file.save(pipeline, folder / FILE, own)


def load(folder: Path, target: Target, own: Collection[str]) -> Any:  # noqa: ARG001 - it holds all
    """The pipeline that ``save`` wrote.

    Raises:
        ModelError: the file is missing or broken, or holds a type that is not trusted.
    """
    from sklearn.pipeline import Pipeline

    pipeline = skops_file.load(folder / FILE, own)
    if not isinstance(pipeline, Pipeline) or len(getattr(pipeline, "steps", ())) != 2:
        error = TypeError("it is no pipeline of preprocessing and estimator")
        raise unusable(str(folder), error)
    return pipeline
