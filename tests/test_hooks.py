import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Bake


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_a_bake_is_a_clean_repository_with_one_commit(bake: Callable[..., Bake]) -> None:
    repository = bake()

    assert git(repository.path, "rev-list", "--count", "HEAD") == "1"
    assert git(repository.path, "branch", "--show-current") == "main"
    assert git(repository.path, "status", "--porcelain") == ""


def test_the_first_commit_needs_no_git_identity(
    bake: Callable[..., Bake], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")

    assert git(bake().path, "log", "-1", "--format=%an") == "template"


def test_a_surrounding_repository_is_left_alone(
    bake: Callable[..., Bake], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    git(tmp_path, "init", "--quiet")
    repository = bake()

    assert not (repository.path / ".git").exists()
    assert git(tmp_path, "diff", "--cached", "--name-only") == ""
    assert "no new one was made" in capfd.readouterr().out


def test_a_git_that_runs_the_hook_keeps_its_index(
    bake: Callable[..., Bake], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "outer"))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "outer.git"))
    repository = bake()

    monkeypatch.undo()
    assert git(repository.path, "rev-list", "--count", "HEAD") == "1"
    assert not (tmp_path / "outer").exists()


def test_an_identity_of_which_one_half_is_missing_is_completed(
    bake: Callable[..., Bake], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").write_text("[user]\n  email = ada@localhost\n  useConfigOnly = true\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))

    assert git(bake().path, "log", "-1", "--format=%an %ae") == "template ada@localhost"


def test_a_git_that_fails_is_told_and_costs_no_file(
    bake: Callable[..., Bake],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "config").write_text("[core]\n  hooksPath = \n[commit\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    repository = bake()

    assert (repository.path / "dvc.yaml").exists()
    assert "failed" in capfd.readouterr().out
