"""A model as everything uses it: what predicts, its contract, and which rows it learned from."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl
import structlog

from ..errors import ModelError
from ..runtime.artifacts import atomic_write, sha256_of
from ..split.keys import Digests
from ..split.target import Array
from .contract import Contract
from .contract_file import read_contract, write_contract
from .flavors import flavor, versions
from .predictor import PipelinePredictor

log = structlog.get_logger()

CONTRACT, LEARNED = "contract.json", "learned_keys.npy"


@dataclass(frozen=True)
class Model:
    """A predictor, its contract, and the digests of the keys that it learned from."""

    predictor: PipelinePredictor
    contract: Contract
    learned_keys: Digests

    def outputs(self, rows: pl.DataFrame) -> Array:
        """(n, k) calibrated probabilities or (n,) values of rows with the contract's features.

        Raises:
            ModelError: the rows break the contract, or the predictor cannot answer them.
        """
        outputs, calibration = self.raw_outputs(rows), self.contract.calibration
        return outputs if calibration is None else calibration(outputs)

    def raw_outputs(self, rows: pl.DataFrame) -> Array:
        """What the predictor itself says, before calibration; see ``outputs``."""
        return self.predictor.predict(self.contract.select(rows))

    def predict(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Key, ``prediction``, and of classes ``probability:<class>`` each, of n rows.

        A conformal model adds ``prediction_set``, or ``prediction_low`` and ``prediction_high``.

        Raises:
            ModelError: as ``outputs``; or the key is missing.
        """
        return self.contract.answers(rows, self.outputs(rows))

    @property
    def is_thread_safe(self) -> bool:
        """Whether several threads may ask it at once, steps and estimators of our own apart."""
        return bool(flavor(self.contract.flavor).THREAD_SAFE)

    def save(self, folder: Path, own: Collection[str] = ()) -> None:
        """Write all of it to a folder that is there whole or not at all.

        Args:
            own: dotted names of conf/ that the files may hold beside the types that we trust.

        Raises:
            ModelError: it could not be written, or not be loaded again.
        """
        with atomic_write(folder) as partial:
            partial.mkdir()
            flavor(self.contract.flavor).save(self.predictor.pipeline, partial, own)
            np.save(partial / LEARNED, np.unique(self.learned_keys), allow_pickle=False)
            files = {
                file.relative_to(partial).as_posix(): sha256_of(file)
                for file in sorted(partial.rglob("*"))
                if file.is_file()
            }
            write_contract(partial / CONTRACT, replace(self.contract, files=files))

    @classmethod
    def load(cls, folder: Path, own: Collection[str] = ()) -> "Model":
        """What ``save`` wrote.

        Raises:
            ModelError: a file is missing, broken or of another training, or holds a type that is
                not trusted.
        """
        contract = read_contract(folder / CONTRACT)
        for name, digest in contract.files.items():
            file = folder / name
            if not file.is_file() or sha256_of(file) != digest:
                raise ModelError(
                    f"{file} is not the file that {folder / CONTRACT} describes: they come from "
                    "different trainings. Run `make repro`, or `dvc checkout`.",
                    "model.contract",
                )
        _warn_of_versions(contract)
        pipeline = flavor(contract.flavor).load(folder, contract.target, own)
        predictor = PipelinePredictor(pipeline, contract.target)
        return cls(predictor, contract, learned_keys(folder))


def _warn_of_versions(contract: Contract) -> None:
    now = versions(contract.flavor)
    other = {name: [old, now.get(name)] for name, old in contract.versions.items()}
    if changed := {name: pair for name, pair in other.items() if pair[0] != pair[1]}:
        log.warning("the model was trained with other versions of libraries", versions=changed)


def learned_keys(folder: Path) -> Digests:
    """Digests of the keys that the model in a folder learned from.

    Raises:
        ModelError: they are missing or broken.
    """
    try:
        keys: Digests = np.load(folder / LEARNED, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise ModelError(
            f"{folder} does not say which rows it learned from ({type(error).__name__}). Train it "
            "again.",
            "model.learned_keys",
        ) from error
    return keys
