"""The repository, and an experiment's copy of it."""

from pathlib import Path

import pytest

from <<cookiecutter.package_name>>.runtime.dvc import workspace


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "a répository"
    folder.mkdir()
    monkeypatch.setenv("DVC_ROOT", str(folder))
    return folder


def test_an_input_that_only_a_copy_lacks_is_to_be_tracked(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repository / "data/raw[1]").mkdir(parents=True)
    (repository / "data/raw[1]/a.csv").touch()
    (tmp_path / "other.csv").touch()
    copy = tmp_path / "copy"
    copy.mkdir()
    monkeypatch.chdir(copy)

    for path in ("data/raw[1]", Path("data/raw[1]/a.csv"), "data/*/*.csv", "data/**/*.csv"):
        assert f"`git add {path}`" in workspace.untracked_hint(path)
    for path in ("data/none", "data/*.txt", "", "../other.csv", str(repository), "a\0b", "n" * 999):
        assert workspace.untracked_hint(path) == ""
    monkeypatch.chdir(repository)
    assert workspace.untracked_hint("data/raw[1]") == ""


def test_records_are_kept_in_the_repository_that_started_an_experiment(
    repository: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert workspace.repository_root() == repository
    monkeypatch.delenv("DVC_ROOT")
    assert workspace.repository_root() == tmp_path


def test_data_that_was_not_pulled_is_named() -> None:
    folder = Path("data/raw")
    (folder / "a").mkdir(parents=True)
    for name in ("a/here.csv", "a/here.csv.dvc", "a/there.csv.dvc", "alone.csv"):
        (folder / name).touch()

    assert list(workspace.missing_data(folder)) == [folder / "a/there.csv"]
