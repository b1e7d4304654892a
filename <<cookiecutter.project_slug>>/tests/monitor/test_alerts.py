import json
import os
import subprocess
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from <<cookiecutter.package_name>>.config.alert import AlertRoutes
from <<cookiecutter.package_name>>.config.checks import RuleError
from <<cookiecutter.package_name>>.errors import DataError
from <<cookiecutter.package_name>>.monitor.alerts import (
    DRIFT_FIELDS,
    INCOMING_FIELDS,
    LONGEST_BODY,
    Alert,
    alert,
    alerts_from,
    plain,
    read_report,
    to_log,
)

from ..conftest import ROOT, by_hand

CALM = {
    "run_id": "r1",
    "severity": "none",
    "data": {"drifted": []},
    "predictions": {"drifted": []},
    "recommendations": ["Look."],
}
CLEAN = {"rows": 1000, "quarantined": 10}
CONFIGURED = {"fell_back": None}  # the model is the configured one
ARRIVED = {"run_id": "b1", "rows": 1000, "valid": 990, "quarantined": 10, "rules": {"a": 10}}
ARRIVED |= {"critical": [], "files": ["x.csv"]}
EMPTY = ARRIVED | {"rows": 0, "valid": 0, "quarantined": 0, "rules": {}}
DRIFTED = CALM | {"severity": "error"}


def alerts(drift, quality, metrics, incoming, performance=None) -> list[Alert]:
    about = {"incoming": incoming, "performance": performance, "max_quarantined": 0.01}
    return alerts_from(drift, quality, metrics, **about)


def only(drift=CALM, quality=CLEAN, metrics=CONFIGURED, incoming=ARRIVED) -> Alert:
    (raised,) = alerts(drift, quality, metrics, incoming)
    return raised


@pytest.mark.parametrize("incoming", [None, ARRIVED, EMPTY], ids=["none", "rows", "no rows"])
def test_no_alert_is_raised_when_all_is_well(incoming) -> None:
    assert alerts(CALM, CLEAN, CONFIGURED, incoming) == []


@pytest.mark.parametrize(
    ("changed", "severity", "subject", "run"),
    [
        ({"drift": CALM | {"severity": "warning"}}, "warning", "drift", "r1"),
        ({"drift": CALM | {"severity": "critical"}}, "critical", "drift", "r1"),
        ({"quality": CLEAN | {"quarantined": 11}}, "error", "data quality", "r1"),
        ({"metrics": {"fell_back": "xgboost diverged"}}, "error", "fallback model", "r1"),
        ({"incoming": ARRIVED | {"quarantined": 11}}, "error", "incoming data quality", "b1"),
        ({"incoming": ARRIVED | {"valid": 0}}, "error", "incoming data quality", "b1"),
        ({"incoming": ARRIVED | {"critical": ["x"]}}, "critical", "incoming data quality", "b1"),
    ],
)
def test_each_trouble_raises_its_alert(changed, severity: str, subject: str, run: str) -> None:
    raised = only(**changed)
    assert (raised.severity, raised.subject, raised.run_id) == (severity, subject, run)


def test_an_alert_on_what_arrived_names_the_worst_rules_first_with_counts() -> None:
    rules = {"few": 1, "most": 500, "some": 20, "b": 3, "c": 4, "d": 5, "e": 6}
    body = only(incoming=ARRIVED | {"quarantined": 539, "rules": rules}).body
    assert "539 of 1000 incoming rows" in body
    assert "most (500 rows), some (20 rows), e (6 rows)" in body
    assert "and 2 more" in body
    assert "few" not in body


@pytest.mark.parametrize(
    ("other", "same_event", "same_id"),
    [
        ({}, True, True),
        ({"data": {"drifted": ["b", "a", "a"]}}, True, True),
        ({"run_id": "r2"}, True, False),
        ({"data": {"drifted": ["a"]}}, False, False),
        ({"data": {"drifted": ["a", "b", "c"]}}, False, False),
        ({"data": {"drifted": ["a,b"]}}, False, False),
    ],
)
def test_an_event_is_its_subject_and_its_columns_and_an_alert_is_an_event_of_a_run(
    other, same_event: bool, same_id: bool
) -> None:
    drift = DRIFTED | {"data": {"drifted": ["a", "b"]}}
    first = alerts(drift, CLEAN, CONFIGURED, None)
    second = alerts(drift | other, CLEAN, CONFIGURED, None)
    assert len({a.event for a in first}) == len({a.id for a in first}) == 1
    for one, two in zip(first, second, strict=True):
        assert (one.event == two.event, one.id == two.id) == (same_event, same_id)


FELL = {"run_id": "p1", "verdict": "fell", "fallen": ["june.csv"], "sentences": ["june.csv: bad"]}


def test_performance_that_fell_is_a_critical_alert_on_the_files_where_it_did() -> None:
    (one,) = alerts(CALM, CLEAN, CONFIGURED, ARRIVED, FELL)
    (two,) = alerts(CALM, CLEAN, CONFIGURED, ARRIVED, FELL | {"fallen": ["july.csv"]})

    assert (one.severity, one.subject, one.run_id) == ("critical", "performance", "p1")
    assert one.body == "june.csv: bad"
    assert one.event != two.event


@pytest.mark.parametrize("verdict", ["holds", "unclear", "unknown"])
def test_performance_that_has_not_fallen_is_no_alert(verdict: str) -> None:
    report = FELL | {"verdict": verdict, "fallen": []}

    assert alerts(CALM, CLEAN, CONFIGURED, ARRIVED, report) == []


def test_another_severity_is_another_alert_on_the_same_event() -> None:
    one, two = (alert("r1", severity, "s", "b", ["x"]) for severity in ("error", "critical"))
    assert one.event == two.event
    assert one.id != two.id


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\r\nALERT b\tc", "a ALERT b c"),
        ("\x1b[31mred\x00\x7f", "[31mred"),
        ("\u202eright to left\u2028line", "right to left line"),
        ("half a pair \ud800", "half a pair"),
        ("ünï ✓", "ünï ✓"),
        ("x" * 99, "x" * 19 + "…"),
    ],
)
def test_text_from_data_is_one_bounded_line_of_printable_characters(text, expected: str) -> None:
    assert plain(text, 20) == expected


def test_names_from_data_reach_an_alert_bounded_and_without_control_characters() -> None:
    name = "\x1b]0;\n\ud800" + "x" * 100_000
    drift = DRIFTED | {"run_id": name, "data": {"drifted": [name]}, "recommendations": [name] * 99}
    arrived = ARRIVED | {"rules": {name: 999}, "critical": [name] * 99}
    for raised in alerts(drift, CLEAN, CONFIGURED, arrived):
        for text in (raised.run_id, raised.subject, raised.body):
            assert len(text) <= LONGEST_BODY
            assert text.isprintable()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "is missing"),
        ("", "JSON object"),
        ("[" * 10**5, "JSON object"),
        ("[1]", "JSON object"),
        ("\xff", "JSON object"),
        (json.dumps(ARRIVED | {"rows": "10"}), "no usable rows"),
        (json.dumps({"run_id": "b1"}), "rows, valid, quarantined, rules, critical"),
        (json.dumps(ARRIVED | {"rules": {"a": "many"}}), "no usable rules"),
    ],
)
def test_a_report_that_is_none_is_an_error_that_names_it(tmp_path, text, reason: str) -> None:
    path = tmp_path / "incoming.json"
    if text is not None:
        path.write_bytes(text.encode("latin-1"))
    with pytest.raises(DataError, match=r"incoming\.json.*make monitor") as caught:
        read_report(path, INCOMING_FIELDS)
    assert reason in caught.value.message


def test_a_report_may_say_more_than_alerts_need(tmp_path) -> None:
    report = CALM | {"null_shares": {"a": [0.0, 0.5]}, "drift_reasons": {"a": ["nulls"]}}
    (tmp_path / "drift.json").write_text(json.dumps(report))
    assert read_report(tmp_path / "drift.json", DRIFT_FIELDS) == report


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"channels": []}, "alert.channels"),
        ({"channels": ["https://canary"]}, "alert.channels"),
        ({"channels": ["webhook"]}, "alert.webhook_env"),
        ({"channels": ["webhook"], "webhook_env": "https://canary"}, "alert.webhook_env"),
        ({"channels": ["log"], "webhook_env": "MY CANARY"}, "alert.webhook_env"),
        ({"channels": ["log"], "timeout_s": 0.0}, "alert.timeout_s"),
        ({"channels": ["log"], "timeout_s": float("inf")}, "alert.timeout_s"),
        ({"channels": ["log"], "suppress_min": -1.0}, "alert.suppress_min"),
        ({"channels": ["log"], "suppress_min": float("nan")}, "alert.suppress_min"),
        ({"channels": ["log"], "suppress_min": 1e18}, "alert.suppress_min"),
    ],
)
def test_routes_that_make_no_sense_are_refused_and_no_address_is_repeated(values, named) -> None:
    with pytest.raises(RuleError, match=named) as caught:
        AlertRoutes(**values)
    assert "canary" not in str(caught.value).lower()


def test_the_log_says_what_happened() -> None:
    with capture_logs() as lines:
        to_log(alert("r1", "error", "data drift", "body", []))
    assert lines[0]["subject"] == "data drift"


@pytest.fixture
def stage(tmp_path: Path, package: str):
    """Runs the alert stage on reports of drift in a folder of its own; gives code, log, report."""

    def run(run_id: str, incoming: dict | None = None) -> tuple[int, str, dict]:
        reports = {"drift": DRIFTED | {"run_id": run_id}, "quality": CLEAN, "metrics": CONFIGURED}
        reports["incoming"] = incoming
        (tmp_path / "reports").mkdir(exist_ok=True)
        for name, report in reports.items():
            if report is not None:
                (tmp_path / f"reports/{name}.json").write_text(json.dumps(report))
        done = subprocess.run(
            by_hand(package, "alert", "alert=log"),
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), "LOG_FORMAT": "text"},
            capture_output=True,
            text=True,
            check=False,
        )
        path = tmp_path / "reports/alerts.json"
        return done.returncode, done.stderr, json.loads(path.read_text()) if path.exists() else {}

    return run


def test_the_stage_counts_what_it_suppresses_in_its_report_and_in_its_log(stage) -> None:
    code, _, first = stage("r1")
    assert (code, first["suppressed"]) == (0, [])
    assert first["sent"] == ["log: drift"]
    code, lines, second = stage("r2", ARRIVED | {"critical": ["all is null"]})
    assert code == 0
    assert second["sent"] == ["log: incoming data quality"]
    assert second["suppressed"] == ["log: drift"]
    assert "raised=2" in lines
    assert "suppressed=1" in lines
    assert lines.count("] alert suppressed ") == 1


def test_the_stage_misses_the_report_on_what_arrived_once_there_are_predictions(
    stage, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/predictions.parquet").touch()
    code, lines, _ = stage("r1")
    assert code == 3
    assert "reports/incoming.json is missing" in lines
