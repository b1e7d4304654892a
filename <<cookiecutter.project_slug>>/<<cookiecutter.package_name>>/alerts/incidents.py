"""Incidents: what is known of one rule and subject, what people were told, and what is due.

Facts come first (`raised`, `resolved`); what to tell follows from them and from what people know
(`due`). So whatever holds a message back, it is caught up with later, or has become pointless.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ..config.alert import SEVERITIES, AlertRoutes
from .signals import Signal, digest

MACHINES = 20  # whose clocks are remembered
NEW, WORSE, ESCALATED, STILL, RESOLVED = "new", "worse", "escalated", "still", "resolved"


@dataclass(frozen=True)
class Incident:
    """One rule and subject; times in seconds since 1970."""

    rule: str
    subject: str
    severity: str
    body: str
    evidence: str
    open: bool
    since: float  # it is open, or resolved
    episode: int = 1  # how often it was opened
    repeats: int = 0  # pieces of evidence since it was opened, beside the first
    escalated: bool = False
    changes: tuple[float, ...] = ()  # when it was opened and resolved, of late
    told_open: bool = False  # people know that it is open
    told_severity: str | None = None  # that they were told last
    told_at: dict[str, float] = field(default_factory=dict)  # by the clock of each machine
    told_repeats: int = 0

    @property
    def level(self) -> str:
        """Its severity for people; of one that is resolved, the worst that they were told."""
        if not self.open and self.told_severity:
            return self.told_severity
        return SEVERITIES[min(_rank(self.severity) + self.escalated, len(SEVERITIES) - 1)]

    @property
    def times(self) -> int:
        """How many pieces of evidence there are since it was opened."""
        return self.repeats + 1

    def key(self, kind: str) -> str:
        """The same for one event, whoever tells of it, and however often."""
        number = f"{self.episode}.{self.repeats}"
        return digest((self.rule, self.subject, kind, self.level, self.evidence, number))


def raised(before: Incident | None, signals: Sequence[Signal], now: float) -> Incident:
    """The incident after all signals of one run on its rule and subject."""
    worst = max(signals, key=lambda one: _rank(one.severity))
    evidences = sorted({one.evidence for one in signals})
    evidence = evidences[0] if len(evidences) == 1 else digest(evidences)
    latest = Incident(
        *(worst.rule, worst.subject, worst.severity, worst.body, evidence),
        open=True,
        since=now,
        repeats=len(evidences) - 1,
        changes=(now,),
    )
    if before is None:
        return latest
    if before.open:
        more = len(evidences) if evidence != before.evidence else 0
        return replace(
            before,
            severity=worst.severity,
            body=worst.body,
            evidence=evidence,
            repeats=before.repeats + more,
        )
    return replace(
        latest,
        episode=before.episode + 1,
        changes=(*before.changes, now),
        told_open=before.told_open,
        told_severity=before.told_severity,
        told_at=before.told_at,
    )


def resolved(before: Incident, now: float) -> Incident:
    """The incident after its rule was judged and had no signal on its subject."""
    if not before.open:
        return before
    return replace(before, open=False, since=now, changes=(*before.changes, now))


def aged(incident: Incident, now: float, routes: AlertRoutes) -> Incident:
    """The incident at this time: escalated if it is due, old changes forgotten."""
    late = now - incident.since >= routes.escalate_h * 3600
    escalated = incident.open and (late or incident.repeats >= routes.escalate_after)
    within = [t for t in incident.changes if abs(now - t) < routes.flapping_h * 3600]
    return replace(
        incident,
        since=min(incident.since, now),  # a clock that was ahead
        escalated=incident.escalated or escalated,
        changes=tuple(within[-100:]),
    )


def due(incident: Incident, now: float, routes: AlertRoutes) -> str | None:
    """What people should be told of it now; None: nothing.

    Another machine's clock may be ahead: what lies in the future by less than the window is
    recent, too.
    """
    flapping = len(incident.changes) >= routes.flapping
    if not incident.open:
        return RESOLVED if incident.told_open and not flapping else None
    worse = _rank(incident.level) > _rank(incident.told_severity)
    recent = any(abs(now - at) < routes.suppress_min * 60 for at in incident.told_at.values())
    if (recent or flapping) and not worse:
        return None
    if not incident.told_open:
        return NEW
    if worse:
        own = _rank(incident.severity) > _rank(incident.told_severity)
        return WORSE if own else ESCALATED
    return STILL if incident.repeats > incident.told_repeats else None


def told(incident: Incident, now: float, machine: str) -> Incident:
    """The incident after people are told of it as it is."""
    known = incident.told_severity if incident.told_open else None
    return replace(
        incident,
        told_open=incident.open,
        told_severity=max(incident.level, known or incident.level, key=_rank),
        told_at=_latest(incident.told_at | {machine: now}) if incident.open else incident.told_at,
        told_repeats=incident.repeats,
    )


def _latest(times: dict[str, float]) -> dict[str, float]:
    return dict(sorted(times.items(), key=lambda one: one[1])[-MACHINES:])


def _rank(severity: str | None) -> int:
    return -1 if severity is None else SEVERITIES.index(severity)
