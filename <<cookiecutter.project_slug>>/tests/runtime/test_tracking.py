import sqlite3
from pathlib import Path

import pytest

from <<cookiecutter.package_name>>.errors import ConfigError, ResourceError
from <<cookiecutter.package_name>>.runtime import tracking

RECORD = tracking.ExperimentMetadata(
    experiment_id="",
    name="flights",
    timestamp=tracking.now(),
    config_hash="c",
    git_commit="g",
    parameters={"model": {"adapter": "forest", "params": {"depth": 3}}},
    metrics={"roc_auc": 0.7},
    artifacts=["a.json"],
    status=tracking.ExperimentStatus.FINISHED,
    run_id="run-1",
    experiment="nice-name",
)


def test_one_run_holds_parameters_metrics_tags_and_artifacts(tmp_path: Path) -> None:
    from mlflow import MlflowClient

    artifact = tmp_path / "a.json"
    artifact.write_text("{}")
    uri = tracking.tracking_uri("sqlite", None)
    run = MlflowClient(uri).get_run(tracking.log_run(uri, RECORD, [artifact]))

    assert run.data.params["model.params.depth"] == "3"
    assert run.data.metrics == {"roc_auc": 0.7}
    assert run.data.tags["run_id"] == "run-1"
    assert run.info.run_name == "nice-name"
    assert (tmp_path / "mlruns" / run.info.run_id / "artifacts/a.json").is_file()


def test_a_copy_of_the_repository_writes_to_the_original(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DVC_ROOT", str(tmp_path / "original"))

    assert tracking.tracking_uri("sqlite", None) == f"sqlite:///{tmp_path}/original/mlflow.db"


def test_a_store_that_is_no_database_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("no database, but long enough to be looked at" * 100)

    with pytest.raises(ResourceError, match="MLflow store"):
        tracking.log_run(tracking.tracking_uri("sqlite", None), RECORD, [])


def test_a_locked_store_is_a_clear_error(tmp_path: Path) -> None:
    uri = tracking.tracking_uri("sqlite", None)
    tracking.log_run(uri, RECORD, [])
    holder = sqlite3.connect(tmp_path / "mlflow.db", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")

    with pytest.raises(ResourceError, match="locked"):
        tracking.log_run(uri, RECORD, [])
    holder.close()


def test_a_server_without_an_address_is_refused() -> None:
    with pytest.raises(ConfigError, match="NO_SUCH_VARIABLE"):
        tracking.tracking_uri("server", "NO_SUCH_VARIABLE")
