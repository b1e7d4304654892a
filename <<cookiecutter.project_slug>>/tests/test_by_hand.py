"""Stages run by hand, without DVC."""

from pathlib import Path

import pytest

from .conftest import run

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


def test_an_unreachable_store_degrades_and_the_card_says_so(repository: Path, package: str) -> None:
    nowhere = {"MLFLOW_TRACKING_URI": "http://127.0.0.1:9"}
    for stage in ("track", "card"):
        by_hand = ("python", "-m", f"{package}.stages.{stage}", "tracking=server")
        run(repository, *by_hand, "hydra.run.dir=outputs/x", **nowhere)
    card = (repository / "reports/model_card.md").read_text()

    assert "Warning:" in card
    assert "MLflow" in card
