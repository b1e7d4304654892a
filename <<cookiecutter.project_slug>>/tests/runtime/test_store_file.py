import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from <<cookiecutter.package_name>>.errors import ResourceError
from <<cookiecutter.package_name>>.registry import (
    versions as registry,
)
from <<cookiecutter.package_name>>.runtime import (
    store_file,
    tracking,
)
from <<cookiecutter.package_name>>.runtime.artifacts import (
    write_json,
)
from <<cookiecutter.package_name>>.runtime.dvc.workspace import (
    repository_root,
)

from .test_tracking import RECORD


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The address of the store at a folder, which from now on is the repository's root."""

    def address(name: str) -> str:
        (tmp_path / name).mkdir(exist_ok=True)
        monkeypatch.setenv("DVC_ROOT", str(tmp_path / name))
        return tracking.tracking_uri("sqlite", None)

    return address


def released(uri: str, content: str = "a") -> str:
    """Log a run, and register a model as champion; the version."""
    source = repository_root() / "source"
    (source / "model").mkdir(parents=True, exist_ok=True)
    (source / "model/model.skops").write_text(content)
    (source / "contract.json").write_text("{}")
    tracking.log_run(uri, RECORD, [source / "contract.json"])
    with tracking.store(uri) as client:
        registered = registry.register(
            client,
            uri,
            "flights",
            model=source / "model",
            tags={},
        )
        version = str(registered.version)
        registry.promote(client, "flights", version)
    write_json(repository_root() / "reports/registry.json", {"champion": version})
    return version


def files(folder: Path) -> dict[str, int]:
    return {str(file): file.stat().st_mtime_ns for file in folder.rglob("*") if file.is_file()}


def paths(folder: Path) -> str:
    """Every location that the store records."""
    with closing(sqlite3.connect(folder / "mlflow.db")) as db:
        queries = [f"SELECT {column} FROM {table}" for table, column in store_file.LOCATIONS]
        return str([db.execute(query).fetchall() for query in queries])


def forget_root(folder: Path) -> None:
    """As a version of this template left it that recorded no root."""
    with closing(sqlite3.connect(folder / "mlflow.db")) as db, db:
        db.execute("DELETE FROM experiment_tags WHERE key = ?", (store_file.ROOT_TAG,))


@pytest.mark.parametrize("old_version", [False, True])
@pytest.mark.parametrize("how", ["moved", "copied"])
def test_a_repository_at_another_place_releases_as_before_and_leaves_the_old_place_alone(
    at, tmp_path: Path, how: str, old_version: bool
) -> None:
    first = tmp_path / "é first"
    released(at(first.name))
    if old_version:
        forget_root(first)
    shutil.copytree(first, tmp_path / "second")
    if how == "moved":
        shutil.rmtree(first)
    before = files(first)

    uri = at("second")
    with tracking.store(uri) as client:
        champion = registry.champion_of(client, "flights")
        (tmp_path / "fetched").mkdir()
        model = registry.fetch(client, champion, tmp_path / "fetched")
    assert (model / "model.skops").read_text() == "a"
    assert released(uri, "b") == "2"

    assert files(first) == before
    assert first.exists() is (how == "copied")
    assert "first" not in paths(tmp_path / "second")
    assert len(list((tmp_path / "second/mlruns").iterdir())) == 4


def test_a_store_without_its_artifacts_writes_nothing_at_the_old_place(at, tmp_path: Path) -> None:
    tracking.log_run(at("first"), RECORD, [])
    shutil.copytree(tmp_path / "first", tmp_path / "second", ignore=lambda *_: {"mlruns"})
    shutil.rmtree(tmp_path / "first")
    file = tmp_path / "metrics.json"
    file.write_text("{}")

    run = tracking.log_run(at("second"), RECORD, [file])

    assert not (tmp_path / "first").exists()
    assert (tmp_path / "second/mlruns" / run / "artifacts/metrics.json").exists()


def test_an_experiment_that_lies_elsewhere_on_purpose_stays_there(at, tmp_path: Path) -> None:
    uri = at("first")
    tracking.log_run(uri, RECORD, [])
    with tracking.store(uri) as client:
        for number, place in enumerate((tmp_path / "big/mlruns", tmp_path / "first/mlruns-old")):
            place.mkdir(parents=True)
            client.create_experiment(f"own {number}", artifact_location=place.as_uri())
        client.create_experiment("bucket", artifact_location="s3://bucket/mlruns")
    (tmp_path / "first").rename(tmp_path / "second")

    with tracking.store(at("second")) as client:
        locations = {e.name: e.artifact_location for e in client.search_experiments()}
    assert locations["own 0"].endswith("/big/mlruns")
    assert locations["own 1"].endswith("/first/mlruns-old")
    assert locations["bucket"] == "s3://bucket/mlruns"
    assert locations[RECORD.name].endswith("/second/mlruns")


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a champion, and `other.db` without one; for copies, each at its own address.

    MLflow checks an address once in a process.
    """
    folder = tmp_path_factory.mktemp("stored")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DVC_ROOT", str(folder))
        uri = tracking.tracking_uri("sqlite", None)
        tracking.log_run(uri, RECORD, [])
        shutil.copy(folder / "mlflow.db", folder / "other.db")
        released(uri)
    return folder


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ("rm mlflow.db", r"mlflow.db is missing, but .* version 1 as champion\. Restore"),
        (": > mlflow.db", r"mlflow.db is empty, but .* version 1 as champion"),
        ("rm mlflow.db reports/registry.json", r"is missing, but mlruns/ holds files of its runs"),
        ("rm mlflow.db; mkdir mlflow.db", "is a folder"),
        ("rm -r mlflow.db mlruns; mv other.db mlflow.db", "holds no version 1 of 'flights'"),
        ("rm -r mlruns", "files of version 1 of flights cannot be fetched"),
        ("newer", "Another version of MLflow wrote"),
        ("head -c 5000 mlflow.db > x; mv x mlflow.db", "Restore .* from a copy"),
    ],
)
def test_a_store_that_was_lost_or_damaged_is_an_error_and_no_new_store(
    at, stored: Path, tmp_path: Path, damage: str, message: str
) -> None:
    there = shutil.copytree(stored, tmp_path / "there")
    if damage == "newer":
        with closing(sqlite3.connect(there / "mlflow.db")) as db, db:
            db.execute("UPDATE alembic_version SET version_num = 'fedcba987654'")
    else:
        subprocess.run(["sh", "-c", damage], cwd=there, check=True)

    uri, file = at("there"), there / "mlflow.db"
    before = file.read_bytes() if file.is_file() else None
    with pytest.raises(ResourceError, match=message):
        fetched(uri, tmp_path)
    if before is None or not before:
        assert (file.read_bytes() if file.is_file() else None) == before


def fetched(uri: str, folder: Path) -> None:
    with tracking.store(uri) as client:
        registry.fetch(client, registry.champion_of(client, "flights"), folder)


@pytest.mark.parametrize("record", ["", "[1]", '{"champion": null}', '{"version": "1"}'])
def test_a_record_of_a_release_without_a_champion_names_none(tmp_path: Path, record: str) -> None:
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports/registry.json").write_text(record)

    assert store_file.recorded_champion(tmp_path) is None


def test_only_a_recorded_champion_says_that_a_store_is_missing(at, tmp_path: Path) -> None:
    uri = at("here")
    write_json(tmp_path / "here/reports/registry.json", {"champion": 3})
    with pytest.raises(ResourceError, match="version 3"):
        tracking.log_run(uri, RECORD, [])

    write_json(tmp_path / "here/reports/registry.json", {"champion": None})
    assert tracking.log_run(uri, RECORD, [])
