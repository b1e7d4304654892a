"""The workflows are well-formed, hold few rights, and call only what the Makefile offers."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import run

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ACTIONS = sorted((ROOT / ".github" / "actions").glob("*/action.yml"))
LOGIN = {"contents": "read", "id-token": "write"}  # by a token of the job, not by a stored key
RIGHTS = {  # of a job that does more than read the code
    ("ci", "pipeline"): LOGIN,
    ("drift", "watch"): LOGIN,
    ("drift", "respond"): {"issues": "write", "actions": "write"},
    ("drift", "keep-schedules"): {"actions": "write"},
    ("retrain", "train"): LOGIN,
    ("retrain", "propose"): {"contents": "write", "pull-requests": "write", "actions": "write"},
    ("retrain", "explain"): {"issues": "write"},
    ("release", "release"): LOGIN,
}
AUDIT = ("zizmor", "--offline", "--persona=auditor")
RUNS_OUR_CODE = re.compile(r"\bmake |\.venv/|\./\.github/actions/")


def load(path: Path) -> dict[str, Any]:
    workflow: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    return workflow


def tool(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name(name)), *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)


def test_every_workflow_follows_the_schema_of_github() -> None:
    for kind, files in {"workflows": WORKFLOWS, "actions": ACTIONS}.items():
        schema = ("--builtin-schema", f"vendor.github-{kind}")
        result = tool("check-jsonschema", *schema, *map(str, files))
        assert result.returncode == 0, result.stdout


def test_the_security_audit_has_no_finding() -> None:
    result = tool(*AUDIT, "--config=.github/zizmor.yml", ".github")
    assert result.returncode == 0, result.stdout


def test_the_security_audit_refuses_an_action_that_is_not_pinned(tmp_path: Path) -> None:
    pinned = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    loose = tmp_path / "ci.yml"
    loose.write_text(re.sub(r"checkout@\w{40}.*", "checkout@main", pinned), encoding="utf-8")
    assert tool(*AUDIT, str(loose)).returncode != 0


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_rights_are_none_on_top_and_only_what_a_job_needs(path: Path) -> None:
    workflow = load(path)
    assert workflow["permissions"] == {}
    for name, job in workflow["jobs"].items():
        rights = RIGHTS.get((path.stem, name), {"contents": "read"})
        assert job["permissions"] == rights
        assert int(job["timeout-minutes"]) <= 120
        if "write" in (rights | {"id-token": "none"}).values():  # no code of a library has these
            assert not RUNS_OUR_CODE.search(json.dumps(job["steps"]))


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
    [("drift", r".* \* \* \*"), ("newest", r".* \* \* \d"), ("retrain", r".* \d+ \* \*")],
    ids=["drift daily", "newest weekly", "retrain monthly"],
)
def test_the_watch_runs_by_itself(name: str, cron: str) -> None:
    triggers = load(ROOT / ".github" / "workflows" / f"{name}.yml")["on"]
    assert re.fullmatch(cron, triggers["schedule"][0]["cron"])
    assert "workflow_dispatch" in triggers


def test_what_the_data_calls_its_columns_reaches_a_job_summary_only_by_a_page_that_escapes_it(
    tmp_path: Path,
) -> None:
    """The step as it stands: it prints the page, and of the report a word."""
    steps = load(ROOT / ".github/workflows/drift.yml")["jobs"]["watch"]["steps"]
    (step,) = [step for step in steps if step.get("id") == "verdict"]
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports/drift.md").write_text("## a page\n")
    data = {"verdict": "drifted", "drifted": ["canary"]}
    report = {"severity": "error", "retrain": True, "data": data, "recommendations": ["canary"]}
    (tmp_path / "reports/drift.json").write_text(json.dumps(report))
    files = {name: str(tmp_path / name) for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT")}
    run(tmp_path, "bash", "-e", "-c", step["run"], **files)

    assert (tmp_path / "GITHUB_STEP_SUMMARY").read_text() == "## a page\n"
    output = (tmp_path / "GITHUB_OUTPUT").read_text()
    assert re.fullmatch(r"severity=error\nretrain=true\nknown=true\nevidence=\w{16}\n", output)
    texts = [path.read_text() for path in WORKFLOWS]
    printed = {name for text in texts for name in re.findall(r"(?:cat|sed \S+) (\S+)", text)}
    pages = ("drift", "performance", "model_card", "proposal")
    assert printed == {f"reports/{name}.md" for name in pages}
