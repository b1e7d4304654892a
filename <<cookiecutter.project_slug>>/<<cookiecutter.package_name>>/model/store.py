"""A model as files: skops (never pickle) with our own allow-list, its keys, and its contract."""

import io
import json
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ..data.keys import Digests
from ..errors import ModelError
from ..runtime.artifacts import replacing, write_json
from .contract import Contract
from .describe import gives, learned

LEARNED = "learned_keys.npy"
TRUSTED = (
    "numpy.dtype",
    "sklearn.",
    "xgboost.core.Booster",
    "xgboost.sklearn.",
    f"{__package__.split('.')[0]}.model.steps.",
)


def save(
    pipeline: Any, contract: Contract, learned: Digests, model: Path, contract_file: Path
) -> None:
    """Write the model, the digests of the keys that it learned from, and its contract.

    The same model gives the same bytes.

    Raises:
        ModelError: the model holds a type that is not trusted, so it could not be loaded again.
    """
    import skops.io

    saved = skops.io.dumps(pipeline)
    _refuse_foreign(skops.io.get_untrusted_types(data=saved), "the model")
    with replacing(model) as partial:
        partial.mkdir()
        (partial / "model.skops").write_bytes(_reproducible(saved))
        np.save(partial / LEARNED, np.unique(learned), allow_pickle=False)
    write_json(contract_file, asdict(contract))


def load(model: Path, contract_file: Path) -> tuple[Any, Contract]:
    """The pipeline and its contract.

    Raises:
        ModelError: a file is missing or broken, the model holds a type that is not trusted, or it
            does not do what the contract says of its preprocessing.
    """
    import skops.io

    file = model / "model.skops"
    try:
        types = skops.io.get_untrusted_types(file=file)
        _refuse_foreign(types, str(file))
        pipeline = skops.io.load(file, trusted=types)
        contract = Contract(**json.loads(contract_file.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise ModelError(
            f"no usable model in {model}: {error}. Run `make repro`, or `dvc pull`.",
            "model.unreadable",
        ) from error
    said = json.loads(json.dumps([gives(pipeline), learned(pipeline)]))
    if [contract.gives, contract.preprocessing] != said:
        raise ModelError(
            f"{contract_file} tells of another preprocessing than {model} does: they come from "
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
        learned: Digests = np.load(model / LEARNED, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise ModelError(
            f"{model} does not say which rows it learned from ({type(error).__name__}). Train it "
            "again.",
            "model.learned_keys",
        ) from error
    return learned


def _refuse_foreign(types: list[str], holder: str) -> None:
    foreign = [name for name in types if not name.startswith(TRUSTED)]
    if foreign:
        raise ModelError(
            f"{holder} holds {', '.join(foreign)}, which is not trusted, so it cannot be loaded. "
            "Train it again here, or add the type to the allow-list in model/store.py.",
            "model.untrusted",
        )


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
