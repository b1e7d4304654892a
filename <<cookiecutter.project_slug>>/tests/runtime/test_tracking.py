import os
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from <<cookiecutter.package_name>>.errors import (
    ConfigError,
    ResourceError,
)
from <<cookiecutter.package_name>>.runtime import (
    store_file,
    tracking,
)

REPOSITORY = Path(tracking.__file__).parents[2]
RECORD = tracking.ExperimentMetadata(
    experiment_id="",
    name="flights",
    timestamp="2026-01-01T12:00:00+00:00",
    config_hash="c0ffee",
    git_commit="abc",
    parameters={"model": {"estimator": "forest", "params": {"depth": 3}}, "long": "x" * 900},
    metrics={"roc_auc": 0.73, "rows": 1000.0},
    artifacts=[],
    run_id="20260101-120000-abcdef",
    experiment="brave-fox",
)
LOG_ONE = """
import ast, sys
from pathlib import Path
from PACKAGE.runtime import store_file, tracking
record = tracking.ExperimentMetadata(**ast.literal_eval(sys.argv[1]))
print(tracking.log_run(tracking.tracking_uri("sqlite", None), record, []))
""".replace("PACKAGE", tracking.__name__.split(".")[0])


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "a répository"
    folder.mkdir()
    monkeypatch.setenv("DVC_ROOT", str(folder))
    return folder


def test_a_sqlite_store_has_an_absolute_address(repository: Path) -> None:
    assert tracking.tracking_uri("sqlite", None) == f"sqlite:///{repository}/mlflow.db"


def test_a_server_is_named_by_a_variable(monkeypatch) -> None:
    monkeypatch.setenv("TEST_MLFLOW", "http://mlflow.example")
    assert tracking.tracking_uri("server", "TEST_MLFLOW") == "http://mlflow.example"


def test_a_variable_that_is_not_set_is_named(monkeypatch) -> None:
    monkeypatch.delenv("TEST_MLFLOW", raising=False)
    with pytest.raises(ConfigError, match="TEST_MLFLOW"):
        tracking.tracking_uri("server", "TEST_MLFLOW")


def test_nested_parameters_become_dotted_names() -> None:
    nested = {"a": {"b": 1, "c": {"d": [1, 2]}}, "e": None}
    assert tracking.flatten(nested) == {"a.b": 1, "a.c.d": [1, 2], "e": None}


def test_experiments_that_start_together_on_a_new_store_are_all_tracked(repository: Path) -> None:
    environment = os.environ | {"DVC_ROOT": str(repository)}
    record = vars(RECORD)
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", LOG_ONE, repr(record)],
            cwd=REPOSITORY,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    answers = [worker.communicate(timeout=120)[0].strip() for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0]
    assert len(set(answers)) == 2


def test_a_run_holds_everything_that_names_and_describes_it(repository: Path) -> None:
    file, folder = repository / "metrics.json", repository / "plots"
    file.write_text("{}")
    folder.mkdir()
    (folder / "roc.json").write_text("[]")
    parameters = RECORD.parameters | {"many": {f"p{i}": i for i in range(150)}}
    uri = tracking.tracking_uri("sqlite", None)
    identifier = tracking.log_run(uri, replace(RECORD, parameters=parameters), [file, folder])

    with tracking.store(uri) as client:
        run = client.get_run(identifier)
        names = {entry.path for entry in client.list_artifacts(identifier)}
    assert run.info.status == "FINISHED"
    assert run.info.run_name == "brave-fox"
    assert run.data.metrics == RECORD.metrics
    assert run.data.params["model.params.depth"] == "3"
    assert len(run.data.params["long"]) == 500
    assert len(run.data.params) == 153
    tags = {"run_id": RECORD.run_id, "git_commit": "abc", "config_hash": "c0ffee"}
    assert tags.items() <= run.data.tags.items()
    assert names == {"metrics.json", "plots"}
    assert (repository / "mlruns" / identifier / "artifacts/plots/roc.json").exists()


@pytest.mark.usefixtures("repository")
def test_trials_are_runs_below_the_run_of_their_experiment() -> None:
    uri = tracking.tracking_uri("sqlite", None)
    trial = {"state": "complete", "params": {"C": 1.0}, "values": {"roc_auc": 0.7}, "is_best": True}
    trial |= {"number": 0, "started_ms": 5, "seconds": 0.004, "reason": None}
    failed = {"number": 1, "state": "fail", "params": {"C": -1.0}, "values": {}, "started_ms": 9}
    tried = tracking.trial_runs([trial, trial | failed, *[trial] * tracking.MOST_TRIALS])[:2]
    identifier = tracking.log_run(uri, RECORD, [], tried)

    with tracking.store(uri) as client:
        experiment = client.get_experiment_by_name("flights").experiment_id
        below = f"tags.`mlflow.parentRunId` = '{identifier}'"
        runs = client.search_runs([experiment], below, order_by=["start_time"])
    assert [(run.info.run_name, run.info.status) for run in runs] == [
        ("trial 0", "FINISHED"),
        ("trial 1", "FAILED"),
    ]
    assert [run.data.params for run in runs] == [{"C": "1.0"}, {"C": "-1.0"}]
    assert [run.data.metrics for run in runs] == [{"roc_auc": 0.7}, {}]


@pytest.mark.parametrize("content", [None, "this is no database " * 99], ids=["folder", "broken"])
def test_a_store_that_cannot_be_opened_is_one_clear_error(
    repository: Path, content: str | None
) -> None:
    file = repository / "mlflow.db"
    file.mkdir() if content is None else file.write_text(content)
    with pytest.raises(ResourceError, match=r"the MLflow store fails|is a folder"):
        tracking.log_run(tracking.tracking_uri("sqlite", None), RECORD, [])


def test_a_locked_store_is_one_clear_error(repository: Path, monkeypatch) -> None:
    monkeypatch.setattr(store_file, "LOCK_S", 0.1)
    holder = sqlite3.connect(repository / "mlflow.db", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(ResourceError, match="locked"):
        tracking.log_run(tracking.tracking_uri("sqlite", None), RECORD, [])
    holder.close()


def test_a_server_that_is_gone_is_an_error_without_its_password(monkeypatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(ResourceError, match=r"127\.0\.0\.1") as caught:
        tracking.log_run("http://someone:canary@127.0.0.1:9", RECORD, [])
    assert "canary" not in str(caught.value)
    assert "someone" not in str(caught.value)
