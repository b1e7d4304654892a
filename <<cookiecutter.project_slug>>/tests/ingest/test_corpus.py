"""Each broken input has its one clear result; what was good before stays, what comes after is."""

import functools
import json
import shutil
from pathlib import Path

import polars as pl
import pytest
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, OmegaConf

from <<cookiecutter.package_name>>.config import Config, load
from <<cookiecutter.package_name>>.runtime.artifacts import sha256_of
from <<cookiecutter.package_name>>.runtime.stage import (
    as_pipeline_error,
)
from <<cookiecutter.package_name>>.stages import ingest, validate

from ..fixture import CONF
from . import corpus, texts
from .corpus import GOOD, Case

CASES = {
    f"{group.lower()}: {name}": case
    for module, groups in (
        (texts, "FILES HEADERS ROWS VALUES"),
        (corpus, "JSON PARQUET SQL ADDRESSES FINE"),
    )
    for group in groups.split()
    for name, case in getattr(module, group).items()
}
WRITTEN = ("data/ingested.parquet", "data/valid.parquet", "data/quarantine.parquet")


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A folder in which a good file was ingested and validated, and the digests of what it gave."""
    folder = tmp_path_factory.mktemp("corpus")
    (folder / "schema.json").write_text(json.dumps(corpus.SCHEMA))
    (folder / "in").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert run(Case(GOOD, "fine"), "good.csv") is None
        return folder, states()


def run(case: Case, file: str) -> Exception | None:
    """Put the input into a file, and run both stages over it; what they raise, if anything."""
    path = Path("in", file)
    if callable(case.content):
        case.content(path)
    else:
        text = case.content
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    source = {"kind": case.kind, "options": case.options} | (case.source or {"path": str(path)})
    try:
        config = configured(source)
        ingest.main.__wrapped__(config)  # type: ignore[attr-defined]
        validate.main.__wrapped__(config)  # type: ignore[attr-defined]
    except Exception as error:  # a stage may raise anything: what it becomes is the question
        return error
    finally:
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    return None


@functools.cache
def defaults() -> DictConfig:
    own = ["data.schema=schema.json", "data.target=late", "data.key=id", "data.retry_s=0"]
    with initialize_config_dir(str(CONF)):
        return compose("config", [*own, "data=csv", "validate.max_quarantined=0.4"])


def configured(source: dict[str, object]) -> Config:
    composed = defaults().copy()
    OmegaConf.update(composed, "data.sources", [source])
    return load(composed)


def states() -> dict[str, str]:
    return {name: sha256_of(Path(name)) for name in WRITTEN}


@pytest.mark.parametrize("name", CASES)
def test_an_input_has_its_result(
    good: tuple[Path, dict[str, str]], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, (folder, before) = CASES[name], good
    monkeypatch.chdir(folder)
    error = run(case, case.file)
    if error is None:
        quarantine = pl.read_parquet("data/quarantine.parquet")
        expected = [] if case.result == "fine" else [True]
        assert [case.result in rules for rules in quarantine["broken_rules"]] == expected
        assert [word for word in case.words if word not in str(quarantine.rows())] == []
    else:
        known = as_pipeline_error(error)
        assert known is not None, repr(error)
        assert known.code == case.result, known.message
        assert [word for word in case.words if word not in known.message] == []
        assert states()["data/valid.parquet"] == before["data/valid.parquet"]
    assert list(folder.rglob(".*.partial")) == []

    assert run(Case(GOOD, "fine"), "good.csv") is None
    assert states() == before
