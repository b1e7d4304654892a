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
    config.write_text(
        text.replace("- alert: log", "- alert: webhook").replace(
            "- tracking: sqlite", "- tracking: server"
        )
    )
    secrets = {
        "ALERT_WEBHOOK_URL": f"http://127.0.0.1:{sink.server_port}/",
        "MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path}/mlflow.db",
    }
    return with_real_commands(tmp_path / "hub", repository, variables=READY, secrets=secrets)


def bring(github: GitHub, what: str, month: int) -> None:
    """A month, or its labels, comes as an owner brings it: by DVC and git."""
    repository = Bake(github.clone)
    repository.run("make", what, f"MONTH={month}")
    folder = {"arrive": "data/incoming", "labels": "data/labels"}[what]
    ending = {"arrive": "parquet", "labels": "csv"}[what]
    repository.run(".venv/bin/dvc", "add", f"{folder}/2013-{month:02}.{ending}")
    repository.run(".venv/bin/dvc", "push")
    github.push(f"{what} {month}")


def release_first_model(github: GitHub) -> None:
    repository = Bake(github.clone)
    repository.run(
        "env", f"MLFLOW_TRACKING_URI={github.secrets['MLFLOW_TRACKING_URI']}", "make", "repro"
    )
    github.push("The first model")
    lost = github.run("drift")
    assert "dvc.lock names a model that the remote does not have" in lost.output
    repository.run(".venv/bin/dvc", "push")
    assert github.run("release", "push").succeeded


@pytest.mark.slow
@pytest.mark.skip(
    reason="waits for `make adopt`, `make propose` and severity in reports/drift.json"
)
def test_a_month_that_drifts_becomes_a_better_model(github: GitHub, sink: Sink) -> None:
    release_first_model(github)

    bring(github, "arrive", 5)
    calm = github.run("drift")
    assert calm.succeeded, calm.output
    assert github.state["issues"] == sink.received == []

    bring(github, "arrive", 7)
    for _ in range(2):  # the second run has nothing to add
        run = github.run("drift")
        assert run.succeeded, run.output
    assert [issue["state"] for issue in github.state["issues"]] == ["OPEN"]
    assert len(sink.received) == 1
    assert github.state["dispatched"] == [["retrain.yml", "main"]]

    bring(github, "labels", 7)
    run = github.run("retrain", "workflow_dispatch")
    assert run.succeeded, run.output
    (pull,) = github.state["pulls"]
    assert "PROMOTE" in pull["body"]
    assert github.state["dispatched"][1:] == [["ci.yml", "retrain"]]

    github.git("fetch", "--quiet")
    github.git("merge", "--quiet", "origin/retrain")
    github.git("push", "--quiet", "origin", "main")
    run = github.run("release", "push")
    assert run.succeeded, run.output
    assert '"champion": "2"' in json.dumps(json.loads(
        (github.folder / "artifacts/release/reports/registry.json").read_text()))  # fmt: skip
