"""A model as files: skops (never pickle) with our own allow-list, its keys, and its contract."""

import io
import json
import zipfile
from collections.abc import Collection
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ModelError
from ..runtime.artifacts import atomic_write, write_json
from ..split.keys import Digests
from .contract import Contract, read
from .fitted_state import gives, learned
from .trust import trusted, unusable

LEARNED = "learned_keys.npy"


def save(
    pipeline: Any,
    contract: Contract,
    keys: Digests,
    model: Path,
    contract_file: Path,
    *,
    own: Collection[str] = (),
) -> None:
    """Write the model, the digests of the keys that it learned from, and its contract.

    The same model gives the same bytes.

    Args:
        own: dotted names of conf/ that a model file may hold beside our own types.

    Raises:
        ModelError: the model holds a type that is not trusted, so it could not be loaded again.
    """
    import skops.io

    try:
        saved = _reproducible(skops.io.dumps(pipeline))
    except Exception as error:  # an object of your own may refuse by any error
        raise ModelError(
            f"the model cannot be saved: {error}. Keep what it learned in numbers, texts, lists "
            "and arrays.",
            "model.unsaved",
        ) from error
    trusted(saved, own, "the model")
    with atomic_write(model) as partial:
        partial.mkdir()
        (partial / "model.skops").write_bytes(saved)
        np.save(partial / LEARNED, np.unique(keys), allow_pickle=False)
    write_json(contract_file, asdict(contract))


def load(model: Path, contract_file: Path, own: Collection[str] = ()) -> tuple[Any, Contract]:
    """The pipeline and its contract.

    Args:
        own: dotted names of conf/ that the file may hold beside our own types.

    Raises:
        ModelError: a file is missing or broken, the model holds a type that is not trusted, or it
            does not do what the contract says of its preprocessing.
    """
    import skops.io

    holder = str(model)
    contract = read(contract_file)
    try:
        saved = (model / "model.skops").read_bytes()
    except OSError as error:
        raise unusable(holder, error) from error
    names = trusted(saved, own, holder)
    try:
        pipeline = skops.io.loads(saved, trusted=names)
        described = json.loads(json.dumps([gives(pipeline), learned(pipeline)]))
    except Exception as error:  # what was checked is all of a trusted type, but may lack any part
        raise unusable(holder, error) from error
    if [contract.gives, contract.preprocessing] != described:
        raise ModelError(
            f"{contract_file} describes another preprocessing than {model} does: they come from "
            "different trainings. Run `make repro`, or `dvc checkout`.",
            "model.contract",
        )
    return pipeline, contract


def learned_keys(model: Path) -> Digests:
    """The digests of the keys of the rows that the model learned from, sorted, (n,).

    Raises:
        ModelError: they are missing or broken.
    """
    try:
        keys: Digests = np.load(model / LEARNED, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise ModelError(
            f"{model} does not say which rows it learned from ({type(error).__name__}). Train it "
            "again.",
            "model.learned_keys",
        ) from error
    return keys


def _reproducible(saved: bytes) -> bytes:
    """The same archive without its traces of memory addresses and of the clock."""
    with zipfile.ZipFile(io.BytesIO(saved)) as archive:
        schema = json.loads(archive.read("schema.json"))
        members = {n: archive.read(n) for n in archive.namelist() if n != "schema.json"}
    ids: dict[int, int] = {}
    files: dict[str, str] = {}

    def renumber(node: Any) -> Any:
        if isinstance(node, list):
            return [renumber(child) for child in node]
        if not isinstance(node, dict):
            return node
        node = {key: renumber(child) for key, child in node.items()}
        if isinstance(node.get("__id__"), int):
            node["__id__"] = ids.setdefault(node["__id__"], len(ids))
        if isinstance(node.get("file"), str) and node["file"] in members:
            suffix = Path(node["file"]).suffix
            node["file"] = files.setdefault(node["file"], f"{len(files)}{suffix}")
        return node

    renumbered = json.dumps(renumber(schema), indent=2)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("schema.json"), renumbered)
        for old, new in files.items():
            archive.writestr(zipfile.ZipInfo(new), members[old])
    return made.getvalue()
