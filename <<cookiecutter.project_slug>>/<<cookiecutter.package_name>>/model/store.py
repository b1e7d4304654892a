"""A model as files: skops (never pickle) with our own allow-list, and the contract beside it."""

import io
import json
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from ..errors import ModelError
from ..runtime.artifacts import replacing, write_json

TRUSTED = (
    "numpy.dtype",
    "sklearn.",
    "xgboost.core.Booster",
    "xgboost.sklearn.",
    f"{__package__.split('.')[0]}.model.steps.",
)


@dataclass(frozen=True)
class Contract:
    """What a model takes and gives: checked by everything that uses it."""

    features: dict[str, str]  # column: polars type, in order
    target: str
    key: str
    classes: list[Any]
    threshold: float  # of the last class
    adapter: str
    fell_back: str | None
    rows: int  # that trained it

    def select(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The features of ``rows``, in order and in their types.

        Raises:
            ModelError: a column is missing or holds what does not fit its type.
        """
        missing = [name for name in self.features if name not in rows.columns]
        if missing:
            raise ModelError(
                f"the model needs {', '.join(missing)}; found {', '.join(rows.columns)}. "
                "Mend the data, or train on it.",
                "model.contract",
            )
        try:
            return rows.select(pl.col(n).cast(getattr(pl, t)) for n, t in self._types())
        except pl.exceptions.PolarsError as error:
            raise ModelError(
                f"a value does not fit the model's contract: {str(error).splitlines()[0]}. "
                "Mend the data, or train on it.",
                "model.contract",
            ) from error

    def truth(self, rows: pl.DataFrame) -> pl.Series:
        """1.0 where a row is of the last class, else 0.0."""
        is_last = pl.col(self.target) == self.classes[-1]
        return rows.select(is_last.cast(pl.Float64).alias("truth")).to_series()

    def _types(self) -> list[tuple[str, str]]:
        return [(name, dtype.split("(")[0]) for name, dtype in self.features.items()]


def save(pipeline: Any, contract: Contract, model: Path, contract_file: Path) -> None:
    """Write both; the same model gives the same bytes."""
    import skops.io

    with replacing(model) as partial:
        partial.mkdir()
        (partial / "model.skops").write_bytes(_reproducible(skops.io.dumps(pipeline)))
    write_json(contract_file, asdict(contract))


def load(model: Path, contract_file: Path) -> tuple[Any, Contract]:
    """The pipeline and its contract.

    Raises:
        ModelError: a file is missing or broken, or the model holds a type that is not trusted.
    """
    import skops.io

    file = model / "model.skops"
    try:
        foreign = [t for t in skops.io.get_untrusted_types(file=file) if not t.startswith(TRUSTED)]
        if foreign:
            raise ModelError(
                f"{file} holds {', '.join(foreign)}, which is not trusted, so it was not loaded. "
                "Train it again here, or add the type to the allow-list in model/store.py.",
                "model.untrusted",
            )
        pipeline = skops.io.load(file, trusted=skops.io.get_untrusted_types(file=file))
        contract = Contract(**json.loads(contract_file.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise ModelError(
            f"no usable model in {model}: {error}. Run `make repro`, or `dvc pull`.",
            "model.unreadable",
        ) from error
    return pipeline, contract


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
