"""The SQLite file of MLflow's store: locked while it is created, moved with its folder, not lost.

MLflow records where artifacts lie as absolute paths. A repository that was moved, renamed or copied
would go on reading and writing at the old place; so the root is recorded in the store, and paths
below an old root become paths below this one before MLflow opens the file.
"""

import fcntl
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ..errors import ResourceError

LOCK_S = 10.0  # how long another process may hold the file
RUNS = "mlruns"  # artifacts, beside the file
ROOT_TAG = "repository_root"  # of an MLflow experiment: the folder that holds mlruns/
LOCATIONS = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
    ("logged_models", "artifact_location"),
    ("trace_tags", "value"),
)


@contextmanager
def exclusive(file: Path) -> Iterator[None]:
    """Hold the file's lock: two processes that create it at once leave it broken.

    A file that cannot be used is refused here: MLflow would try for minutes.

    Raises:
        ResourceError: the file is a folder, or is missing although there are records of it.
        sqlite3.Error: another process holds it, or it is no database.
    """
    with Path(f"{file}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # let go when the file closes, or the process dies
        _refuse_loss(file)
        with (
            closing(sqlite3.connect(file, timeout=LOCK_S, isolation_level=None)) as db,
            _transaction(db),
        ):
            _relocate(db, file.parent)
        yield


def recorded_champion(root: Path) -> str | None:
    """The version that the last release left as champion; None if there is no such record."""
    try:
        record = json.loads((root / "reports/registry.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    version = record.get("champion") if isinstance(record, dict) else None
    return None if version is None else str(version)


def lost_error(what: str, evidence: str) -> ResourceError:
    """The error for records that are missing."""
    return ResourceError(
        f"{what}, but {evidence}. Restore it from a copy. To begin anew on purpose, remove "
        f"mlflow.db, {RUNS}/ and reports/registry.json.",
        "resource.tracking_lost",
    )


def _refuse_loss(file: Path) -> None:
    if file.is_dir():
        raise ResourceError(
            f"{file} is a folder; MLflow's store is a file. Move the folder away.",
            "resource.tracking",
        )
    if file.exists() and file.stat().st_size:
        return
    what = f"{file} is {'empty' if file.exists() else 'missing'}"
    champion = recorded_champion(file.parent)
    if champion is not None:
        raise lost_error(what, f"reports/registry.json records version {champion} as champion")
    if any((file.parent / RUNS).glob("*")):
        raise lost_error(what, f"{RUNS}/ holds files of its runs")


@contextmanager
def _transaction(db: sqlite3.Connection) -> Iterator[None]:
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


def _relocate(db: sqlite3.Connection, root: Path) -> None:
    """Make paths below the recorded old roots paths below this one; leave all others alone."""
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master")}
    if not {"experiments", "experiment_tags", "runs"} <= tables:
        return  # new: MLflow has still to fill it
    own = _own_experiments(db, root)
    for old in set(own.values()) - {root}:
        for before, after in zip(_forms(old), _forms(root), strict=True):
            for table, column in LOCATIONS:
                if table in tables:
                    db.execute(
                        f"UPDATE {table} SET {column} = ? || substr({column}, ?)"  # noqa: S608
                        f" WHERE {column} = ? OR substr({column}, 1, ?) = ?",
                        (after, len(before) + 1, before, len(before) + 1, f"{before}/"),
                    )
    db.executemany(
        "INSERT OR REPLACE INTO experiment_tags (key, value, experiment_id) VALUES (?, ?, ?)",
        [(ROOT_TAG, str(root), number) for number in own],
    )


def _own_experiments(db: sqlite3.Connection, root: Path) -> dict[int, Path]:
    """The root of each experiment that stages created; one with artifacts elsewhere has none.

    Stores of older versions record no root: it is the folder of mlruns/, if that folder is gone or
    its runs lie here.
    """
    own = {}
    for number, location, recorded in db.execute(
        "SELECT e.experiment_id, e.artifact_location, t.value FROM experiments e LEFT JOIN"
        " experiment_tags t ON t.experiment_id = e.experiment_id AND t.key = ?",
        (ROOT_TAG,),
    ).fetchall():
        runs = Path(unquote(urlsplit(location or "").path))
        if recorded:
            own[number] = Path(recorded)
        elif (location or "").startswith("file:///") and runs.name == RUNS:
            listed = "SELECT run_uuid FROM runs WHERE experiment_id = ?"
            here = any((root / RUNS / run).is_dir() for (run,) in db.execute(listed, (number,)))
            if here or not runs.exists():
                own[number] = runs.parent
    return own


def _forms(root: Path) -> tuple[str, str, str]:
    """How MLflow writes the place of mlruns/."""
    place = root / RUNS
    return place.as_uri(), f"file://{place}", str(place)
