"""The search as a stage of the pipeline, and as a sweep by hand."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from ..conftest import run

pytestmark = pytest.mark.pipeline


def test_a_search_is_an_experiment_and_its_best_trial_is_trained(repository: Path) -> None:
    from mlflow import MlflowClient

    search = ("-S", "tune=optuna", "-S", "tune.trials=2", "-S", "tune.folds=2")
    output = run(repository, "dvc", "exp", "run", "-n", "searched", *search, "card")

    assert "Running stage 'train'" in output
    assert "Running stage 'split'" not in output
    assert json.loads((repository / "models/tuning/best.json").read_text()).keys() == {"C"}
    assert "## How it was tuned" in (repository / "reports/model_card.md").read_text()
    client = MlflowClient(f"sqlite:///{repository}/mlflow.db")
    record = json.loads((repository / "reports/experiment.json").read_text())
    below = f"tags.`mlflow.parentRunId` = '{record['experiment_id']}'"
    experiment = client.get_run(record["experiment_id"]).info.experiment_id
    tried = client.search_runs([experiment], below)
    assert {frozenset(one.data.params) for one in tried} == {frozenset({"C"})}
    assert len(tried) == 2


def test_experiments_in_copies_go_on_with_the_study_of_their_repository(repository: Path) -> None:
    search = ("-S", "tune=optuna", "-S", "tune.folds=2", "-S")
    for trials in (2, 3):
        run(repository, "dvc", "exp", "run", "--temp", *search, f"tune.trials={trials}", "tune")

    with closing(sqlite3.connect(repository / "studies/study.db")) as db:
        assert db.execute("SELECT count(*) FROM trials").fetchone() == (3,)


def test_a_search_and_a_sweep_never_see_the_test_rows(repository: Path, package: str) -> None:
    (repository / "data/split/test.parquet").unlink()
    run(repository, "python", "-m", f"{package}.stages.tune", "tune=optuna", "tune.trials=1")
    written = {path: path.read_bytes() for path in repository.glob("models/*/*")}
    score = ("python", "-m", f"{package}.commands.score", "-m", "experiment=sweep")
    run(repository, *score, "hydra.sweeper.n_trials=2", "tune.folds=2")

    assert json.loads((repository / "models/tuning/best.json").read_text()).keys() == {"C"}
    with closing(sqlite3.connect(repository / "sweeps.db")) as db:
        values = [value for (value,) in db.execute("SELECT value FROM trial_values")]
    assert len(values) == 2
    assert all(0.5 < value < 1 for value in values)
    assert {path: path.read_bytes() for path in repository.glob("models/*/*")} == written
    assert run(repository, "git", "status", "--porcelain") == ""
