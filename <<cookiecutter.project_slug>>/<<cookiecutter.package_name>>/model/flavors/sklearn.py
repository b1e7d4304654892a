"""Pipelines of scikit-learn: saved by skops, never by pickle, with a list of trusted types."""

import io
import json
import zipfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ...errors import ModelError, PipelineError
from ...split.target import Array, Target
from ..trust import trusted, unusable

FILE = "model.skops"
LIBRARIES = ("scikit-learn", "skops", "numpy", "polars")


@dataclass(frozen=True)
class Predictor:
    """A fitted pipeline that was trained on a target's codes or numbers."""

    pipeline: Any
    target: Target

    def predict(self, x: pl.DataFrame) -> Array:
        """(n, k) probabilities in the order of the target's classes, or (n,) values.

        Raises:
            ModelError: the pipeline cannot answer these rows.
        """
        if x.is_empty():  # estimators refuse what has no row
            return np.empty((0, len(self.target.classes)) if self.target.classes else 0)
        try:
            if not self.target.is_classification:
                return np.asarray(self.pipeline.predict(x), dtype=np.float64).reshape(len(x))
            probabilities = np.zeros((len(x), len(self.target.classes)))
            codes = np.asarray(self.pipeline.classes_).astype(int)  # those of the training rows
            probabilities[:, codes] = self.pipeline.predict_proba(x)
        except (PipelineError, OSError, MemoryError):
            raise
        except Exception as error:  # a step or an estimator may raise anything
            reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
            raise ModelError(
                f"the model cannot answer these rows: {reason}. Fix its class or its steps, and "
                "train it again.",
                "model.answer",
            ) from error
        return probabilities


def save(predictor: Predictor, folder: Path, own: Collection[str]) -> None:
    """Write the pipeline to a folder; the same pipeline gives the same bytes.

    Raises:
        ModelError: it holds what cannot be written, or a type that could not be loaded again.
    """
    saved = _dump(predictor.pipeline)
    trusted(saved, own, "the model")
    (folder / FILE).write_bytes(_reproducible(saved))


def check(pipeline: Any, own: Collection[str]) -> None:
    """Refuse a pipeline that could not be saved, before it is trained.

    Raises:
        ModelError: as ``save`` does.
    """
    trusted(_dump(pipeline), own, "the model")


def load(folder: Path, target: Target, own: Collection[str]) -> Predictor:
    """The predictor that ``save`` wrote; nothing of the file is imported before it is checked.

    Raises:
        ModelError: the file is missing or broken, or holds a type that is not trusted.
    """
    import skops.io
    from sklearn.pipeline import Pipeline

    holder = str(folder)
    try:
        saved = (folder / FILE).read_bytes()
    except OSError as error:
        raise unusable(holder, error) from error
    names = trusted(saved, own, holder)
    try:
        pipeline = skops.io.loads(saved, trusted=names)
        whole = isinstance(pipeline, Pipeline) and len(pipeline.steps) == 2
    except Exception as error:  # all of it is of trusted types, but may lack any part
        raise unusable(holder, error) from error
    if not whole:
        raise unusable(holder, TypeError("it is no pipeline of preprocessing and estimator"))
    return Predictor(pipeline, target)


def _dump(pipeline: Any) -> bytes:
    import skops.io

    try:
        return bytes(skops.io.dumps(pipeline))
    except Exception as error:  # an object of one's own may refuse by any error
        raise ModelError(
            f"the model cannot be saved: {error}. Keep what it learned in numbers, texts, lists "
            "and arrays.",
            "model.unsaved",
        ) from error


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
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("schema.json"), renumbered)
        for old, new in files.items():
            archive.writestr(zipfile.ZipInfo(new), members[old])
    return buffer.getvalue()
