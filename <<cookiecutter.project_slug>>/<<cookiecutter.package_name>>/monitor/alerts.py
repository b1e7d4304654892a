"""Alerts: what in the reports gives reason for one."""

import hashlib
import json
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import NoneType
from typing import Any

import structlog

from ..errors import DataError

SEVERITIES = ("warning", "error", "critical")  # in rising order
LONGEST_BODY = 2000  # characters
Fields = Mapping[str, type | tuple[type, ...]]

DRIFT_FIELDS: Fields = {
    "run_id": str,
    "severity": str,
    "recommendations": list,
}
QUALITY_FIELDS: Fields = {"rows": int, "quarantined": int}
INCOMING_FIELDS: Fields = {
    "run_id": str,
    "rows": int,
    "valid": int,
    "quarantined": int,
    "rules": dict,
    "critical": list,
}
METRICS_FIELDS: Fields = {"fell_back": (str, NoneType)}
PERFORMANCE_FIELDS: Fields = {
    "run_id": str,
    "verdict": str,
    "fallen": list,
    "sentences": list,
}
NAMED = 5  # rules, columns and texts that an alert names
LONGEST_NAME = 100  # characters

log = structlog.get_logger()


@dataclass(frozen=True)
class Alert:
    """One thing to report."""

    id: str  # the same for one event of one run, however often it is raised
    event: str  # the same for one subject and one set of columns, in whatever run
    run_id: str
    created: str  # ISO 8601, UTC; for people
    severity: str  # one of SEVERITIES
    subject: str
    body: str


Send = Callable[[Alert], None]


def alert(run_id: str, severity: str, subject: str, body: str, about: Iterable[str]) -> Alert:
    """A new alert; its texts are cut to a length and hold no control characters.

    Args:
        about: what the event is about, such as columns; with the subject, the event's identity.
    """
    event = _digest([subject, *sorted(set(about))])
    body = plain(body, LONGEST_BODY)
    return Alert(
        id=_digest([run_id, severity, event, body]),
        event=event,
        run_id=plain(run_id, 100),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        severity=severity,
        subject=plain(subject, 100),
        body=body,
    )


def _digest(parts: list[str]) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def plain(text: str, longest: int) -> str:
    """The text as one line of printable characters, at most ``longest`` of them."""
    printable = (" " if unicodedata.category(c)[0] in "CZ" else c for c in text[: 4 * longest])
    line = " ".join("".join(printable).split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def read_report(path: Path, fields: Fields) -> dict[str, Any]:
    """A report that another stage wrote, with at least these fields.

    Raises:
        DataError: it is missing or not such a report.
    """
    advice = "Run `dvc repro` and `make monitor` to write it again."
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(f"{path} is missing. {advice}", "data.report") from None
    except (ValueError, RecursionError):
        report = None
    if not isinstance(report, dict):
        raise DataError(f"{path} should be a JSON object; it is not. {advice}", "data.report")
    wrong = [name for name, kind in fields.items() if not _fits(report, name, kind)]
    if wrong:
        raise DataError(f"{path} holds no usable {', '.join(wrong)}. {advice}", "data.report")
    return report


def _fits(report: dict[str, Any], name: str, kind: type | tuple[type, ...]) -> bool:
    value = report.get(name)
    if isinstance(value, dict) and not all(isinstance(count, int) for count in value.values()):
        return False
    return name in report and isinstance(value, kind)


def alerts_from(
    drift: dict[str, Any],
    quality: dict[str, Any],
    metrics: dict[str, Any],
    *,
    incoming: dict[str, Any] | None,
    max_quarantined: float,
    performance: dict[str, Any] | None = None,
) -> list[Alert]:
    """What in the reports gives reason for an alert; nothing, if all is well.

    Args:
        drift: with DRIFT_FIELDS, and ``drifted_features`` if known.
        quality: of the training data, with QUALITY_FIELDS, and ``rules`` if known.
        metrics: of the model, with METRICS_FIELDS.
        incoming: of what arrived last, with INCOMING_FIELDS; None if nothing has arrived yet.
        max_quarantined: share of rows, 0 to 1.
        performance: by the labels that came, with PERFORMANCE_FIELDS; None if nothing has arrived.
    """
    raised = _from_drift(drift)
    if quality["quarantined"] > max_quarantined * quality["rows"]:
        body = f"{quality['quarantined']} of {quality['rows']} rows are in quarantine."
        rules = quality.get("rules", {})
        raised.append(alert(drift["run_id"], "error", "data quality", body, rules))
    if metrics["fell_back"]:
        body = f"The model is the fallback: {metrics['fell_back']}"
        raised.append(alert(drift["run_id"], "error", "fallback model", body, []))
    if incoming:
        raised += _from_incoming(incoming, max_quarantined)
    if performance and performance["fallen"]:
        body = " ".join(plain(str(text), 500) for text in performance["sentences"])
        about = [str(name) for name in performance["fallen"]]
        raised.append(alert(performance["run_id"], "critical", "performance", body, about))
    return raised


def _from_drift(drift: dict[str, Any]) -> list[Alert]:
    if drift["severity"] not in SEVERITIES:
        return []
    drifted = [name for side in ("data", "predictions") for name in drift[side]["drifted"]]
    body = " ".join(plain(str(text), 500) for text in drift["recommendations"])
    return [alert(drift["run_id"], drift["severity"], "drift", body, map(str, drifted))]


def _from_incoming(incoming: dict[str, Any], max_quarantined: float) -> list[Alert]:
    rows, quarantined, rules = incoming["rows"], incoming["quarantined"], incoming["rules"]
    critical = [str(text) for text in incoming["critical"]]
    none_valid = rows > 0 and incoming["valid"] == 0
    if not (critical or none_valid or quarantined > max_quarantined * rows):
        return []
    body = f"{quarantined} of {rows} incoming rows are in quarantine"
    if none_valid:
        body = f"None of {rows} incoming rows is valid"
    if rules:
        worst = sorted(rules, key=lambda name: (-rules[name], name))
        body += f": {_some(f'{plain(name, LONGEST_NAME)} ({rules[name]} rows)' for name in worst)}"
    body += "."
    if critical:
        body = f"Critical: {_some(plain(text, LONGEST_NAME) for text in critical)}. {body}"
    severity = "critical" if critical else "error"
    about = [*rules, *critical]
    return [alert(incoming["run_id"], severity, "incoming data quality", body, about)]


def _some(texts: Iterable[str]) -> str:
    """The first few texts, and how many more there are."""
    every = list(texts)
    more = f" and {len(every) - NAMED} more" if len(every) > NAMED else ""
    return ", ".join(every[:NAMED]) + more


def to_log(raised: Alert) -> None:
    """Write the alert to the log."""
    log.warning("ALERT", severity=raised.severity, subject=raised.subject, body=raised.body)
