"""A GitHub on this machine: act runs the workflows, `gh` and the actions have stand-ins."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..conftest import TEMPLATE, Bake

HERE = Path(__file__).parent
ACT = Path(sys.executable).with_name("act")
EMPTY = '{"issues": [], "pulls": [], "labels": [], "dispatched": [], "enabled": []}'
NO_SOCKET = ["--container-daemon-socket", "-"]  # act looks for Docker otherwise
MAKEFILE = """\
# Each target writes down that it was called, and writes what the test gave it.
.PHONY: setup repro arrive monitor adopt propose release
setup repro arrive monitor adopt propose release:
	@echo make $@ $(MAKEOVERRIDES) >> "$$STAND_INS/calls"
	@test ! -e "$$STAND_INS/writes/$@" || cp -r "$$STAND_INS/writes/$@/." .
	@test ! -e "$$STAND_INS/fails/$@"
"""
DVC = """\
#!/bin/sh
echo dvc "$@" "${AWS_ACCESS_KEY_ID:+with $AWS_ACCESS_KEY_ID}" >> "$STAND_INS/calls"
test -z "$SSH_AUTH_SOCK" || echo "agent $SSH_AGENT_PID" >> "$STAND_INS/calls"
test ! -e "$STAND_INS/writes/$1" || cp -r "$STAND_INS/writes/$1/." .
test "$1" != add || { shift; for file; do
  echo "outs: $file" > "$file.dvc"
  echo "/${file##*/}" >> "${file%/*}/.gitignore"
done; }
"""


@dataclass(frozen=True)
class Run:
    """What a run of a workflow came to."""

    succeeded: bool
    output: str


@dataclass(frozen=True)
class GitHub:
    """A repository there: a bare one, a clone with its main branch, and what workflows have done.

    Attributes:
        folder: holds origin.git, clone, cache and artifacts; and writes/NAME, what a stand-in of
            that name puts into the working tree.
        variables: of the repository, which workflows read.
        secrets: likewise.
    """

    folder: Path
    variables: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)

    @property
    def clone(self) -> Path:
        return self.folder / "clone"

    @property
    def state(self) -> dict[str, Any]:
        """Issues, pull requests, and the workflows that were started."""
        state: dict[str, Any] = json.loads((self.folder / "github.json").read_text())
        return state

    @property
    def calls(self) -> list[str]:
        """What was called in the last run, in order."""
        return [line.strip() for line in (self.folder / "calls").read_text().splitlines()]

    def write(self, stand_in: str, name: str, content: Any) -> None:
        """Let a stand-in write a file: a text, or anything else as JSON."""
        file = self.folder / "writes" / stand_in / name
        file.parent.mkdir(parents=True, exist_ok=True)
        text = content if isinstance(content, str) else json.dumps(content)
        file.write_text(text, encoding="utf-8")

    def git(self, *command: str) -> str:
        identity = ["-c", "user.name=Ada", "-c", "user.email=ada@localhost"]
        return subprocess.run(
            ["git", *identity, *command], cwd=self.clone, check=True, capture_output=True, text=True
        ).stdout

    def push(self, message: str) -> None:
        """Commit all files of the clone on main."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        self.git("push", "--quiet", "origin", "main")

    def run(self, workflow: str, event: str = "workflow_dispatch", **inputs: str) -> Run:
        """Run a workflow of the main branch."""
        (self.folder / "calls").write_text("")
        shutil.rmtree(self.folder / "artifacts", ignore_errors=True)
        payload = self.folder / "event.json"
        repository = {"full_name": "ada/flights", "default_branch": "main"}
        ref = {"ref": "refs/heads/main", "repository": repository, "inputs": inputs}
        payload.write_text(json.dumps(ref))
        settings = [f"--var={key}={value}" for key, value in self.variables.items()]
        secrets = {"GITHUB_TOKEN": "a-token"} | self.secrets
        settings += [f"--secret={key}={value}" for key, value in secrets.items()]
        done = subprocess.run(
            [
                *(str(ACT), event, f"--workflows=.github/workflows/{workflow}.yml"),
                *(f"--eventpath={payload}", "--platform=ubuntu-latest=-self-hosted"),
                *("--no-skip-checkout", *NO_SOCKET, f"--env=STAND_INS={self.folder}"),
                f"--env=GITHUB_RUN_ID={time.time_ns()}",
                *(*settings, *self._stand_ins()),
            ],
            cwd=self.clone,
            env=self._environment(),
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        return Run(done.returncode == 0, done.stdout)

    def _stand_ins(self) -> list[str]:
        """For each action that is used, with its pin, the folder of its name."""
        files = [*self.clone.glob(".github/workflows/*.yml"), *self.clone.glob(".github/*/*/*.yml")]
        uses = re.compile(r"uses: ([\w-]+/[\w-]+)[\w/-]*@(\w{40})")
        used = {pair for file in files for pair in uses.findall(file.read_text(encoding="utf-8"))}
        folder = HERE / "stand_ins"
        return [f"--local-repository={name}@{pin}={folder / name}" for name, pin in sorted(used)]

    def _environment(self) -> dict[str, str]:
        ours = ("VIRTUAL_ENV", "PYTHONPATH", "MAKEFLAGS", "MAKELEVEL", "MFLAGS", "SSH_AUTH_SOCK")
        env = {key: value for key, value in os.environ.items() if key not in ours}
        paths = [str(self.folder / "bin"), env["PATH"], str(Path(sys.executable).parent)]
        return env | {"HOME": str(self.folder / "home"), "PATH": os.pathsep.join(paths)}


def open_repository(folder: Path, **settings: dict[str, str]) -> GitHub:
    """An empty repository, with `gh` and act ready."""
    github = GitHub(folder, **settings)
    gh = folder / "bin/gh"
    gh.parent.mkdir(parents=True)
    gh.write_text(f'#!/bin/sh\nexec "{sys.executable}" -IS "{HERE / "gh.py"}" "$@"\n')
    gh.chmod(0o755)
    (folder / "home/.config/act").mkdir(parents=True)
    (folder / "home/.config/act/actrc").write_text("")  # else it asks which image to take
    (folder / "github.json").write_text(EMPTY)
    origin = str(folder / "origin.git")
    subprocess.run(["git", "init", "--quiet", "--bare", "-b", "main", origin], check=True)
    return github


def with_stand_in_targets(folder: Path, **settings: dict[str, str]) -> GitHub:
    """A repository whose make targets and dvc only write what a test gives them: no training."""
    github = open_repository(folder, **settings)
    subprocess.run(["git", "clone", "--quiet", folder / "origin.git", github.clone], check=True)
    shutil.copytree(TEMPLATE / ".github", github.clone / ".github")
    (github.clone / "GNUmakefile").write_text(MAKEFILE)
    (github.clone / ".gitignore").write_text("/.venv/\n/models/\n/reports/\n/alerts*\n")
    (github.clone / "dvc.lock").write_text("model: first\n")
    github.push("Start")
    github.write("setup", ".venv/bin/dvc", DVC)
    (folder / "writes/setup/.venv/bin/dvc").chmod(0o755)
    github.write("pull", "models/model/contract.json", {})
    return github


def with_real_commands(folder: Path, repository: Bake, **settings: dict[str, str]) -> GitHub:
    """A bake whose environment is ready, as the clone of a repository; DVC's remote is a folder."""
    github = open_repository(folder, **settings)
    github.clone.symlink_to(repository.path)
    (folder / "venv").symlink_to(repository.path / ".venv")
    repository.run("git", "remote", "add", "origin", f"{folder}/origin.git")
    repository.run(".venv/bin/dvc", "remote", "modify", "storage", "url", f"{folder}/remote")
    github.push("Where data and models are kept")
    return github
