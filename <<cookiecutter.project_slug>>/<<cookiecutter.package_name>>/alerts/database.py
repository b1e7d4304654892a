"""The sqlite file that alerts are kept in, its lock, and its clock.

Who sends holds a lock that the kernel releases when the process ends, however it ends: two runs
never send the same message, and what a killed run left is sent by the next.
"""

import fcntl
import os
import platform
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import structlog

from ..errors import ResourceError

VERSION = 3  # of the tables
LOCK_S = 10.0  # how long another process may hold the sqlite file

_TABLES = (
    "CREATE TABLE incidents (rule TEXT NOT NULL, subject TEXT NOT NULL, facts TEXT NOT NULL,"
    " PRIMARY KEY (rule, subject))",
    # what one channel is still to be told; a message takes the rows that it tells of away
    "CREATE TABLE notices (seq INTEGER PRIMARY KEY AUTOINCREMENT, channel TEXT NOT NULL,"
    " key TEXT NOT NULL, kind TEXT NOT NULL, severity TEXT NOT NULL, rule TEXT NOT NULL,"
    " subject TEXT NOT NULL, body TEXT NOT NULL, times INTEGER NOT NULL, UNIQUE (channel, key))",
    "CREATE TABLE messages (seq INTEGER PRIMARY KEY AUTOINCREMENT, channel TEXT NOT NULL,"
    " key TEXT NOT NULL, severity TEXT NOT NULL, title TEXT NOT NULL, body TEXT NOT NULL,"
    " run_id TEXT NOT NULL, created REAL NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,"
    " error TEXT, sent REAL, dead REAL)",
    "CREATE TABLE silences (seq INTEGER PRIMARY KEY AUTOINCREMENT, rule TEXT, begin REAL NOT NULL,"
    " until REAL NOT NULL, why TEXT NOT NULL)",
    "CREATE TABLE heartbeats (name TEXT PRIMARY KEY, evidence TEXT NOT NULL, at REAL NOT NULL)",
    "CREATE TABLE clocks (machine TEXT PRIMARY KEY, seen REAL NOT NULL)",
    f"PRAGMA user_version = {VERSION}",
)
_ADVICE = {
    sqlite3.SQLITE_BUSY: "Close what uses it.",
    sqlite3.SQLITE_READONLY: "Make the file and its folder writable.",
    sqlite3.SQLITE_CANTOPEN: "Make it a file in a folder that can be written.",
    sqlite3.SQLITE_FULL: "Free space on its disk.",
    sqlite3.SQLITE_CORRUPT: "Move it away; alerts that wait in it have to be read by hand.",
    sqlite3.SQLITE_NOTADB: "Move it away; it is no outbox.",
}

log = structlog.get_logger()


class Database:
    """A sqlite file, created when it is missing.

    Args:
        path: the file; beside it stands ``NAME.lock``, which a sender holds.
        clock: seconds since 1970, as this machine believes.
        machine: whose clock that is.

    Raises:
        ResourceError: (by each method, too) the file is locked, cannot be written, is damaged or is
            of another version.
    """

    def __init__(
        self, path: Path, clock: Callable[[], float] = time.time, machine: str = platform.node()
    ) -> None:
        self.path = path
        self.clock = clock
        self.machine = machine
        with self.transaction() as db:
            (version,) = db.execute("PRAGMA user_version").fetchone()
            (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
            if tables and version != VERSION:
                raise ResourceError(
                    f"{path} has tables of version {version}; expected is {VERSION}. Move it away "
                    "(in GitHub Actions: delete the caches named alerts-…); what waits in it is "
                    "not sent.",
                    "resource.outbox_version",
                )
            for statement in () if tables else _TABLES:
                db.execute(statement)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Everything in the block is written, or nothing."""
        try:
            with closing(
                sqlite3.connect(self.path, timeout=LOCK_S, isolation_level=None)
            ) as db:  # which rolls back what is not committed
                db.row_factory = sqlite3.Row
                db.execute("BEGIN IMMEDIATE")
                yield db
                db.execute("COMMIT")
        except sqlite3.Error as error:
            kind = getattr(error, "sqlite_errorcode", 0) & 0xFF
            advice = _ADVICE.get(kind, "Move it away if it is damaged.")
            raise ResourceError(f"{self.path}: {error}. {advice}", "resource.outbox") from error

    def now(self, db: sqlite3.Connection) -> tuple[float, bool]:
        """The time, and whether this machine's clock went forward since it was asked last.

        Where it did not, how long ago something was by this clock cannot be said.
        """
        now = self.clock()
        values = {"machine": self.machine, "now": now}
        jumped = db.execute(
            "SELECT 1 FROM clocks WHERE machine = :machine AND seen >= :now", values
        ).fetchone()
        db.execute("INSERT OR REPLACE INTO clocks VALUES (:machine, :now)", values)
        return now, jumped is None

    @contextmanager
    def sole_sender(self, within_s: float) -> Iterator[bool]:
        """Whether this process may send: one at a time may; it waits for its turn."""
        path = self.path.with_name(f"{self.path.name}.lock")
        try:
            file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            raise ResourceError(
                f"{path}: {error.strerror}. Make it a file that can be written.", "resource.outbox"
            ) from error
        try:
            yield _locked(file, within_s)
        finally:
            os.close(file)


def _locked(file: int, within_s: float) -> bool:
    """Whether the lock on an open file could be taken in time; it ends when the file is closed."""
    end = time.monotonic() + within_s
    waits = False
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                return False
            if not waits:
                log.info("waiting for another run that is sending alerts", at_most_s=within_s)
            waits = True
            time.sleep(0.05)
        else:
            return True
