from collections.abc import Callable
from pathlib import Path

import pytest

from ..conftest import copy_of, run

pytestmark = pytest.mark.pipeline
Compared = Callable[..., str]


@pytest.fixture(scope="module")
def experimented(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with an experiment, `weak`, whose files are not those of the workspace."""
    folder = copy_of(finished, tmp_path_factory.mktemp("experimented") / "a copy")
    run(folder, "dvc", "exp", "run", "-n", "weak", "-S", "model.params.C=0.0001", "evaluate")
    run(folder, "git", "checkout", "--quiet", ".")
    run(folder, "dvc", "checkout")
    return folder


@pytest.fixture
def compared(experimented: Path, package: str) -> Compared:
    """What the command prints for some revisions."""

    def command(*revisions: str, code: int = 0, folder: Path = experimented) -> str:
        return run(folder, "python", "-m", f"{package}.commands.compare", *revisions, code=code)

    return command


def test_models_are_compared_wherever_they_come_from_and_nothing_else_changes(
    experimented: Path, compared: Compared
) -> None:
    before = state(experimented)
    commit = run(experimented, "git", "rev-parse", "--short", "HEAD").strip()
    printed = compared("weak", "workspace", commit)
    pairs = [line for line in printed.splitlines() if "sign-flip (roc_auc)" in line]

    assert [line.endswith("better") for line in pairs] == [False, True, True]
    assert "weak" in (experimented / "reports/comparison.html").read_text()
    assert state(experimented) == before


def state(folder: Path) -> tuple[str, dict[str, int]]:
    """What git sees, and when each output was written."""
    outputs = [*folder.glob("reports/*.[jp]*"), *folder.glob("models/*/*"), folder / "dvc.lock"]
    times = {str(path): path.stat().st_mtime_ns for path in outputs}
    return run(folder, "git", "status", "--porcelain"), times


@pytest.mark.parametrize(
    ("revisions", "code", "message"),
    [
        (("main", "nowhere"), 2, "'nowhere' is no experiment, branch, tag or commit here"),
        (("main", "HEAD~1"), 3, "HEAD~1 has no reports/test_predictions.parquet"),
        (("main",), 2, "two or more different revisions are needed"),
    ],
)
def test_what_cannot_be_compared_is_one_clear_error(
    compared: Compared, revisions: tuple[str, ...], code: int, message: str
) -> None:
    printed = compared(*revisions, code=code)

    assert message in printed
    assert len(printed.splitlines()) == 1


def test_results_that_are_gone_are_asked_for(
    experimented: Path, compared: Compared, tmp_path: Path
) -> None:
    folder = copy_of(experimented, tmp_path / "a copy")
    run(folder, "rm", "-r", ".dvc/cache/files", "reports/test_predictions.parquet")

    assert "Get it by `dvc fetch" in compared("main", "weak", code=5, folder=folder)
    assert "Run `make repro`" in compared("workspace", "weak", code=3, folder=folder)
