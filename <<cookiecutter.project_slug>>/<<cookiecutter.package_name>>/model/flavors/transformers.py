"""Language models of Hugging Face: as `save_pretrained` writes them, in safetensors."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

from ...split.target import Array, Target
from ..language import library
from ..rounds import Rounds
from . import parts

FOLDER, ESTIMATOR = "transformer", "estimator.json"
LIBRARIES = ("transformers", "torch", "safetensors", "scikit-learn", "skops", "polars")
LEARNED = ("classes_", "center_", "scale_")  # attributes beside the model
IN_ROUNDS = True
THREAD_SAFE = False  # it has threads of its own
FROM_DISK = False
LOSS_PARAMS = ()
check = parts.check


def fit(estimator: Any, x: Any, y: Array, rounds: Rounds) -> None:
    """Train epoch by epoch, until held-out rows gain no more."""
    estimator.fit(x, y, rounds)


def save(pipeline: Any, folder: Path, own: Collection[str]) -> None:
    """Write preprocessing, language model and tokenizer to a folder.

    Raises:
        ModelError: preprocessing holds a type that is not trusted.
    """
    estimator = pipeline[-1]
    # where it came from may be a path of this machine
    parts.save(pipeline, folder / ESTIMATOR, own, learned=LEARNED, pretrained=None)
    estimator.model_.save_pretrained(folder / FOLDER)
    estimator.tokenizer_.save_pretrained(folder / FOLDER)


def load(folder: Path, target: Target, own: Collection[str]) -> Any:
    """The pipeline that ``save`` wrote; no code of its files runs.

    Raises:
        ModelError: a file is missing or broken, or holds a type that is not trusted.
    """
    transformers = library()
    here = {"local_files_only": True, "trust_remote_code": False}

    def fill(estimator: Any) -> None:
        estimator.tokenizer_ = transformers.AutoTokenizer.from_pretrained(folder / FOLDER, **here)
        estimator.model_ = transformers.AutoModelForSequenceClassification.from_pretrained(
            folder / FOLDER, use_safetensors=True, **here
        )

    return parts.load(folder / ESTIMATOR, "transformer", target, own, learned=LEARNED, fill=fill)
