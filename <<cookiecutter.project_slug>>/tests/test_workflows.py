"""The workflows are well-formed, hold few rights, and call only what the Makefile offers."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import commit, run

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
WRITES = {  # every right beyond reading: (workflow, job) -> permissions
    ("drift", "retrain"): {"actions": "write"},
    ("retrain", "propose"): {"contents": "write", "pull-requests": "write"},
}


def load(path: Path) -> dict[str, Any]:
    workflow: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    return workflow


def tool(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name(name)), *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)


def test_every_workflow_follows_the_schema_of_github() -> None:
    schema = ("--builtin-schema", "vendor.github-workflows")
    result = tool("check-jsonschema", *schema, *map(str, WORKFLOWS))
    assert result.returncode == 0, result.stdout


def test_the_security_audit_has_no_finding() -> None:
    result = tool("zizmor", "--offline", "--persona=auditor", ".github")
    assert result.returncode == 0, result.stdout


def test_the_security_audit_refuses_an_action_that_is_not_pinned(tmp_path: Path) -> None:
    pinned = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    loose = tmp_path / "ci.yml"
    loose.write_text(re.sub(r"checkout@\w{40}.*", "checkout@main", pinned), encoding="utf-8")
    assert tool("zizmor", "--offline", "--persona=auditor", str(loose)).returncode != 0


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_rights_are_none_on_top_and_only_what_a_job_needs(path: Path) -> None:
    workflow = load(path)
    assert workflow["permissions"] == {}
    for name, job in workflow["jobs"].items():
        assert job["permissions"] == WRITES.get((path.stem, name), {"contents": "read"})
        assert int(job["timeout-minutes"]) <= 120


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_make_target_that_a_workflow_calls_exists(path: Path) -> None:
    called = set(re.findall(r"\bmake ([a-z-]+)", path.read_text(encoding="utf-8")))
    files = (ROOT / "Makefile", *ROOT.glob("*.mk"))
    makefiles = [file.read_text(encoding="utf-8") for file in files]
    assert called <= set(re.findall(r"^([a-z-]+):", "\n".join(makefiles), re.MULTILINE))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_environment_is_made_of_the_python_that_the_job_chooses(path: Path) -> None:
    """By setup-uv, which sets UV_PYTHON; each Python of a matrix once."""
    for job in load(path)["jobs"].values():
        runs = [step.get("run", "") for step in job["steps"]]
        makes = [number for number, run in enumerate(runs) if re.search("make setup|uv venv", run)]
        uses = [step.get("uses", "") for step in job["steps"]]
        chooses = [number for number, name in enumerate(uses) if "astral-sh/setup-uv@" in name]
        assert len(makes) == len(chooses) <= 1
        if makes:
            python = job["steps"][chooses[0]]["with"]["python-version"]
            assert chooses < makes
            assert (python == "${{ matrix.python }}") == ("strategy" in job)


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """The Makefile with a project that needs no library, so that `make setup` is quick."""
    folder = tmp_path / "a bare project"
    folder.mkdir()
    shutil.copy(ROOT / "Makefile", folder)
    extras = re.findall(r"EXTRAS \?= (.*)", (ROOT / "Makefile").read_text(encoding="utf-8"))[0]
    lines = [f"{extra} = []" for extra in extras.split(",")]
    head = ["[project]", 'name = "bare"', 'version = "0"', "[project.optional-dependencies]"]
    (folder / "pyproject.toml").write_text("\n".join([*head, *lines]))
    (folder / "requirements.lock").touch()
    return folder


def interpreter(file: Path, version: str | None = None) -> Path:
    """A Python of its own path, that writes down its calls; it may give another version."""
    file.parent.mkdir(parents=True, exist_ok=True)
    answer = f'test "$1" != -V || {{ echo "Python {version}"; exit; }}\n' if version else ""
    file.write_text(f'#!/bin/sh\n{answer}echo "$@" >> "$0.called"\nexec "{sys.executable}" "$@"\n')
    file.chmod(0o755)
    return file


def test_setup_installs_the_extras_that_conf_asks_for(bare: Path) -> None:
    (bare / "conf").mkdir()
    (bare / "conf/extras.txt").write_text("# one a line\ntorch  # a network\nssh\n")
    printed = run(bare, "make", "--dry-run", "setup")

    assert "--extra dev" in printed
    assert "--extra torch --extra ssh\n" in printed


@pytest.mark.parametrize("variable", ["UV_PYTHON", "PYTHON"])
def test_setup_takes_the_python_that_was_chosen(
    bare: Path, tmp_path: Path, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("UV_PYTHON", "PYTHON", "MAKEFLAGS", "VIRTUAL_ENV"):
        monkeypatch.delenv(name, raising=False)
    chosen = interpreter(tmp_path / "python3.99")
    run(bare, "make", "setup", **{variable: str(chosen)})
    run(bare, "make", "setup", **{variable: str(chosen)})  # the environment fits

    assert Path(f"{chosen}.called").exists()
    assert run(bare, ".venv/bin/python", "-V") == run(bare, sys.executable, "-V")


def test_an_environment_of_another_python_is_named_and_kept(bare: Path) -> None:
    existing = interpreter(bare / ".venv/bin/python", "3.10.1")
    (bare / ".venv/.ready").touch()
    output = run(bare, "make", "setup", code=2, UV_PYTHON=sys.executable)

    assert ".venv is Python 3.10, not Python 3." in output
    assert existing.exists()
    assert "up to date" not in run(bare, "make", "setup", UV_PYTHON="", PYTHON="")


def test_a_python_that_is_not_there_is_named(bare: Path) -> None:
    output = run(bare, "make", "setup", code=2, UV_PYTHON="3.99", UV_OFFLINE="1")

    assert "Python 3.99 is not there" in output
    assert not (bare / ".venv").exists()


@pytest.mark.parametrize(
    ("name", "cron"),
    [("drift", r".* \* \* \d"), ("newest", r".* \* \* \d"), ("retrain", r".* \d+ \* \*")],
    ids=["drift weekly", "newest weekly", "retrain monthly"],
)
def test_the_watch_runs_by_itself(name: str, cron: str) -> None:
    triggers = load(ROOT / ".github" / "workflows" / f"{name}.yml")["on"]
    assert re.fullmatch(cron, triggers["schedule"][0]["cron"])
    assert "workflow_dispatch" in triggers


def test_alerts_that_could_not_be_sent_are_kept_for_the_next_run_even_when_this_one_fails() -> None:
    steps = load(ROOT / ".github" / "workflows" / "drift.yml")["jobs"]["watch"]["steps"]
    order = [str(step.get("uses", step.get("run", ""))).split("@")[0] for step in steps]
    assert order.index("actions/cache/restore") < order.index("make monitor")
    keep = steps[order.index("actions/cache/save")]
    assert keep["with"]["path"] == "alerts.db"
    assert keep["if"].startswith("always()")


@pytest.mark.parametrize(("rows", "warned"), [(0, True), (3, False)])
def test_the_watch_runs_whatever_arrived_and_warns_where_nothing_did(
    tmp_path: Path, rows: int, *, warned: bool
) -> None:
    steps = load(ROOT / ".github/workflows/drift.yml")["jobs"]["watch"]["steps"]
    assert [step.get("if") for step in steps if step.get("run") == "make monitor"] == [None]
    step = next(step for step in steps if step.get("name") == "Say that nothing has arrived")
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports/incoming.json").write_text(f'{{"rows": {rows}}}')

    assert ("::warning::" in run(tmp_path, "bash", "-e", "-c", step["run"])) == warned


def test_a_retrained_model_is_proposed_by_a_branch_and_a_pull_request(tmp_path: Path) -> None:
    """The step as it stands, with a remote on this disk; `gh` writes down how it was called."""
    step = load(ROOT / ".github/workflows/retrain.yml")["jobs"]["propose"]["steps"][-1]
    clone, called = tmp_path / "clone", tmp_path / "called"
    run(tmp_path, "git", "init", "--quiet", "--bare", "origin.git")
    run(tmp_path, "git", "clone", "--quiet", "origin.git", str(clone))
    commit(clone, "commit", "--quiet", "--allow-empty", "--message", "start")
    for name in ("dvc.lock", "params.yaml", "reports/model_card.md"):
        (clone / name).parent.mkdir(exist_ok=True)
        (clone / name).write_text("retrained\n")
    gh = tmp_path / "bin" / "gh"
    gh.parent.mkdir()
    gh.write_text(f"#!/bin/sh\necho \"$@\" >> '{called}'\n")
    gh.chmod(0o755)
    own = {"BASE": "main", "BRANCH": "retrain-7-1", "EMAIL": step["env"]["EMAIL"]}
    path = f"{gh.parent}{os.pathsep}{os.environ['PATH']}"
    run(clone, "bash", "-e", "-c", step["run"], PATH=path, **own)

    pushed = run(clone, "git", "ls-tree", "--name-only", "origin/retrain-7-1").split()
    assert pushed == ["dvc.lock", "params.yaml"]
    assert "pr create" in called.read_text()
    assert "--base main --head retrain-7-1" in called.read_text()


def test_what_the_data_calls_its_columns_reaches_a_job_summary_only_by_a_page_that_escapes_it(
    tmp_path: Path,
) -> None:
    """The step as it stands: it prints the page, and of the report a yes or no."""
    steps = load(ROOT / ".github/workflows/drift.yml")["jobs"]["watch"]["steps"]
    (step,) = [step for step in steps if step.get("id") == "summary"]
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports/drift.md").write_text("## a page\n")
    report = {"retrain": True, "recommendations": ["canary"], "data": {"drifted": ["canary"]}}
    (tmp_path / "reports/drift.json").write_text(json.dumps(report))
    files = {name: str(tmp_path / name) for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT")}
    run(tmp_path, "bash", "-e", "-c", step["run"], **files)

    assert (tmp_path / "GITHUB_STEP_SUMMARY").read_text() == "## a page\n"
    assert (tmp_path / "GITHUB_OUTPUT").read_text() == "drift=true\n"
    texts = [path.read_text() for path in WORKFLOWS]
    printed = {name for text in texts for name in re.findall(r"(?:cat|sed \S+) (\S+)", text)}
    assert printed == {f"reports/{name}.md" for name in ("drift", "performance", "model_card")}
