import os
import subprocess
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from <<cookiecutter.package_name>>.runtime import logs

ROOT = Path(__file__).parents[1]
CANARY = "-".join(("canary", "3f9a"))  # a secret; in two parts, for this file is copied too


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in an empty folder, as no DVC stage, so that a test cannot touch the repository."""
    monkeypatch.chdir(tmp_path)
    for name in ("DVC_ROOT", "DVC_STAGE", "DVC_EXP_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LOG_FORMAT", "text")  # in CI, too
    logs.configure(stage="test")  # to this test's own standard error


@pytest.fixture
def rows() -> pl.DataFrame:
    """600 rows: ``late`` depends on ``wind``, a little on ``origin``, not on the rest."""
    number = pl.int_range(600, eager=True)
    wind = (number * 37 % 100).cast(pl.Float64)
    return pl.DataFrame(
        {
            "id": number,
            "departure": [datetime(2013, 1, 1) + timedelta(hours=int(i)) for i in number],
            "origin": ["JFK" if i % 3 else "EWR" for i in number],
            "wind": wind,
            "seats": (number * 11 % 7) * 50,
            "late": ((wind + number * 53 % 60) > 90).cast(pl.Int64),
        }
    )


@pytest.fixture(scope="session")
def package() -> str:
    """The package's name: the one folder that holds a paths.py."""
    (paths,) = ROOT.glob("*/paths.py")
    return paths.parent.name


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository after `dvc repro` on fewer rows, its result committed."""
    folder = copy_repository(tmp_path_factory.mktemp("repository") / "a copy")
    run(folder, "dvc", "repro", CANARY=CANARY)
    commit(folder, "add", "--all")
    commit(folder, "commit", "--quiet", "--message", "first results")
    return folder


@pytest.fixture
def cloned(tmp_path: Path) -> Callable[[Path], Path]:
    """A function that pushes a repository, clones it, and pulls as the scheduled job does."""
    remote = ("dvc", "remote", "modify", "--quiet", "--local", "storage", "url")

    def share(folder: Path) -> Path:
        commit(folder, "add", "--all")
        commit(folder, "commit", "--quiet", "--message", "share")
        run(folder, *remote, str(tmp_path / "remote"))
        run(folder, "dvc", "push")
        clone = tmp_path / "clone"
        run(tmp_path, "git", "clone", "--quiet", str(folder), str(clone))
        run(clone, *remote, str(tmp_path / "remote"))
        run(clone, "dvc", "pull", "--allow-missing")
        return clone

    return share


def run(folder: Path, *command: str, code: int = 0, **env: str) -> str:
    """What a command prints, in a folder, if it exits as expected."""
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "LOG_FORMAT": "text", **env},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    assert done.returncode == code, f"{command} exited {done.returncode}:\n{done.stdout}"
    return done.stdout


def copy_repository(to: Path) -> Path:
    """A copy of what git would track here, as a repository of its own, on fewer rows."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.split("\0")
    for name in filter(None, listed):
        if (ROOT / name).is_file() and not name.endswith(("dvc.lock", "params.yaml")):
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            (to / name).write_bytes((ROOT / name).read_bytes())
    raw = to / "data/raw/flights.parquet"
    pl.read_parquet(raw).sample(4000, seed=1).write_parquet(raw)
    for option in (("model: hist_gradient_boosting", "model: logistic"),):
        config = to / "conf/config.yaml"
        config.write_text(config.read_text().replace(*option))
    evaluate = to / "conf/evaluate/classification.yaml"
    evaluate.write_text(evaluate.read_text().replace("bootstrap: 200", "bootstrap: 50"))
    commit(to, "init", "--quiet", "--initial-branch=main")
    commit(to, "add", "--all")
    commit(to, "commit", "--quiet", "--message", "start")
    return to


def commit(folder: Path, *command: str) -> None:
    identity = ("-c", "user.name=test", "-c", "user.email=test@localhost")
    run(folder, "git", *identity, "-c", "commit.gpgsign=false", *command)
