"""The whole loop with the real commands: what arrives, drift, labels, a better model, a merge."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ..conftest import Bake
from .github import GitHub, with_real_commands
from .receivers import MailServer, Webhook, open_mail_server, open_webhook

ALERT = """\
channels:
  webhook: {kind: webhook, address_env: ALERT_WEBHOOK_URL}
  email: {kind: apprise, address_env: ALERT_EMAIL_URL}
hosts: [127.0.0.1]
"""
READY = {"DVC_REMOTE_READY": "true", "REGISTRY_READY": "true"}
MODEL, FULL, WEAK = "conf/model/hist_gradient_boosting.yaml", "max_iter: 200", "max_iter: 3"
SETTINGS = [  # file, text in it, and what stands there in this story
    ("conf/config.yaml", "- alert: log", "- alert: story"),
    ("conf/config.yaml", "- tracking: sqlite", "- tracking: server"),
    ("conf/evaluate/binary.yaml", "bootstrap: 200", "bootstrap: 50"),  # saves time
]


@pytest.fixture
def repository(bake: Callable[..., Bake], tmp_path: Path) -> Bake:
    repository = bake(into=tmp_path / "bake")
    repository.run("make", "setup")
    for setting in SETTINGS:
        edit(repository, *setting)
    (repository.path / "conf/alert/story.yaml").write_text(ALERT)
    return repository


def edit(repository: Bake, file: str, old: str, new: str) -> None:
    text = repository.read(file)
    assert old in text
    (repository.path / file).write_text(text.replace(old, new))


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    with open_webhook() as server:
        yield server


@pytest.fixture
def mail(repository: Bake, tmp_path: Path) -> Iterator[MailServer]:
    with open_mail_server(repository.path / ".venv/bin/python", tmp_path / "mail") as server:
        yield server


@pytest.fixture
def github(repository: Bake, tmp_path: Path, webhook: Webhook, mail: MailServer) -> GitHub:
    secrets = {
        "ALERT_EMAIL_URL": mail.address,
        "ALERT_WEBHOOK_URL": webhook.address,
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


def bring(github: GitHub, what: str, month: int) -> None:
    """A month, or its labels, come as an owner brings them: by DVC and git."""
    repository = Bake(github.clone)
    files = {"arrive": "data/incoming/2013-{:02}.parquet", "labels": "data/labels/2013-{:02}.csv"}
    repository.run("make", what, f"MONTH={month}")
    repository.run(".venv/bin/dvc", "add", files[what].format(month))
    repository.run(".venv/bin/dvc", "push")
    github.push(f"{what} {month}")


def succeed(github: GitHub, workflow: str, event: str = "workflow_dispatch") -> str:
    run = github.run(workflow, event)
    assert run.succeeded, run.output
    return run.output


def artifact(github: GitHub, name: str) -> dict[str, Any]:
    """A report in JSON that the last run kept."""
    report: dict[str, Any] = json.loads((github.folder / "artifacts" / name).read_text())
    return report


def release(github: GitHub) -> str:
    """The champion after a release."""
    succeed(github, "release", "push")
    version: str = artifact(github, "release/reports/registry.json")["champion"]
    return version


def retrain(github: GitHub) -> str:
    """What a retraining tells the open issue."""
    (issue,) = github.state["issues"]
    before = len(issue["comments"])
    succeed(github, "retrain")
    (issue,) = github.state["issues"]
    (comment,) = issue["comments"][before:]
    text: str = comment["body"]
    return text


def merge(github: GitHub) -> None:
    github.git("fetch", "--quiet")
    github.git("merge", "--quiet", "origin/retrain")
    github.git("push", "--quiet", "origin", "main")


@pytest.mark.slow
def test_months_that_drift_become_a_better_model_and_a_merge_promotes_it(
    github: GitHub, webhook: Webhook, mail: MailServer
) -> None:
    train_the_first_model(github)
    assert release(github) == "1"

    bring(github, "arrive", month=5)
    nothing_happens(github, webhook, mail)
    bring(github, "arrive", month=7)
    people_are_told_once(github, webhook, mail)

    bring(github, "labels", month=5)
    a_model_that_cannot_be_told_apart_is_held(github)
    bring(github, "labels", month=7)
    a_worse_model_is_rejected(github)
    assert github.state["pulls"] == []
    assert github.git("ls-remote", "origin", "retrain") == ""

    a_better_model_is_proposed(github)
    merge(github)
    assert release(github) == "2"


def nothing_happens(github: GitHub, webhook: Webhook, mail: MailServer) -> None:
    """The months that arrived are judged, and do not drift."""
    succeed(github, "drift")
    report = artifact(github, "drift-reports/drift.json")
    assert (report["data"]["verdict"], report["predictions"]["verdict"]) == ("steady", "steady")
    assert (report["severity"], report["retrain"], report["batch"]["rows"]) == ("none", False, 1500)
    assert github.state["issues"] == github.state["dispatched"] == []
    assert webhook.received == mail.received == []


def people_are_told_once(github: GitHub, webhook: Webhook, mail: MailServer) -> None:
    """By an issue, the webhook and a mail, and a new model is asked for; a second run adds none."""
    succeed(github, "drift")
    assert "Nothing new" in succeed(github, "drift")
    assert [issue["state"] for issue in github.state["issues"]] == ["OPEN"]
    assert github.state["dispatched"] == [["retrain.yml", "main"]]
    (alert,), (letter,) = webhook.received, mail.received
    assert alert["title"] == letter["Subject"] == "[warning] flight-delays: data drift"
    assert "data drift (temperature_f)" in alert["message"]
    assert "data drift (temperature_f)" in str(letter.get_payload())
    assert letter["To"] == "you@example.com"


def a_model_that_cannot_be_told_apart_is_held(github: GitHub) -> None:
    text = retrain(github)
    assert text.startswith("# HOLD: ")
    assert "It looks better than the champion (origin/main), but that may be chance" in text
    assert re.search(r"If the gain stays as it is, about \d+ more days of .* would decide", text)


def a_worse_model_is_rejected(github: GitHub) -> None:
    """A change of conf/ makes it worse, though it learned from more rows than the champion."""
    edit(Bake(github.clone), MODEL, FULL, WEAK)
    github.push("A smaller model")
    text = retrain(github)
    edit(Bake(github.clone), MODEL, WEAK, FULL)
    github.push("The larger model again")
    assert text.startswith("# REJECT: ")
    assert "It is worse than the champion (origin/main)" in text
    assert re.search(r"([1-9][\d,]+) of \1 test rows are unknown to both models", text)


def a_better_model_is_proposed(github: GitHub) -> None:
    (issue,) = github.state["issues"]
    succeed(github, "retrain")
    (pull,) = github.state["pulls"]
    assert pull["body"].startswith("# PROMOTE")
    assert github.state["dispatched"][1:] == [["ci.yml", "retrain"]]
    assert github.state["issues"] == [issue]  # the pull request speaks for itself
