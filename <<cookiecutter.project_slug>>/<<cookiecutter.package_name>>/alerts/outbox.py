"""The outbox: from signals to notices that wait for their channel, in one transaction.

A notice is one event of one incident for one channel. It is committed together with the incident
that says that people are told of it, so nothing is lost or told twice, wherever a run is killed.
"""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import structlog

from ..config.alert import SEVERITIES, AlertRoutes
from .database import Database
from .incidents import Incident, aged, due, raised, resolved, told
from .signals import Signals, plain

log = structlog.get_logger()


@dataclass(frozen=True)
class Noted:
    """What became of the signals, as ``rule: subject`` lines; the kind of news comes first."""

    told: list[str]
    suppressed: list[str]


class Outbox:
    """Incidents, and what people are still to be told of them.

    Args:
        database: where they are kept.
        routes: who is told, of what, and how often.
    """

    def __init__(self, database: Database, routes: AlertRoutes) -> None:
        self._database = database
        self._routes = routes

    def note(self, signals: Signals) -> Noted:
        """Take in what one run judged, and keep for each channel what people should be told now.

        Incidents of a rule that was judged and has no signal on their subject are resolved; those
        of other rules stay as they are.
        """
        news: list[tuple[str, Incident]] = []
        suppressed: list[str] = []
        with self._database.transaction() as db:
            now, forward = self._database.now(db)
            before = self._incidents(db, forward)
            silenced = self._silenced(db, now)
            after = {}
            for key, incident in _judged(before, signals, now).items():
                current = aged(incident, now, self._routes)
                quiet = None in silenced or current.rule in silenced
                kind = None if quiet else due(current, now, self._routes)
                if kind:
                    news.append((kind, current))
                    current = told(current, now, self._database.machine)
                elif current.open and current.rule in signals:
                    suppressed.append(f"{current.rule}: {current.subject}")
                after[key] = current
            _save(db, before, after)
            self._keep(db, news)
        for line in suppressed:
            log.info("alert suppressed", subject=line)
        return Noted([f"{kind}: {one.rule}: {one.subject}" for kind, one in news], suppressed)

    def _incidents(self, db: sqlite3.Connection, forward: bool) -> dict[tuple[str, str], Incident]:
        incidents = {}
        for (facts,) in db.execute("SELECT facts FROM incidents ORDER BY rowid").fetchall():
            values = json.loads(facts)
            one = Incident(**values | {"changes": tuple(values["changes"])})
            if not forward:  # how long ago people were told by this clock cannot be said
                one.told_at.pop(self._database.machine, None)
            incidents[one.rule, one.subject] = one
        return incidents

    def _silenced(self, db: sqlite3.Connection, now: float) -> set[str | None]:
        """The rules that nobody wants to hear of now; None among them: of no rule."""
        query = "SELECT rule FROM silences WHERE ? BETWEEN begin AND until"
        return {rule for (rule,) in db.execute(query, (now,))}

    def _keep(self, db: sqlite3.Connection, news: list[tuple[str, Incident]]) -> None:
        db.executemany(
            "INSERT OR IGNORE INTO notices (channel, key, kind, severity, rule, subject, body,"
            " times) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (name, one.key(kind), kind, one.level, one.rule, one.subject, one.body, one.times)
                for kind, one in news
                for name, channel in self._routes.channels.items()
                if SEVERITIES.index(one.level) >= SEVERITIES.index(channel.severity)
            ],
        )

    def silence(self, hours: float, why: str, rule: str | None = None) -> None:
        """Tell nobody of a rule, or of any, for so long; what is open then is told then."""
        with self._database.transaction() as db:
            now = self._database.clock()
            db.execute(
                "INSERT INTO silences (rule, begin, until, why) VALUES (?, ?, ?, ?)",
                (rule, now, now + hours * 3600, plain(why, 200)),
            )

    def end_silences(self) -> None:
        """Tell people again."""
        with self._database.transaction() as db:
            db.execute("DELETE FROM silences")

    def revive(self) -> int:
        """Try to send again what was given up; how many messages that is."""
        with self._database.transaction() as db:
            values = (self._database.clock(),)
            query = "UPDATE messages SET dead = NULL, created = ? WHERE dead IS NOT NULL"
            return db.execute(query, values).rowcount

    def beat(self, name: str, evidence: str, at: float | None = None) -> float:
        """Hours since this heartbeat last had new evidence, counting this one.

        Args:
            name: of the heartbeat, such as ``batch``.
            evidence: such as the digest of the newest batch.
            at: when that came, if it is known; else now.
        """
        with self._database.transaction() as db:
            now = self._database.clock()
            before = db.execute(
                "SELECT evidence, at FROM heartbeats WHERE name = ?", (name,)
            ).fetchone()
            ahead = before is not None and before["at"] > now  # a clock that was wrong
            if before is None or before["evidence"] != evidence or ahead:
                values = (name, evidence, now if at is None else at)
                db.execute("INSERT OR REPLACE INTO heartbeats VALUES (?, ?, ?)", values)
                return (now - values[2]) / 3600
            return float(now - before["at"]) / 3600

    def since(self, name: str) -> float | None:
        """When a heartbeat last had new evidence; None: never."""
        with self._database.transaction() as db:
            row = db.execute("SELECT at FROM heartbeats WHERE name = ?", (name,)).fetchone()
        return None if row is None else float(row["at"])

    def status(self) -> dict[str, list[dict[str, Any]]]:
        """What is open, silenced, waiting for its channel, and given up."""
        with self._database.transaction() as db:
            opened = [one for one in self._incidents(db, True).values() if one.open]
            queries = {
                "silences": "SELECT rule, until, why FROM silences"
                " WHERE :now BETWEEN begin AND until",
                "notices": "SELECT channel, rule FROM notices ORDER BY seq",
                "messages": "SELECT channel, severity, title, attempts, error, dead FROM messages"
                " WHERE sent IS NULL ORDER BY seq",
            }
            values = {"now": self._database.clock()}
            rows = {
                name: [dict(row) for row in db.execute(query, values)]
                for name, query in queries.items()
            }
        return {"incidents": [asdict(one) | {"times": one.times} for one in opened], **rows}


def _judged(
    before: dict[tuple[str, str], Incident], signals: Signals, now: float
) -> dict[tuple[str, str], Incident]:
    """All incidents after one run's judgement."""
    after = {key: resolved(one, now) if one.rule in signals else one for key, one in before.items()}
    grouped: dict[tuple[str, str], list[Any]] = {}
    for rule, of_rule in signals.items():
        for one in of_rule:
            grouped.setdefault((rule, one.subject), []).append(one)
    for key, group in grouped.items():
        after[key] = raised(before.get(key), group, now)
    return after


def _save(
    db: sqlite3.Connection,
    before: dict[tuple[str, str], Incident],
    after: dict[tuple[str, str], Incident],
) -> None:
    changed: Iterable[Incident] = (one for key, one in after.items() if one != before.get(key))
    db.executemany(
        "INSERT INTO incidents VALUES (?, ?, ?)"
        " ON CONFLICT (rule, subject) DO UPDATE SET facts = excluded.facts",
        [(one.rule, one.subject, json.dumps(asdict(one))) for one in changed],
    )
