"""A database that cannot be used, or not recorded in."""

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from <<cookiecutter.package_name>>.alerts import database as module
from <<cookiecutter.package_name>>.alerts.database import (
    VERSION,
    Database,
)
from <<cookiecutter.package_name>>.errors import (
    ResourceError,
)

from .conftest import Alerts, drift


def use(path: Path) -> None:
    alerts = Alerts(path)
    alerts.note(drift())
    alerts.deliver()


def garbage(path: Path) -> None:
    path.write_text("not a database, but long enough to be read as one" * 99)


def older(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE outbox (id TEXT, channel TEXT)")


def newer(path: Path) -> None:
    Database(path)
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {VERSION + 1}")


def damaged(path: Path) -> None:
    Database(path)
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))


def lock_that_is_a_folder(path: Path) -> None:
    Path(f"{path}.lock").mkdir()


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (garbage, "no outbox"),
        (older, rf"version 0; expected is {VERSION}"),
        (newer, rf"version {VERSION + 1}; expected is {VERSION}"),
        (damaged, "Move it away"),
        (Path.mkdir, "Make it a file"),
        (lock_that_is_a_folder, "Make it a file"),
    ],
)
def test_an_outbox_that_cannot_be_used_is_one_clear_error(tmp_path, spoil, reason: str) -> None:
    path = tmp_path / "alerts.db"
    spoil(path)
    with pytest.raises(ResourceError, match=rf"alerts\.db.*{reason}"):
        use(path)


def test_an_outbox_that_another_process_holds_is_one_clear_error(
    alerts: Alerts, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(module, "LOCK_S", 0.1)
    with closing(sqlite3.connect(tmp_path / "alerts.db")) as db:
        db.execute("BEGIN EXCLUSIVE")
        with pytest.raises(ResourceError, match=r"alerts\.db.*locked.*Close what uses it"):
            alerts.note(drift())


@pytest.fixture
def shared_folder() -> Iterator[Path]:
    """A folder that another user may read; the test itself runs as one who may not write all."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        privileged = os.geteuid() == 0
        yield folder
        if privileged:
            os.seteuid(0)
        folder.chmod(0o755)


def test_an_outbox_that_is_read_only_is_one_clear_error(shared_folder: Path) -> None:
    path = shared_folder / "alerts.db"
    Database(path)
    path.chmod(0o444)
    shared_folder.chmod(0o555)
    if os.geteuid() == 0:
        os.seteuid(65534)
    with pytest.raises(ResourceError, match=r"alerts\.db.*readonly.*writable"):
        use(path)


def test_nothing_is_sent_that_could_not_be_recorded(alerts: Alerts, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(module, "LOCK_S", 0.1)
    alerts.note(drift())
    with closing(sqlite3.connect(tmp_path / "alerts.db", isolation_level=None)) as db:
        db.execute(
            "CREATE TRIGGER full BEFORE UPDATE ON messages BEGIN SELECT RAISE(FAIL, 'x'); END"
        )
    with pytest.raises(ResourceError):
        alerts.deliver()
    assert alerts.received == []
