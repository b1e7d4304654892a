"""The action that pulls and pushes: each cloud's log-in, and what is left of it."""

import subprocess
from pathlib import Path

import pytest

from .github import with_stand_in_targets
from .test_retrain import READY, retrain

BY_OIDC = {
    "AWS_ROLE_ARN": "role",
    "AWS_REGION": "eu-west-1",
    "GOOGLE_WORKLOAD_IDENTITY_PROVIDER": "pool",
    "GOOGLE_SERVICE_ACCOUNT": "robot",
    "AZURE_CLIENT_ID": "client",
    "AZURE_TENANT_ID": "tenant",
}
BY_KEY = {
    "AWS_ACCESS_KEY_ID": "my-key",
    "AWS_SECRET_ACCESS_KEY": "my-secret",
    "GOOGLE_CREDENTIALS": "json",
}
LOGINS = [
    "log in to AWS as role in eu-west-1",
    "log in to Google Cloud by pool as robot",
    "log in to Azure as client of tenant",
]


@pytest.mark.parametrize(
    ("variables", "secrets", "logins", "key"),
    [
        (BY_OIDC, {}, LOGINS, "key-of-role"),
        ({}, BY_KEY, ["log in to Google Cloud by json"], "my-key"),
    ],
    ids=["OIDC", "keys"],
)
def test_each_pull_and_each_push_logs_in_anew(
    tmp_path: Path, variables: dict[str, str], secrets: dict[str, str], logins: list[str], key: str
) -> None:
    github = with_stand_in_targets(tmp_path, variables=READY | variables, secrets=secrets)
    retrain(github, "PROMOTE")
    run = github.run("retrain")

    assert run.succeeded, run.output
    local = ("make", "dvc repro", "dvc add")
    assert [call for call in github.calls if not call.startswith(local)] == [
        *(*logins, f"dvc pull --allow-missing with {key}"),
        *(*logins, f"dvc push with {key}"),
    ]


def test_no_agent_with_a_key_outlives_the_command(tmp_path: Path) -> None:
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    secrets = {"SSH_PRIVATE_KEY": key.read_text()}
    github = with_stand_in_targets(tmp_path / "github", variables=READY, secrets=secrets)
    retrain(github, "PROMOTE")
    run = github.run("retrain")
    agents = {call.split()[1] for call in github.calls if call.startswith("agent")}

    assert run.succeeded, run.output
    assert len(agents) == 2  # one for pull, one for push
    assert [agent for agent in agents if is_running(agent)] == []


def is_running(process: str) -> bool:
    """Whether it runs; the number of one that has ended may stay until somebody waits for it."""
    command = Path("/proc", process, "cmdline")
    return command.exists() and command.read_bytes() != b""
