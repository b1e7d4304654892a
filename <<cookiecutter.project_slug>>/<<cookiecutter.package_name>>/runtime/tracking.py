"""Tracking: the record of an experiment, and the MLflow store that keeps it."""

import logging
import os
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..errors import ConfigError, ResourceError
from ..redaction import redact
from . import store_file
from .dvc.workspace import repository_root

MOST_TRIALS = 100  # of a search that become runs of their own: more would take minutes
STATUS = {"complete": "FINISHED", "pruned": "KILLED", "fail": "FAILED"}  # of a trial: MLflow's


@dataclass(frozen=True)
class ExperimentMetadata:
    """One experiment: what ran, on what, with which result."""

    experiment_id: str  # of the MLflow run; empty where nothing is tracked
    name: str  # of the MLflow experiment
    timestamp: str  # ISO 8601, UTC
    config_hash: str  # SHA-256 of params.yaml
    git_commit: str | None
    parameters: dict[str, Any]
    metrics: dict[str, float]
    artifacts: list[str]
    run_id: str  # on every log line of the run
    experiment: str | None  # DVC's name for it, under `dvc exp run`
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class ChildRun:
    """A run below an experiment's, such as one trial of a search."""

    name: str
    status: str  # FINISHED, KILLED or FAILED
    params: dict[str, Any]
    metrics: dict[str, float]
    tags: dict[str, str]
    started_ms: int  # since 1970, UTC
    ended_ms: int


def trial_runs(trials: list[dict[str, Any]]) -> list[ChildRun]:
    """The first MOST_TRIALS of a search as runs below the experiment's.

    Args:
        trials: the best first, as ``tune`` writes them.
    """
    return [
        ChildRun(
            name=f"trial {trial['number']}",
            status=STATUS[trial["state"]],
            params=trial["params"],
            metrics=trial["values"],
            tags={"best": str(trial["is_best"]).lower(), "reason": trial["reason"] or ""},
            started_ms=trial["started_ms"],
            ended_ms=trial["started_ms"] + round(1000 * trial["seconds"]),
        )
        for trial in trials[:MOST_TRIALS]
    ]


def now() -> str:
    """The time, ISO 8601 in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def tracking_uri(kind: str, uri_env: str | None) -> str:
    """Where MLflow's store is: a file at the repository's root, or the server in a variable.

    Raises:
        ConfigError: the variable is not set.
    """
    if kind == "sqlite":
        return f"sqlite:///{repository_root() / 'mlflow.db'}"
    address = os.environ.get(uri_env or "", "")
    if not address:
        raise ConfigError(
            f"the variable {uri_env} should hold the MLflow server's address; it is not set.",
            "config.tracking",
        )
    return address


@contextmanager
def store(uri: str) -> Iterator[Any]:
    """An MLflow client; what the store refuses becomes one clear error.

    Raises:
        ResourceError: the store cannot be opened or written.
    """
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    from alembic.util import CommandError
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    refusals = (MlflowException, SQLAlchemyError, CommandError, sqlite3.Error)
    logging.getLogger("mlflow.store.db.utils").setLevel(
        logging.CRITICAL
    )  # repeated below, in one line
    file = Path(uri.removeprefix("sqlite:///")) if uri.startswith("sqlite") else None
    try:
        with store_file.exclusive(file) if file else nullcontext():
            client = MlflowClient(tracking_uri=uri, registry_uri=uri)
        yield client
    except (*refusals, ImportError, OSError) as error:
        reason = redact(str(error), "" if file else uri).splitlines()[0].partition(". ")[0][:300]
        raise ResourceError(
            f"the MLflow store fails: {reason}. {_advice(str(error), file)}", "resource.tracking"
        ) from error


def _advice(reason: str, file: Path | None) -> str:
    if file is None:
        return "Start the server, or look at its address and its credentials."
    if "locked" in reason:
        return "Close what locks it."
    if "schema" in reason or "revision" in reason:
        return (
            f"Another version of MLflow wrote {file}: install that one (`make setup`); if it is an "
            f"older one, copy the file, then run `mlflow db upgrade sqlite:///{file}`."
        )
    return f"Restore {file} and {store_file.RUNS}/ beside it from a copy."


def get_or_create_experiment(client: Any, uri: str, name: str) -> str:
    """The identifier of the named MLflow experiment, which is created if it is missing.

    Artifacts of a sqlite store lie in mlruns/ beside it.
    """
    from mlflow.exceptions import MlflowException

    experiment = client.get_experiment_by_name(name)
    if experiment is None:
        place: dict[str, Any] = {}
        if uri.startswith("sqlite"):
            place["artifact_location"] = (repository_root() / store_file.RUNS).as_uri()
            place["tags"] = {store_file.ROOT_TAG: str(repository_root())}
        try:
            return str(client.create_experiment(name, **place))
        except MlflowException:  # another process was faster
            experiment = client.get_experiment_by_name(name)
            if experiment is None:
                raise
    return str(experiment.experiment_id)


def log_run(
    uri: str,
    record: ExperimentMetadata,
    artifacts: list[Path],
    children: Collection[ChildRun] = (),
) -> str:
    """Write one finished MLflow run, with its children, and return its identifier.

    Raises:
        ResourceError: the store cannot be opened or written.
    """
    with store(uri) as client:
        started = int(datetime.fromisoformat(record.timestamp).timestamp() * 1000)
        tags = {
            "run_id": record.run_id,
            "config_hash": record.config_hash,
            "git_commit": record.git_commit or "",
            "dvc_experiment": record.experiment or "",
        }
        name = record.experiment or record.run_id
        experiment = get_or_create_experiment(client, uri, record.name)
        run = client.create_run(experiment, start_time=started, tags=tags, run_name=name)
        identifier = str(run.info.run_id)
        _log_batch(client, identifier, flatten(record.parameters), record.metrics, started)
        for path in artifacts:
            client.log_artifact(identifier, str(path))
        for child in children:
            _log_child(client, experiment, identifier, child)
        client.set_terminated(identifier)
        return identifier


def _log_child(client: Any, experiment: str, parent: str, child: ChildRun) -> None:
    from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID

    run = client.create_run(
        experiment,
        start_time=child.started_ms,
        tags={MLFLOW_PARENT_RUN_ID: parent, **child.tags},
        run_name=child.name,
    )
    identifier = str(run.info.run_id)
    _log_batch(client, identifier, child.params, child.metrics, child.ended_ms)
    client.set_terminated(identifier, status=child.status, end_time=child.ended_ms)


def _log_batch(
    client: Any, run: str, params: dict[str, Any], metrics: dict[str, float], time_ms: int
) -> None:
    from mlflow.entities import Metric, Param

    client.log_batch(
        run,
        metrics=[Metric(key, value, time_ms, 0) for key, value in metrics.items()],
        params=[Param(key, redact(str(value))[:500]) for key, value in params.items()],
    )


def flatten(nested: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """``{"a": {"b": 1}}`` as ``{"a.b": 1}``."""
    flattened: dict[str, Any] = {}
    for key, value in nested.items():
        if isinstance(value, dict):
            flattened |= flatten(value, f"{prefix}{key}.")
        else:
            flattened[f"{prefix}{key}"] = value
    return flattened
