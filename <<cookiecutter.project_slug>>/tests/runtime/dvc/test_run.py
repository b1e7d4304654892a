"""What names a run, and where it comes from."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from <<cookiecutter.package_name>>.runtime.dvc import run

from ...conftest import ROOT, commit

PRINT = f"from {run.__name__} import run_id; print(run_id())"


def identifiers(command: str) -> list[str]:
    """What two stages of one DVC command print; a script called dvc stands for it."""
    script = Path("dvc")
    script.write_text(f"import subprocess, sys\nfor _ in range(2):\n    {command}\n")
    lines = subprocess.run(
        [sys.executable, str(script.resolve())],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert len(lines) == 2
    return lines


def test_all_stages_of_one_dvc_command_have_one_identifier() -> None:
    first, second = identifiers(f"subprocess.run([sys.executable, '-c', {PRINT!r}], check=True)")
    other, _ = identifiers(f"subprocess.run([sys.executable, '-c', {PRINT!r}], check=True)")

    assert re.fullmatch(r"\d{8}-\d{6}-[0-9a-f]{6}", first)
    assert first == second != other


def test_the_commit_and_its_files_are_read_from_git() -> None:
    assert run.git_commit() is None
    Path("params.yaml").write_text("x: 1\n")
    commit(Path(), "init", "--quiet")
    assert run.git_commit() is None
    commit(Path(), "add", "--all")
    commit(Path(), "commit", "--quiet", "--message", "start")
    Path("params.yaml").write_text("x: 2\n")

    assert re.fullmatch(r"[0-9a-f]{40}", run.git_commit() or "")
    assert run.committed_text(Path("params.yaml")) == "x: 1\n"
    assert run.committed_text(Path("none.yaml")) is None


def test_an_experiment_has_the_name_that_dvc_gives_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (run.experiment_name(), run.is_stage()) == (None, False)
    monkeypatch.setenv("DVC_EXP_NAME", "brave-fox")
    monkeypatch.setenv("DVC_STAGE", "train")

    assert (run.experiment_name(), run.is_stage()) == ("brave-fox", True)


def test_a_report_keeps_its_run_until_something_in_it_changes(tmp_path: Path) -> None:
    report, last = {"rows": 6}, tmp_path / "last.json"

    assert run.with_run_id(report, last, "r1")["run_id"] == "r1"
    last.write_text(json.dumps(report | {"run_id": "r1"}))
    assert run.with_run_id(report, last, "r2")["run_id"] == "r1"
    assert run.with_run_id({"rows": 7}, last, "r2")["run_id"] == "r2"
    last.write_text("[]")
    assert run.with_run_id(report, last, "r2")["run_id"] == "r2"
