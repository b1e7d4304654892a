"""The action that pulls and pushes: each cloud's log-in, and what is left of it."""

import subprocess
from pathlib import Path

import pytest

from .github import with_stand_in_targets
from .test_retrain import READY, retrain

AWS = {"AWS_ROLE_ARN": "role", "AWS_REGION": "eu-west-1"}
GOOGLE = {"GOOGLE_WORKLOAD_IDENTITY_PROVIDER": "pool", "GOOGLE_SERVICE_ACCOUNT": "robot"}
AZURE = {"AZURE_CLIENT_ID": "client", "AZURE_TENANT_ID": "tenant"}
BY_KEY = {"AWS_ACCESS_KEY_ID": "my-key", "AWS_SECRET_ACCESS_KEY": "my-secret"}


@pytest.mark.parametrize(
    ("variables", "secrets", "expected"),
    [
        (AWS, {}, ["log in to AWS as role in eu-west-1", "dvc {} with key-of-role"]),
        (GOOGLE, {}, ["log in to Google Cloud by pool as robot", "dvc {}"]),
        (AZURE, {}, ["log in to Azure as client of tenant", "dvc {}"]),
        ({}, BY_KEY, ["dvc {} with my-key"]),
        ({}, {"GOOGLE_CREDENTIALS": "key"}, ["log in to Google Cloud by key", "dvc {}"]),
    ],
    ids=["AWS", "Google Cloud", "Azure", "AWS by key", "Google Cloud by key"],
)
def test_each_pull_and_push_logs_in_anew(
    tmp_path: Path, variables: dict[str, str], secrets: dict[str, str], expected: list[str]
) -> None:
    github = with_stand_in_targets(tmp_path, variables=READY | variables, secrets=secrets)
    retrain(github, "PROMOTE")
    run = github.run("retrain")
    pull = [line.format("pull --allow-missing") for line in expected]
    push = [line.format("push") for line in expected]

    assert run.succeeded, run.output
    called = [call for call in github.calls if not call.startswith(("make", "dvc repro"))]
    assert called == [*pull, *push]


def test_no_agent_with_a_key_outlives_the_command(tmp_path: Path) -> None:
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    secrets = {"SSH_PRIVATE_KEY": key.read_text()}
    github = with_stand_in_targets(tmp_path / "github", variables=READY, secrets=secrets)
    retrain(github, "PROMOTE")
    run = github.run("retrain")
    agents = [call.split()[1] for call in github.calls if call.startswith("agent")]

    assert run.succeeded, run.output
    assert len(agents) == 2  # one for pull, one for push
    assert [agent for agent in agents if Path("/proc", agent).exists()] == []
    assert not [file for file in tmp_path.rglob("*") if file.is_socket()]
