"""Experiments of DVC's queue whose worker was killed."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from <<cookiecutter.package_name>>.runtime.dvc.queue import (
    CELERY,
    EXPERIMENTS,
    _is_working,
    requeue_orphans,
)

from ...conftest import commit, run

PIPELINE = """stages:
  s:
    cmd: while test -e "{hold}"; do sleep 0.2; done; cp params.yaml out
    params: [x]
    outs: [out]
"""
STATES = ("Queued", "Running", "Success", "Failed")
MESSAGES = CELERY / "broker/processed"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with one experiment in DVC's queue, which ends only once `hold` is gone."""
    folder = tmp_path_factory.mktemp("queue")
    commit(folder, "init", "--quiet")
    commit(folder, "config", "user.name", "test")
    commit(folder, "config", "user.email", "test@localhost")
    run(folder, "dvc", "init", "--quiet")
    (folder / "params.yaml").write_text("x: 1\n")
    (folder / "dvc.yaml").write_text(PIPELINE.format(hold=folder / ".git/hold"))
    (folder / ".git/hold").touch()
    commit(folder, "add", "--all")
    commit(folder, "commit", "--quiet", "--message", "start")
    run(folder, "dvc", "exp", "run", "--queue", "--name", "two", "--set-param", "x=2")
    return folder


@pytest.fixture(autouse=True)
def _inside(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)


def start() -> None:
    """Start a worker; it would keep a pipe open."""
    subprocess.run(["dvc", "queue", "start"], stdout=subprocess.DEVNULL, check=True)


def wait(ready: Callable[[], object]) -> None:
    end = time.monotonic() + 120
    while not ready():
        assert time.monotonic() < end
        time.sleep(0.2)


def status() -> str:
    return next(x for x in run(Path(), "dvc", "queue", "status").split() if x in STATES)


def test_a_living_worker_keeps_its_task_and_a_killed_one_gives_it_back() -> None:
    start()
    wait(lambda: list(EXPERIMENTS.glob("run/*/*.pid")))
    requeue_orphans()
    untouched = list(MESSAGES.glob("*.celery.msg"))
    worker = int((CELERY / "dvc-exp-worker-1.pid").read_text())
    os.killpg(os.getpgid(worker), signal.SIGKILL)
    time.sleep(0.5)
    before = status()
    requeue_orphans()

    assert untouched
    assert (before, status()) == ("Running", "Queued")
    assert not list(EXPERIMENTS.glob("tmp*"))


def test_the_next_worker_runs_it_against_its_own_baseline(project: Path) -> None:
    (project / ".git/hold").unlink()
    start()
    wait(lambda: status() != "Queued")
    wait(lambda: status() != "Running")

    assert status() == "Success"
    head = run(project, "git", "rev-parse", "HEAD").strip()
    assert f"refs/exps/{head[:2]}/{head[2:]}/two" in run(project, "git", "for-each-ref")


@pytest.mark.parametrize("text", [None, "", '{"status": "SUC'])
def test_an_experiment_that_ended_before_its_worker_was_killed_is_not_run_again(
    text: str | None,
) -> None:
    wait(lambda: not _is_working())
    (result,) = (CELERY / "result").iterdir()
    result.unlink() if text is None else result.write_text(text)
    requeue_orphans()

    assert status() == "Success"


def test_what_the_dead_were_told_is_not_told_to_the_next_worker() -> None:
    shutdown = CELERY / "broker/in/1_a.dvc-exp-1@localhost.celery.pidbox.msg"
    torn = CELERY / "broker/control/celery.pidbox.exchange"
    message = MESSAGES / "1_b.celery.msg"
    for file in (shutdown, torn, message):
        file.write_text("")
    requeue_orphans()

    assert not any(file.exists() for file in (shutdown, torn, message))
    assert status() == "Success"
