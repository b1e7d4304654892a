"""What in the reports gives reason for an alert."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import NoneType
from typing import Any

from ..config.alert import SEVERITIES
from ..errors import DataError
from .signals import LONGEST_NAME, Signal, Signals, digest, plain, signal

Report = dict[str, Any]
Fields = Mapping[str, type | tuple[type, ...]]

DRIFT_FIELDS: Fields = {
    "run_id": str,
    "severity": str,
    "batch": dict,
    "data": dict,
    "predictions": dict,
    "performance": dict,
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
    "sha256": str,
}
METRICS_FIELDS: Fields = {"fell_back": (str, NoneType)}
PERFORMANCE_FIELDS: Fields = {"run_id": str, "verdict": str, "fallen": list, "sentences": list}
REGISTRY_FIELDS: Fields = {"verdict": str, "reason": str, "version": str}
VERDICTS = ("drifted", "fell", "steady", "unknown")
NAMED = 5  # rules and texts that a body names


def read_report(path: Path, fields: Fields) -> Report:
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


def _fits(report: Report, name: str, kind: type | tuple[type, ...]) -> bool:
    value = report.get(name)
    if name == "rules" and isinstance(value, dict):
        return all(isinstance(count, int) for count in value.values())
    return name in report and isinstance(value, kind)


def from_drift(drift: Report) -> Signals:
    """Of each verdict that was reached, its signals; the drift stage has decided the severity.

    Args:
        drift: with DRIFT_FIELDS.

    Raises:
        DataError: it says a word that is unknown.
    """
    severity, verdicts, evidence = drift["severity"], _drift_verdicts(drift), _digest(drift)
    name = plain(str(drift["batch"].get("name")), LONGEST_NAME)
    body = (
        f"Batch {name}, {drift['batch'].get('rows')} rows. {_sentences(drift['recommendations'])}"
    )

    def signals(rule: str, subjects: list[Any]) -> list[Signal]:
        return [signal(rule, str(one), severity, body, evidence) for one in subjects or ["all"]]

    by_rule = {
        rule: signals(rule, subjects) if verdict != "steady" and severity != "none" else []
        for rule, (verdict, subjects) in verdicts.items()
        if verdict != "unknown"
    }
    other = severity != "none" and not any(by_rule.values())  # than these three
    return by_rule | {"drift": signals("drift", ["batch"]) if other else []}


def _drift_verdicts(drift: Report) -> dict[str, tuple[str, list[Any]]]:
    """By rule, the verdict and what it is about."""
    data, answers, performance = drift["data"], drift["predictions"], drift["performance"]
    verdicts = {
        "data drift": (data.get("verdict"), data.get("drifted") or []),
        "prediction drift": (answers.get("verdict"), answers.get("drifted") or []),
        "estimated performance": (performance.get("verdict"), [performance.get("metric")]),
    }
    known = drift["severity"] in ("none", *SEVERITIES)
    if not (known and all(verdict in VERDICTS for verdict, _ in verdicts.values())):
        raise DataError(
            "the drift report holds a severity or a verdict that is unknown. Run `make monitor` to "
            "write it again.",
            "data.report",
        )
    return verdicts


def from_quality(quality: Report, max_quarantined: float) -> Signals:
    """Too many rows in quarantine, of the training data.

    Args:
        quality: with QUALITY_FIELDS.
        max_quarantined: share of rows, 0 to 1.
    """
    rule, rows, quarantined = "data quality", quality["rows"], quality["quarantined"]
    if quarantined <= max_quarantined * rows:
        return {rule: []}
    body = f"{quarantined} of {rows} rows are in quarantine."
    return {rule: [signal(rule, "training data", "error", body, _digest(quality))]}


def from_metrics(metrics: Report) -> Signals:
    """The model is the fallback.

    Args:
        metrics: with METRICS_FIELDS.
    """
    rule = "fallback model"
    if not metrics["fell_back"]:
        return {rule: []}
    body = f"The model is the fallback: {metrics['fell_back']}"
    return {rule: [signal(rule, "model", "error", body, _digest(metrics))]}


def from_incoming(incoming: Report, max_quarantined: float) -> Signals:
    """What arrived cannot be used: too many rows in quarantine, none valid, or a critical failure.

    Args:
        incoming: with INCOMING_FIELDS.
        max_quarantined: share of rows, 0 to 1.
    """
    rule, rows, quarantined = "incoming data quality", incoming["rows"], incoming["quarantined"]
    critical = [str(text) for text in incoming["critical"]]
    none_valid = rows > 0 and incoming["valid"] == 0
    if not (critical or none_valid or quarantined > max_quarantined * rows):
        return {rule: []}
    body = f"{quarantined} of {rows} incoming rows are in quarantine"
    if none_valid:
        body = f"None of {rows} incoming rows is valid"
    if rules := incoming["rules"]:
        worst = sorted(rules, key=lambda name: (-rules[name], name))
        body += f": {some(f'{plain(name, LONGEST_NAME)} ({rules[name]} rows)' for name in worst)}"
    body += "."
    if critical:
        body = f"Critical: {some(plain(text, LONGEST_NAME) for text in critical)}. {body}"
    severity = "critical" if critical else "error"
    return {rule: [signal(rule, "incoming data", severity, body, _digest(incoming))]}


def from_performance(performance: Report) -> Signals:
    """By the labels that came, the model is worse than promised: one signal, whatever the files.

    Files leave when their rows join the sources; the problem stays until labels show that it holds.

    Args:
        performance: with PERFORMANCE_FIELDS.
    """
    rule, evidence = "performance", _digest(performance)
    if performance["verdict"] == "unknown" and not performance["fallen"]:
        return {}
    if not performance["fallen"]:
        return {rule: []}
    body = _sentences(performance["sentences"])
    return {rule: [signal(rule, "by labels", "critical", body, evidence)]}


def from_registry(registry: Report) -> Signals:
    """The gate did not let a new model through.

    Args:
        registry: with REGISTRY_FIELDS, and ``champion``.
    """
    rule, version = "gate", registry["version"]
    if registry["verdict"] not in ("hold", "reject") or version == registry.get("champion"):
        return {rule: []}
    evidence = digest([rule, version, registry["verdict"]])
    body = f"{registry['verdict'].capitalize()} of version {version}: {registry['reason']}"
    return {rule: [signal(rule, "challenger", "warning", body, evidence)]}


def overdue(rule: str, what: str, severity: str, hours: float, most: float) -> Signals:
    """A heartbeat that is missed: nothing new for longer than ``most`` hours."""
    if hours <= most:
        return {rule: []}
    body = f"No new {what} for {hours:.0f} hours; alert.overdue_h is {most:g}."
    return {rule: [signal(rule, what, severity, body, digest([rule, what]))]}


def _digest(report: Report) -> str:
    """Of what a report says, whichever run wrote it: the same model and batch say the same."""
    content = {name: value for name, value in report.items() if name != "run_id"}
    return digest([json.dumps(content, sort_keys=True)])


def _sentences(texts: Iterable[Any]) -> str:
    return " ".join(plain(str(text), 500) for text in texts)


def some(texts: Iterable[str], most: int = NAMED) -> str:
    """The first few texts, and how many more there are."""
    every = list(texts)
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(every[:most]) + more
