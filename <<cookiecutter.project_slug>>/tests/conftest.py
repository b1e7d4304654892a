import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from shlex import quote
from typing import Any

import polars as pl
import pytest

from <<cookiecutter.package_name>>.runtime import logs

from .fixture import CONF, KEY_ENV, SCHEMA, later_rides, rides

ROOT = Path(__file__).parents[1]
(PACKAGE,) = (path.parent for path in ROOT.glob("*/paths.py"))  # the folder of the package
OWNERS = ("conf/", "data/", "schemas/", "tests/", f"{PACKAGE.name}/own/")  # not for tests
OF_A_RUN = ("dvc.lock", "params.yaml", "ledger.jsonl", ".dvc")  # what runs or `dvc add` wrote
CANARY = "-".join(("canary", "3f9a"))  # a secret; in two parts, for this file is copied too


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests that take longest, so that no process is left with them at the end."""
    items.sort(key=lambda item: item.get_closest_marker("pipeline") is None)


@pytest.fixture(scope="session", autouse=True)
def _environment(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep what DVC remembers of each repository out of the machine's own folder; have a key."""
    os.environ["DVC_SITE_CACHE_DIR"] = str(tmp_path_factory.mktemp("site"))
    os.environ[KEY_ENV] = "a key of thirty-two bytes, or so"


@pytest.fixture(scope="session", autouse=True)
def _measured(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Measure the coverage of each `python` that is started, and not of DVC, which is not ours.

    It takes half as long again, so stages that DVC runs are measured only where MEASURED is set,
    and a test that goes the same ways many times is marked `no_cover`.
    """
    config = os.environ.pop("COVERAGE_PROCESS_CONFIG", None)
    if config is None:
        return
    python = tmp_path_factory.mktemp("measured") / "python"
    python.write_text(
        "#!/bin/sh\n"
        f'test "$DVC_STAGE" -a ! "$MEASURED" || export COVERAGE_PROCESS_CONFIG={quote(config)}\n'
        f'exec {quote(sys.executable)} "$@"\n'
    )
    python.chmod(0o755)
    os.environ["PATH"] = os.pathsep.join((str(python.parent), os.environ["PATH"]))


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
    return PACKAGE.name


@pytest.fixture(scope="session")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry in which version 2 followed version 1. Tests copy it; none writes."""
    from .registry.released import release

    return release(tmp_path_factory.mktemp("released"))


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository after `dvc repro`, its result committed. Many tests look at it; none writes.

    All processes of a test run share it.
    """
    shared = tmp_path_factory.getbasetemp()
    shared = shared.parent if "PYTEST_XDIST_WORKER" in os.environ else shared
    folder = shared / "finished" / "a copy"
    with (shared / "finished.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            first = copy_repository(tmp_path_factory.mktemp("first") / "a copy")
            run(first, "dvc", "repro", CANARY=CANARY, MEASURED="yes")
            commit(first, "add", "--all")
            commit(first, "commit", "--quiet", "--message", "first results")
            folder.parent.mkdir()
            first.rename(folder)
    return folder


@pytest.fixture
def repository(finished: Path, tmp_path: Path) -> Path:
    """The same, for this test alone."""
    return copy_of(finished, tmp_path / "a copy")


@pytest.fixture
def cloned(tmp_path: Path) -> Callable[[Path], Path]:
    """A function that pushes a repository, clones it, and pulls as the scheduled job does."""
    remote = ("dvc", "remote", "add", "--quiet", "--local", "--default", "of_tests")

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


def by_hand(package: str, stage: str, *overrides: str) -> list[str]:
    """The command of a stage with the tests' configuration; PYTHONPATH=ROOT where it runs."""
    return ["python", "-m", f"{package}.stages.{stage}", "-cp", str(CONF), *overrides]


def copy_repository(to: Path) -> Path:
    """The framework as git would track it, with the tests' rows and configuration, as a repository.

    A simpler model and fewer resamples make it quick.
    """
    for name in listed():
        if not name.startswith(OWNERS) and not name.endswith(OF_A_RUN):
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            (to / name).write_bytes((ROOT / name).read_bytes())
    (to / PACKAGE.name / "own").mkdir()
    (to / PACKAGE.name / "own/__init__.py").touch()
    for folder in ("data/raw", "data/incoming", "data/labels", "schemas"):
        (to / folder).mkdir(parents=True)
    for folder in ("incoming", "labels"):
        (to / "data" / folder / ".gitkeep").touch()
    rides().write_parquet(to / "data/raw/rides.parquet")
    shutil.copy(SCHEMA, to / "schemas")
    shutil.copytree(CONF, to / "conf")
    edit(to / "conf/config.yaml", "model: hist_gradient_boosting", "model: logistic")
    for file in (to / "conf/evaluate").iterdir():
        edit(file, "bootstrap: 200", "bootstrap: 50")
    commit(to, "init", "--quiet", "--initial-branch=main")
    commit(to, "add", "--all")
    commit(to, "commit", "--quiet", "--message", "start")
    return to


def listed(folder: Path = ROOT) -> list[str]:
    """The files of a repository that git tracks, or would."""
    asked = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(asked, cwd=folder, capture_output=True, text=True, check=True).stdout
    return [name for name in names.split("\0") if (folder / name).is_file()]


def copy_of(folder: Path, to: Path) -> Path:
    """A copy of a repository, with DVC's cache and outputs; what never changes is hard-linked."""

    def place(source: str, target: str) -> None:
        unchanging = "/.dvc/cache/files/" in source or "/.git/objects/" in source
        (os.link if unchanging else shutil.copy2)(source, target)

    shutil.copytree(folder, to, symlinks=True, copy_function=place)
    return to


def edit(file: Path, old: str, new: str) -> None:
    """Replace a text that stands in a file."""
    text = file.read_text(encoding="utf-8")
    assert old in text, f"{file} has no {old!r}"
    file.write_text(text.replace(old, new), encoding="utf-8")


def arrive(folder: Path) -> None:
    """Bring the rides of June to a repository, without the answer."""
    later_rides().drop("late").write_parquet(folder / "data/incoming/2024-06.parquet")


def label(folder: Path, late: pl.Expr) -> None:
    """Bring what came true of the rides of June, as ``late`` says it."""
    later_rides().select("ride", late=late).write_csv(folder / "data/labels/2024-06.csv")


def commit(folder: Path, *command: str) -> None:
    identity = ("-c", "user.name=test", "-c", "user.email=test@localhost")
    run(folder, "git", *identity, "-c", "commit.gpgsign=false", *command)


def metrics(folder: Path) -> dict[str, Any]:
    """What `evaluate` wrote in a repository."""
    return dict(json.loads((folder / "reports/metrics.json").read_text()))
