"""An outbox in sqlite that loses no alert and sends none twice.

A notification is one alert on one channel. Its row is committed before it is sent, and who sends
holds a lock that the kernel releases when the process ends, however it ends: two runs never send
the same row, and what a killed run left is sent by the next. What was taken but could not be
recorded, for the process died in between, is sent again, with the same id.
"""

import fcntl
import os
import platform
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from ..errors import ConfigError, ResourceError
from .alerts import SEVERITIES, Alert, Send

VERSION = 2  # of the tables
LOCK_S = 10.0  # how long another process may hold the sqlite file

_TABLES = (
    "CREATE TABLE outbox (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL,"
    " event TEXT NOT NULL, run_id TEXT NOT NULL, created TEXT NOT NULL, severity TEXT NOT NULL,"
    " subject TEXT NOT NULL, body TEXT NOT NULL, channel TEXT NOT NULL, machine TEXT NOT NULL,"
    " raised REAL, attempts INTEGER NOT NULL DEFAULT 0, error TEXT, sent TEXT,"
    " suppressed INTEGER NOT NULL DEFAULT 0, UNIQUE (id, channel))",
    "CREATE INDEX outbox_event ON outbox (event)",
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


@dataclass(frozen=True)
class Delivery:
    """What became of the alerts, as ``channel: subject`` lines."""

    sent: list[str]
    pending: list[str]


class Outbox:
    """Notifications in a sqlite file, in the order in which they were raised.

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
        self._path = path
        self._clock = clock
        self._machine = machine
        with self._transaction() as db:
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

    def add(self, raised: Alert, channels: list[str], suppress: timedelta) -> list[str]:
        """Keep the alert for each channel; what is suppressed is kept, and never sent.

        It is suppressed where it is known already, and where the same event, at least as severe,
        was raised within ``suppress``.

        Returns:
            the channels on which it is suppressed.
        """
        with self._transaction() as db:
            now = self._now(db)
            recent = self._recent(db, raised, now, suppress)
            known = dict(
                db.execute(
                    "SELECT channel, sent IS NOT NULL OR suppressed FROM outbox WHERE id = ?",
                    (raised.id,),
                ).fetchall()
            )
            suppressed = [c for c in channels if known.get(c, c in recent)]
            db.executemany(
                "INSERT INTO outbox (id, event, run_id, created, severity, subject, body, channel,"
                " machine, raised, suppressed) VALUES (:id, :event, :run_id, :created, :severity,"
                " :subject, :body, :channel, :machine, :raised, :suppressed)"
                " ON CONFLICT (id, channel) DO NOTHING",
                [
                    asdict(raised)
                    | {"channel": c, "machine": self._machine, "raised": now}
                    | {"suppressed": c in suppressed}
                    for c in channels
                ],
            )
        for channel in suppressed:
            reason = "sent or suppressed before" if channel in known else "the same event is recent"
            log.info("alert suppressed", channel=channel, subject=raised.subject, reason=reason)
        return suppressed

    @staticmethod
    def _recent(db: sqlite3.Connection, raised: Alert, now: float, suppress: timedelta) -> set[str]:
        """The channels on which the same event, at least as severe, was raised just now.

        Another machine's clock may be ahead: what lies in the future by less than the window is
        recent, too.
        """
        rows = db.execute(
            "SELECT channel, severity FROM outbox"
            " WHERE event = ? AND NOT suppressed AND abs(raised - ?) < ?",
            (raised.event, now, suppress.total_seconds()),
        )
        least = SEVERITIES.index(raised.severity)
        return {channel for channel, severity in rows if SEVERITIES.index(severity) >= least}

    def _now(self, db: sqlite3.Connection) -> float:
        """The time; where this machine's clock did not go forward, its earlier alerts lose theirs.

        They suppress nothing any more: how long ago they were cannot be said.
        """
        now = self._clock()
        values = {"machine": self._machine, "now": now}
        db.execute(
            "UPDATE outbox SET raised = NULL WHERE machine = :machine AND EXISTS"
            " (SELECT 1 FROM clocks WHERE machine = :machine AND seen >= :now)",
            values,
        )
        db.execute("INSERT OR REPLACE INTO clocks VALUES (:machine, :now)", values)
        return now

    def deliver(self, send: dict[str, Send], within_s: float = 300.0) -> Delivery:
        """Try everything that was not sent yet; what fails stays for the next time.

        Args:
            within_s: how long to wait for another run that is sending, and for how long to go on
                sending; what is left then stays, too.
        """
        sent: list[str] = []
        pending: list[str] = []
        before = self._waiting()
        with self._sole_sender(within_s) as alone:
            end = time.monotonic() + within_s
            every = self._waiting()
            for waiting, channel in before:
                if (waiting, channel) not in every:
                    log.info("another run sent it", channel=channel, subject=waiting.subject)
            for waiting, channel in every:
                line = f"{channel}: {waiting.subject}"
                if not alone:
                    failure: str | None = "another run is still sending"
                elif time.monotonic() >= end:
                    failure = f"others took all of {within_s:g} s"
                else:
                    failure = self._notify(waiting, channel, send.get(channel))
                if failure:
                    log.warning(
                        "alert not sent, will be tried again", channel=channel, reason=failure
                    )
                (pending if failure else sent).append(line)
        return Delivery(sent, pending)

    def _waiting(self) -> list[tuple[Alert, str]]:
        with self._transaction() as db:
            rows = db.execute(
                "SELECT id, event, run_id, created, severity, subject, body, channel FROM outbox"
                " WHERE sent IS NULL AND NOT suppressed ORDER BY seq"
            ).fetchall()
        return [(Alert(*fields), channel) for *fields, channel in rows]

    def _notify(self, waiting: Alert, channel: str, send: Send | None) -> str | None:
        """Send one and record it; the reason if it failed. What cannot be recorded is not sent."""
        if send is None:
            return "the channel is off"
        where = {"id": waiting.id, "channel": channel}
        with self._transaction() as db:
            db.execute(
                "UPDATE outbox SET attempts = attempts + 1 WHERE id = :id AND channel = :channel",
                where,
            )
        failure = _try(send, waiting)
        sent = None if failure else datetime.now(UTC).isoformat(timespec="seconds")
        with self._transaction() as db:
            db.execute(
                "UPDATE outbox SET error = :error, sent = :sent"
                " WHERE id = :id AND channel = :channel",
                where | {"error": failure, "sent": sent},
            )
        return failure

    @contextmanager
    def _sole_sender(self, within_s: float) -> Iterator[bool]:
        """Whether this process may send: one at a time may."""
        path = self._path.with_name(f"{self._path.name}.lock")
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

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(
                sqlite3.connect(self._path, timeout=LOCK_S, isolation_level=None)
            ) as db:  # which rolls back what is not committed
                db.execute("BEGIN IMMEDIATE")
                yield db
                db.execute("COMMIT")
        except sqlite3.Error as error:
            kind = getattr(error, "sqlite_errorcode", 0) & 0xFF
            advice = _ADVICE.get(kind, "Move it away if it is damaged.")
            raise ResourceError(f"{self._path}: {error}. {advice}", "resource.outbox") from error


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


def _try(send: Send, waiting: Alert) -> str | None:
    """Why the alert could not be sent; None if it was."""
    try:
        send(waiting)
    except (ConfigError, ResourceError) as error:
        return error.message
    except Exception as error:  # one broken channel must not silence the others
        return type(error).__name__  # its text may hold an address
    return None
