"""Stages run by hand, without DVC."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from .conftest import metrics, run

pytestmark = pytest.mark.pipeline


@pytest.mark.parametrize(
    ("stage", "override", "code", "named"),
    [
        ("train", "split.test=2", 2, "split.test"),
        ("train", "model=none_such", 2, "none_such"),
        ("train", "seed=x", 2, "seed"),
        ("ingest", "data.sources.0.path=gone.parquet", 3, "gone.parquet"),
        ("validate", "data.schema=gone.json", 2, "gone.json"),
        ("split", "data.target=member", 0, "done"),
        ("split", "data.ignore=[ridr]", 2, "rider"),
        ("train", "model.estimator=oracle", 2, "oracle"),
        ("train", "model.params.depth=3", 2, "depth"),
        ("train", "model.batch_rows=1000", 2, "xgboost"),
        ("evaluate", "evaluate.metrics=[luck]", 2, "luck"),
        ("register", "tracking=none", 2, "tracking"),
    ],
)
def test_a_stage_by_hand_ends_with_the_code_of_its_error_and_no_traceback(
    repository: Path, package: str, stage: str, override: str, code: int, named: str
) -> None:
    by_hand = ("python", "-m", f"{package}.stages.{stage}", override, "hydra.run.dir=outputs/x")
    output = run(repository, *by_hand, code=code)

    assert named in output
    assert "Traceback" not in output
    assert run(repository, "git", "status", "--porcelain") == ""


def test_training_from_the_disk_learns_all_training_rows(repository: Path, package: str) -> None:
    settings = ("model=xgboost_disk", "model.batch_rows=1000", "model.params.n_estimators=20")
    run(repository, "python", "-m", f"{package}.stages.train", *settings, "hydra.run.dir=outputs/x")
    contract = json.loads((repository / "models/model/contract.json").read_text())
    files = [repository / f"data/split/{part}.parquet" for part in ("train", "validation")]
    train, validation = (pl.read_parquet(file).height for file in files)

    assert contract["rows"] == train > 1000
    assert contract["fell_back"] is None
    assert np.load(repository / "models/model/learned_keys.npy").size == train + validation


def test_an_unreachable_store_degrades_and_the_card_says_so(repository: Path, package: str) -> None:
    nowhere = {"MLFLOW_TRACKING_URI": "http://127.0.0.1:9"}
    for stage in ("track", "card"):
        by_hand = ("python", "-m", f"{package}.stages.{stage}", "tracking=server")
        run(repository, *by_hand, "hydra.run.dir=outputs/x", **nowhere)
    card = (repository / "reports/model_card.md").read_text()

    assert "Warning:" in card
    assert "MLflow" in card


@pytest.mark.skipif(not importlib.util.find_spec("shap"), reason="needs the extra shap")
def test_shap_values_go_from_the_evaluation_to_the_record_and_the_card(
    repository: Path, package: str
) -> None:
    before = metrics(repository)
    for stage in ("evaluate", "track", "card"):
        by_hand = ("python", "-m", f"{package}.stages.{stage}", "evaluate.explain=shap")
        run(repository, *by_hand, "hydra.run.dir=outputs/x")
    moves = json.loads((repository / "reports/shap.json").read_text())
    artifacts = [file.read_text() for file in (repository / "mlruns").rglob("shap.json")]
    card = (repository / "reports/model_card.md").read_text()

    assert list(moves.values()) == sorted(moves.values(), reverse=True)
    assert moves.keys() == json.loads((repository / "reports/importance.json").read_text()).keys()
    assert moves in map(json.loads, artifacts)
    assert "| column | loss | moves by |" in card
    assert all(f"| `{name}` | " in card for name in moves)
    assert metrics(repository) == before
