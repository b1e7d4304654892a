import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from <<cookiecutter.package_name>>.model.model import Model
from <<cookiecutter.package_name>>.paths import MODEL
from <<cookiecutter.package_name>>.stages import (
    baseline,
    evaluate,
    ingest,
    split,
    train,
    tune,
    validate,
)

from .batch import KEY, PLANES, ROWS, SCHEMA, configured, job, text


@pytest.fixture(scope="package")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model that was trained on CSV, and the answers to the batch's keys."""
    folder = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("HASH_KEY", KEY)
        Path("schema.json").write_text(json.dumps(SCHEMA))
        for name in ("data/raw", "data/incoming", "reports"):
            Path(name).mkdir(parents=True)
        Path("data/raw/rows.csv").write_text(text(ROWS))
        Path("data/raw/planes.csv").write_text(PLANES)
        Path("models/tuning").mkdir(parents=True)
        Path("models/tuning/best.json").write_text("{}")
        for stage in (ingest, validate, split, tune, train, baseline, evaluate):
            job(stage, configured())
        valid = pl.read_parquet("data/valid.parquet").head(40)
        assert valid.height == 40
        Model.load(MODEL).predict(valid).write_parquet("want.parquet")
    return folder


@pytest.fixture(autouse=True)
def _place(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A copy of that folder, which is the current one; nothing is half-written there after it."""
    shutil.copytree(trained, tmp_path / "place")
    monkeypatch.chdir(tmp_path / "place")
    monkeypatch.setenv("HASH_KEY", KEY)
    yield
    assert list((tmp_path / "place").rglob(".*.partial")) == []
