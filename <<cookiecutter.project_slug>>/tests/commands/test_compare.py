import os
from pathlib import Path

import pytest

from ..conftest import run

pytestmark = pytest.mark.pipeline


@pytest.fixture
def compared(repository: Path, package: str):
    """What the command prints for some revisions."""

    def command(*revisions: str, code: int = 0) -> str:
        return run(repository, "python", "-m", f"{package}.commands.compare", *revisions, code=code)

    return command


def experiment(folder: Path, name: str, *overrides: str) -> None:
    choices = [word for override in overrides for word in ("-S", override)]
    run(folder, "dvc", "exp", "run", "-n", name, *choices)


def test_models_are_compared_wherever_they_come_from(repository: Path, compared) -> None:
    experiment(repository, "weak", "model.params.C=0.0001")
    experiment(repository, "forest", "model=forest")
    commit = run(repository, "git", "rev-parse", "HEAD").strip()

    printed = compared("main", "weak", "forest", commit)
    lines = {tuple(line.split()[:2]): line for line in printed.splitlines()}

    assert lines["weak", "roc_auc"].endswith("worse")
    assert lines[commit, "roc_auc"].split()[2] == lines[commit, "roc_auc"].split()[3]
    assert "forest" in (repository / "reports/comparison.html").read_text()
    assert "workspace" in compared("main")


def test_models_that_were_tested_on_other_rows_are_refused(repository: Path, compared) -> None:
    experiment(repository, "other", "split.seed=9")
    printed = compared("main", "other", code=3)

    assert "tested on different rows" in printed
    assert "they share" in printed
    assert not os.path.lexists(repository / "reports/comparison.html")


@pytest.mark.parametrize("revision", ["nowhere", "HEAD~1"])
def test_a_revision_without_results_is_refused(compared, revision: str) -> None:
    printed = compared("main", revision, code=2 if revision == "nowhere" else 3)

    assert revision in printed
    assert "Traceback" not in printed
