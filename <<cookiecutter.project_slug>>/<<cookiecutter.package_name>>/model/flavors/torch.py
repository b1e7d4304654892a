"""Neural networks of torch: weights in safetensors, the rest in JSON, preprocessing by skops."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

from ...split.target import Array, Target
from ..rounds import Rounds
from . import parts

WEIGHTS, NETWORK = "model.safetensors", "network.json"
LIBRARIES = ("torch", "safetensors", "scikit-learn", "skops", "numpy", "polars")
LEARNED = ("numbers_", "categories_", "classes_", "center_", "scale_")  # attributes beside weights
IN_ROUNDS = True
THREAD_SAFE = False  # it has threads of its own
FROM_DISK = False
LOSS_PARAMS = ()
check = parts.check


def fit(estimator: Any, x: Any, y: Array, rounds: Rounds) -> None:
    """Train epoch by epoch, until held-out rows gain no more."""
    estimator.fit(x, y, rounds)


def save(pipeline: Any, folder: Path, own: Collection[str]) -> None:
    """Write preprocessing, weights and what the network is made of to a folder.

    Raises:
        ModelError: preprocessing holds a type that is not trusted.
    """
    from safetensors.torch import save_file

    parts.save(pipeline, folder / NETWORK, own, learned=LEARNED)
    save_file(pipeline[-1].network_.state_dict(), folder / WEIGHTS)


def load(folder: Path, target: Target, own: Collection[str]) -> Any:
    """The pipeline that ``save`` wrote.

    Raises:
        ModelError: a file is missing or broken, or holds a type that is not trusted.
    """
    from safetensors.torch import load_file

    def fill(estimator: Any) -> None:
        estimator.build(estimator.numbers_, tuple(estimator.categories_))
        estimator.network_.load_state_dict(load_file(folder / WEIGHTS))

    return parts.load(folder / NETWORK, "torch_mlp", target, own, learned=LEARNED, fill=fill)
