"""The files that a model was trained from, by their hashes in its contract."""

from collections.abc import Collection

import structlog

from ..errors import ModelError
from ..paths import LOCK, MODEL, TRAIN, VALIDATION
from ..runtime.artifacts import sha256_of
from .model import Model

FILES = {"train": TRAIN, "validation": VALIDATION, "lock": LOCK}

log = structlog.get_logger()


def file_hashes() -> dict[str, str]:
    """SHA-256 of the files as they are now, as a contract keeps them."""
    return {name: sha256_of(path) for name, path in FILES.items()}


def model_of_split(own: Collection[str]) -> Model:
    """The model in models/model, which was trained on the split's rows as they are now.

    In what DVC runs it always was. By hand it may be of another split, so that it learned from what
    are test rows today. Another lock is a warning, as another version of a library is.

    Args:
        own: see ``Model.load``.

    Raises:
        ModelError: it was trained on other rows, or cannot be loaded.
    """
    model = Model.load(MODEL, own)
    hashes = model.contract.hashes
    other = [name for name, now in file_hashes().items() if hashes.get(name, now) != now]
    if parts := [FILES[name].as_posix() for name in other if name != "lock"]:
        raise ModelError(
            f"{MODEL} was trained on other rows than {' and '.join(parts)} hold, so it may have "
            "learned from today's test rows. Run `make repro`.",
            "model.other_rows",
        )
    if other:
        log.warning("the model was trained with another requirements.lock")
    return model
