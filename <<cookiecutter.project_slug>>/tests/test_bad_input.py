"""What goes wrong in a run ends in one clear error, and the last good outputs stay."""

import hashlib
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest
import yaml

from .conftest import edit, run

pytestmark = pytest.mark.pipeline
RAW = "data/raw/rides.parquet"
CONF = {
    "unknown key": ("conf/split/stratified.yaml", "test: 0.2", "tset: 0.2", "tset"),
    "wrong type": ("conf/split/stratified.yaml", "test: 0.2", "test: lots", "split.test"),
    "out of range": ("conf/split/stratified.yaml", "test: 0.2", "test: 2", "split.test"),
    "missing value": ("conf/data/rides.yaml", "target: late", "target: ???", "rides.yaml leaves"),
    "unknown choice": ("conf/config.yaml", "model: logistic", "model: oracle", "oracle"),
    "broken YAML": ("conf/config.yaml", "seed: 1", "seed: [", "line"),
    "no schema": ("conf/data/rides.yaml", "rides.json", "gone.json", "gone.json"),
}
ROWS: dict[str, tuple[Callable[[pl.DataFrame], pl.DataFrame], str]] = {
    "missing column": (lambda rows: rows.drop("wind"), "wind"),
    "unknown column": (lambda rows: rows.with_columns(extra=1), "extra"),
    "no row passes": (lambda rows: rows.with_columns(station=pl.lit("Igloo")), "station"),
    "no rows": (lambda rows: rows.clear(), "hold no row"),
    "one class": (lambda rows: rows.with_columns(late=pl.lit(0, pl.Int64)), "nothing to learn"),
}
EVIDENCE = {"data/quarantine.parquet", "reports/quality.json", "reports/quality.html"}
FILES = {"empty file": (b"", "is empty"), "not Parquet": (b"hello", "cannot be read")}


@pytest.fixture(autouse=True)
def _last_good_outputs(repository: Path) -> Iterator[None]:
    """After a test, every output is what dvc.lock records, and nothing is half-written.

    What tells why rows were refused is new.
    """
    yield
    lock = yaml.safe_load((repository / "dvc.lock").read_text())
    outs = {out["path"]: out["md5"] for stage in lock["stages"].values() for out in stage["outs"]}
    outs = {path: md5 for path, md5 in outs.items() if path not in EVIDENCE}
    wrong = [path for path, md5 in outs.items() if digest(repository / path) not in (md5, "folder")]
    partial = [str(path) for path in repository.rglob(".*.partial")]

    assert wrong + partial == []


def digest(path: Path) -> str:
    if path.is_dir():
        return "folder"
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()


def refused(repository: Path, package: str | None = None) -> str:
    """What a run prints that ends in an error; with the package, as `make repro` runs it.

    Then DVC's outputs of a stage that failed return, which takes another process.
    """
    healing = ("python", "-m", f"{package}.commands.doctor", "run") if package else ()
    output = run(repository, *healing, "dvc", "repro", code=255)
    assert "Traceback" not in output
    assert output.count("[error") == 1
    return output


@pytest.mark.parametrize("case", CONF)
def test_a_configuration_that_cannot_be_run(repository: Path, case: str) -> None:
    name, old, new, named = CONF[case]
    edit(repository / name, old, new)

    output = refused(repository)
    assert named in output
    assert "kind=config" in output


@pytest.mark.parametrize("case", ROWS)
def test_rows_that_cannot_be_used(repository: Path, package: str, case: str) -> None:
    change, named = ROWS[case]
    change(pl.read_parquet(repository / RAW)).write_parquet(repository / RAW)

    output = refused(repository, package)
    assert named in output
    assert "kind=data" in output


@pytest.mark.parametrize("case", FILES)
def test_a_file_that_cannot_be_read(repository: Path, case: str) -> None:
    content, named = FILES[case]
    (repository / RAW).write_bytes(content)

    assert named in refused(repository)


def test_a_file_that_is_gone(repository: Path) -> None:
    (repository / RAW).unlink()

    assert "no file at" in refused(repository)


def test_a_split_that_leaks(repository: Path, package: str) -> None:
    command = ("python", "-m", f"{package}.stages.split", "split.group=station")

    assert "has rows in more than one part" in run(repository, *command, code=3)


def mounting(script: str) -> tuple[str, ...]:
    """A prefix that runs a command in a mount namespace of its own, after a script.

    Skips the test where the system does not allow that.
    """
    prefix = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c")
    if not shutil.which("unshare") or subprocess.run((*prefix, "true"), check=False).returncode:
        pytest.skip("this system allows no mounts to its users")
    return (*prefix, f'{script} && exec "$@"', "sh")


@pytest.mark.parametrize(
    ("stage", "script"),
    [
        ("split", "mount -t tmpfs -o size=32k none data/split"),
        (
            "ingest",
            "mkdir ../raw && mount --bind data/raw ../raw && mount -t tmpfs -o size=48k none data"
            " && mkdir data/raw && mount --bind ../raw data/raw",
        ),
    ],
)
def test_a_full_disk(repository: Path, package: str, stage: str, script: str) -> None:
    full = mounting(script)
    command = ("python", "-m", f"{package}.stages.{stage}", "-cn", "pipeline")

    assert "No space left on device" in run(repository, *full, *command, code=5)


@pytest.mark.parametrize(("stage", "folder"), [("ingest", "data"), ("evaluate", "reports")])
def test_a_folder_that_cannot_be_written(
    repository: Path, package: str, stage: str, folder: str
) -> None:
    closed = mounting(f"mount --bind {folder} {folder} && mount -o remount,bind,ro {folder}")
    command = ("python", "-m", f"{package}.stages.{stage}", "-cn", "pipeline")

    assert "Read-only file system" in run(repository, *closed, *command, code=5)


def test_a_store_that_another_process_holds(repository: Path, package: str) -> None:
    with closing(sqlite3.connect(repository / "mlflow.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        output = run(
            repository, "python", "-m", f"{package}.stages.register", "-cn", "pipeline", code=5
        )

    assert "database is locked" in output
    assert "kind=resource" in output


def test_once_the_input_is_good_again_there_is_nothing_to_do(
    repository: Path, package: str
) -> None:
    good = (repository / RAW).read_bytes()
    (repository / RAW).write_bytes(b"hello")
    refused(repository, package)
    (repository / RAW).write_bytes(good)

    assert "up to date" in run(repository, "dvc", "repro")
