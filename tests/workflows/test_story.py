"""The whole loop with the real commands: what arrives, drift, labels, a better model, a merge."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from ..conftest import Bake
from .github import GitHub, with_real_commands

ALERT = """\
channels:
  webhook: {kind: webhook, address_env: ALERT_WEBHOOK_URL}
hosts: [127.0.0.1]
"""
READY = {"DVC_REMOTE_READY": "true", "REGISTRY_READY": "true"}


class Sink(ThreadingHTTPServer):
    """A webhook on this machine that keeps what it gets."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Receive)
        self.received: list[Any] = []


class Receive(BaseHTTPRequestHandler):
    server: Sink

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append(json.loads(body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def github(bake: Callable[..., Bake], tmp_path: Path, sink: Sink) -> GitHub:
    repository = bake(into=tmp_path / "bake")
    repository.run("make", "setup")
    config = repository.path / "conf/config.yaml"
    text = config.read_text()
    for old, new in (
        ("- alert: log", "- alert: story"),
        ("- tracking: sqlite", "- tracking: server"),
    ):
        assert old in text
        text = text.replace(old, new)
    config.write_text(text)
    (repository.path / "conf/alert/story.yaml").write_text(ALERT)
    secrets = {
        "ALERT_WEBHOOK_URL": f"http://127.0.0.1:{sink.server_port}/",
        "MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path}/mlflow.db",
    }
    return with_real_commands(tmp_path / "hub", repository, variables=READY, secrets=secrets)


def train_the_first_model(github: GitHub) -> None:
    """As an owner does, before the schedule is set up; a model that is not pushed is named."""
    repository = Bake(github.clone)
    tracking = f"MLFLOW_TRACKING_URI={github.secrets['MLFLOW_TRACKING_URI']}"
    repository.run("env", tracking, "make", "repro")
    github.push("The first model")
    lost = github.run("drift")
    assert "dvc.lock names a model that the remote does not have" in lost.output
    repository.run(".venv/bin/dvc", "push")


def bring(github: GitHub, what: str, *months: int) -> None:
    """Months, or their labels, come as an owner brings them: by DVC and git."""
    repository = Bake(github.clone)
    folder, ending = {
        "arrive": ("data/incoming", "parquet"),
        "labels": ("data/labels", "csv"),
    }[what]
    for month in months:
        repository.run("make", what, f"MONTH={month}")
        repository.run(".venv/bin/dvc", "add", f"{folder}/2013-{month:02}.{ending}")
    repository.run(".venv/bin/dvc", "push")
    github.push(f"{what} {months}")


def succeed(github: GitHub, workflow: str, event: str = "workflow_dispatch") -> str:
    run = github.run(workflow, event)
    assert run.succeeded, run.output
    return run.output


def champion(github: GitHub) -> str:
    report = github.folder / "artifacts/release/reports/registry.json"
    version: str = json.loads(report.read_text())["champion"]
    return version


@pytest.mark.slow
def test_months_that_drift_become_a_better_model_and_a_merge_promotes_it(
    github: GitHub, sink: Sink
) -> None:
    train_the_first_model(github)
    succeed(github, "release", "push")
    assert champion(github) == "1"

    bring(github, "arrive", 5, 7)
    succeed(github, "drift")
    assert "Nothing new" in succeed(github, "drift")
    assert [issue["state"] for issue in github.state["issues"]] == ["OPEN"]
    assert len(sink.received) == 1
    assert github.state["dispatched"] == [["retrain.yml", "main"]]

    bring(github, "labels", 5, 7)
    succeed(github, "retrain")
    (pull,) = github.state["pulls"]
    assert pull["body"].startswith("# PROMOTE")
    assert github.state["dispatched"][1:] == [["ci.yml", "retrain"]]

    github.git("fetch", "--quiet")
    github.git("merge", "--quiet", "origin/retrain")
    github.git("push", "--quiet", "origin", "main")
    succeed(github, "release", "push")
    assert champion(github) == "2"
