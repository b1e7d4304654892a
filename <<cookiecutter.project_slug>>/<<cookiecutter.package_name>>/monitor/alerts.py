"""Alerts: what is worth telling, and an outbox that loses none of them."""

import hashlib
import logging
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import structlog

from ..errors import ConfigError, ResourceError

log = structlog.get_logger()


@dataclass(frozen=True)
class Alert:
    """One thing to tell; ``id`` is the same for the same event, however often it is raised."""

    id: str
    run_id: str
    created: str  # ISO 8601, UTC
    severity: str  # warning, error or critical
    subject: str
    body: str


@dataclass(frozen=True)
class Delivery:
    """What became of the alerts, as ``channel: subject`` lines."""

    sent: list[str]
    pending: list[str]


Send = Callable[[Alert], None]


def alert(run_id: str, severity: str, subject: str, body: str) -> Alert:
    """A new alert."""
    digest = hashlib.sha256(f"{run_id}\0{subject}\0{body}".encode()).hexdigest()[:16]
    return Alert(
        digest, run_id, datetime.now(UTC).isoformat(timespec="seconds"), severity, subject, body
    )


def alerts_from(
    drift: dict[str, Any], quality: dict[str, Any], max_quarantined: float
) -> list[Alert]:
    """What in the two reports is worth telling; nothing, if all is well."""
    found = []
    advice = " ".join(drift["recommendations"])
    if drift["data_drift_detected"]:
        body = f"{drift['data_drift_score']:.0%} of the features drifted. {advice}"
        found.append(alert(drift["run_id"], "warning", "data drift", body))
    if drift["prediction_drift_detected"]:
        body = f"The scores drifted by {drift['prediction_drift_score']:.3f}. {advice}"
        found.append(alert(drift["run_id"], "error", "prediction drift", body))
    if quality["quarantined"] > max_quarantined * quality["rows"]:
        body = f"{quality['quarantined']} of {quality['rows']} rows are in quarantine."
        found.append(alert(drift["run_id"], "error", "data quality", body))
    return found


class Outbox:
    """Alerts in a sqlite file, written before they are sent: each is sent at least once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._open() as db:
            db.execute(
                "CREATE TABLE IF NOT EXISTS outbox (id TEXT, channel TEXT, run_id TEXT,"
                " created TEXT, severity TEXT, subject TEXT, body TEXT, attempts INTEGER DEFAULT 0,"
                " error TEXT, sent TEXT, suppressed INTEGER DEFAULT 0, PRIMARY KEY (id, channel))"
            )

    def add(self, raised: Alert, channels: list[str], suppress: timedelta) -> list[str]:
        """Keep the alert for each channel; it is not sent where the same was within ``suppress``.

        Returns:
            the channels that will be told.
        """
        since = (datetime.fromisoformat(raised.created) - suppress).isoformat(timespec="seconds")
        with self._open() as db:
            recent = db.execute(
                "SELECT channel FROM outbox WHERE subject = ? AND severity = ? AND created > ?"
                " AND NOT suppressed",
                (raised.subject, raised.severity, since),
            )
            told = {channel for (channel,) in recent}
            db.executemany(
                "INSERT OR IGNORE INTO outbox (id, channel, run_id, created, severity, subject,"
                " body, suppressed) VALUES (:id, :channel, :run_id, :created, :severity, :subject,"
                " :body, :suppressed)",
                [asdict(raised) | {"channel": c, "suppressed": c in told} for c in channels],
            )
        return [channel for channel in channels if channel not in told]

    def deliver(self, send: dict[str, Send]) -> Delivery:
        """Try everything that was not sent yet; what fails stays for the next time."""
        sent: list[str] = []
        pending: list[str] = []
        with self._open() as db:
            waiting = db.execute(
                "SELECT id, run_id, created, severity, subject, body, channel FROM outbox"
                " WHERE sent IS NULL AND NOT suppressed ORDER BY created, id, channel"
            ).fetchall()
        for *fields, channel in waiting:
            waiting_alert = Alert(*fields)
            failure = _try(send.get(channel), waiting_alert)
            self._record(waiting_alert.id, channel, error=failure)
            if failure:
                log.warning("alert not sent, will be tried again", channel=channel, reason=failure)
            (pending if failure else sent).append(f"{channel}: {waiting_alert.subject}")
        return Delivery(sent, pending)

    def _record(self, alert_id: str, channel: str, *, error: str | None) -> None:
        sent = None if error else datetime.now(UTC).isoformat(timespec="seconds")
        with self._open() as db:
            db.execute(
                "UPDATE outbox SET attempts = attempts + 1, error = ?, sent = ?"
                " WHERE id = ? AND channel = ?",
                (error, sent, alert_id, channel),
            )

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            db = sqlite3.connect(self._path, timeout=10)
        except sqlite3.Error as error:
            raise ResourceError(
                f"{self._path} cannot be opened: {error}.", "resource.outbox"
            ) from error
        try:
            with db:
                yield db
        except sqlite3.Error as error:
            raise ResourceError(
                f"{self._path}: {error}. Close what uses it.", "resource.outbox"
            ) from error
        finally:
            db.close()


def _try(send: Send | None, waiting: Alert) -> str | None:
    """Why the alert could not be sent; None if it was."""
    if send is None:
        return "the channel is off"
    try:
        send(waiting)
    except (ConfigError, ResourceError) as error:
        return error.message
    except Exception as error:  # one broken channel must not silence the others
        return type(error).__name__  # its text may hold an address
    return None


def to_log(raised: Alert) -> None:
    """Tell the log."""
    log.warning("ALERT", severity=raised.severity, subject=raised.subject, body=raised.body)


def to_webhook(variable: str) -> Send:
    """A sender that posts JSON to the address in an environment variable.

    The address is a secret: it reaches neither the log nor an error.
    """

    def send(raised: Alert) -> None:
        service = _service(variable, os.environ.get(variable, ""))
        told = service.notify(
            title=f"[{raised.severity}] {raised.subject}",
            body=f"{raised.body}\nrun {raised.run_id}",
            notify_type="warning" if raised.severity == "warning" else "failure",
        )
        if not told:
            raise ResourceError(
                f"the webhook of {variable} did not take the alert.", "resource.webhook"
            )

    return send


def _service(variable: str, address: str) -> Any:
    """Apprise's JSON service for an address; its parts are given apart, so that none is lost."""
    import apprise

    for talkative in ("apprise", "urllib3"):  # they would log the address when debugging
        logging.getLogger(talkative).setLevel(logging.ERROR)
    service = None
    try:
        parts = urlsplit(address)
        if parts.scheme in ("http", "https") and parts.hostname:
            service = apprise.Apprise.instantiate(
                {
                    "schema": "jsons" if parts.scheme == "https" else "json",
                    "host": parts.hostname,
                    "port": parts.port,
                    "user": parts.username,
                    "password": parts.password,
                    "fullpath": parts.path,
                    "params": dict(parse_qsl(parts.query, keep_blank_values=True)),
                }
            )
    except ValueError:
        service = None  # not an address; what it is must not be told
    if service is None:
        raise ConfigError(
            f"the variable {variable} should hold an http(s) address; it is "
            f"{'something else' if address else 'empty'}. Set it where this job runs.",
            "config.webhook",
        )
    return service
