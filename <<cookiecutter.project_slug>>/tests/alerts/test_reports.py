import json

import pytest

from <<cookiecutter.package_name>>.alerts.reports import (
    DRIFT_FIELDS,
    INCOMING_FIELDS,
    from_drift,
    from_incoming,
    from_metrics,
    from_performance,
    from_quality,
    from_registry,
    overdue,
    read_report,
)
from <<cookiecutter.package_name>>.alerts.signals import (
    LONGEST_BODY,
    Signal,
    Signals,
    plain,
)
from <<cookiecutter.package_name>>.errors import DataError

from .reports import ARRIVED, CALM, CLEAN, CONFIGURED, DRIFTED, FELL, HELD, PROMOTED, STEADY

EMPTY = ARRIVED | {"rows": 0, "valid": 0, "quarantined": 0, "rules": {}}
DATA = CALM | {"severity": "warning", "data": DRIFTED["data"]}
ESTIMATE = {"verdict": "fell", "metric": "roc_auc", "tested": 0.8, "estimated": 0.6}


def signals(by_rule: Signals) -> list[Signal]:
    return [one for of_rule in by_rule.values() for one in of_rule]


@pytest.mark.parametrize(
    "by_rule",
    [
        from_drift(CALM),
        from_drift(DRIFTED | {"severity": "none"}),  # by loss it does not matter
        from_quality(CLEAN, 0.01),
        from_metrics(CONFIGURED),
        from_incoming(ARRIVED, 0.01),
        from_incoming(EMPTY, 0.01),
        from_performance(HELD),
        from_registry(PROMOTED),
        from_registry(PROMOTED | {"verdict": "hold"}),  # it is the champion already
        overdue("arrivals", "batch", "error", 10.0, 10.0),
    ],
)
def test_there_is_no_signal_and_the_rule_was_judged_when_all_is_well(by_rule: Signals) -> None:
    assert by_rule
    assert signals(by_rule) == []


@pytest.mark.parametrize(
    ("by_rule", "expected"),
    [
        (from_drift(DATA), {("data drift", "wind"), ("data drift", "temperature")}),
        (
            from_drift(CALM | {"severity": "warning", "predictions": DRIFTED["predictions"]}),
            {("prediction drift", "1")},
        ),
        (
            from_drift(CALM | {"severity": "warning", "performance": ESTIMATE}),
            {("estimated performance", "roc_auc")},
        ),
        (from_drift(CALM | {"severity": "warning"}), {("drift", "batch")}),
        (from_registry(PROMOTED | {"verdict": "reject", "version": "3"}), {("gate", "challenger")}),
        (from_registry(PROMOTED | {"verdict": "hold", "version": "3"}), {("gate", "challenger")}),
    ],
)
def test_each_trouble_is_a_signal_on_its_subject(by_rule, expected: set) -> None:
    assert {(one.rule, one.subject) for one in signals(by_rule)} == expected
    assert {one.severity for one in signals(by_rule)} == {"warning"}


@pytest.mark.parametrize(
    ("by_rule", "severity"),
    [
        (from_quality(CLEAN | {"quarantined": 11}, 0.01), "error"),
        (from_metrics({"fell_back": "xgboost diverged"}), "error"),
        (from_incoming(ARRIVED | {"quarantined": 11}, 0.01), "error"),
        (from_incoming(ARRIVED | {"valid": 0}, 0.01), "error"),
        (from_incoming(ARRIVED | {"critical": ["x"]}, 0.01), "critical"),
        (from_performance(FELL), "critical"),
        (overdue("arrivals", "batch", "error", 10.1, 10.0), "error"),
    ],
)
def test_each_trouble_has_its_severity(by_rule: Signals, severity: str) -> None:
    assert [one.severity for one in signals(by_rule)] == [severity]


def test_a_verdict_for_which_there_are_not_enough_rows_judges_nothing() -> None:
    unknown = {"verdict": "unknown", "drifted": []}
    assert "data drift" not in from_drift(CALM | {"data": unknown})
    assert from_performance(HELD | {"verdict": "unknown"}) == {}


def test_a_signal_on_what_arrived_names_the_worst_rules_first_with_counts() -> None:
    rules = {"few": 1, "most": 500, "some": 20, "b": 3, "c": 4, "d": 5, "e": 6}
    (one,) = signals(from_incoming(ARRIVED | {"quarantined": 539, "rules": rules}, 0.01))
    assert "539 of 1000 incoming rows" in one.body
    assert "most (500 rows), some (20 rows), e (6 rows)" in one.body
    assert "and 2 more" in one.body
    assert "few" not in one.body


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ({}, True),
        ({"run_id": "r2"}, True),
        ({"batch": CALM["batch"] | {"name": "2024-07"}}, False),
        ({"performance": ESTIMATE}, False),
    ],
)
def test_the_evidence_is_what_was_judged_whichever_run_did(other: dict, *, same: bool) -> None:
    first, second = (signals(from_drift(report))[0] for report in (DATA, DATA | other))
    assert (first.evidence == second.evidence) == same


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\r\nALERT b\tc", "a ALERT b c"),
        ("\x1b[31mred\x00\x7f", "[31mred"),
        ("\u202eright to left\u2028line", "right to left line"),
        ("half a pair \ud800", "half a pair"),
        ("ünï ✓", "ünï ✓"),
        ("x" * 99, "x" * 19 + "…"),
        ("@channel", "@\u2060channel"),
        ("<!here>", "<\u2060!here>"),
        ("http://a/b", "http:\u2060//a/b"),
    ],
)
def test_text_from_data_is_one_bounded_line_that_pings_nobody(text, expected: str) -> None:
    assert plain(text, 20) == expected


def test_names_from_data_reach_a_signal_bounded_and_without_control_characters() -> None:
    name = "\x1b]0;\n\ud800" + "x" * 100_000
    drift = CALM | {"severity": "error", "recommendations": [name] * 99, "batch": {"name": name}}
    drift |= {"data": STEADY | {"verdict": "drifted", "drifted": [name]}}
    arrived = ARRIVED | {"rules": {name: 999}, "critical": [name] * 99}
    for one in signals(from_drift(drift) | from_incoming(arrived, 0.01)):
        for text in (one.subject, one.body):
            assert len(text) <= LONGEST_BODY
            assert text.replace("\u2060", "").isprintable()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "is missing"),
        ("", "JSON object"),
        ("[" * 10**5, "JSON object"),
        ("[1]", "JSON object"),
        ("\xff", "JSON object"),
        (json.dumps(ARRIVED | {"rows": "10"}), "no usable rows"),
        (json.dumps({"run_id": "b1"}), "rows, valid, quarantined, rules, critical, sha256"),
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


@pytest.mark.parametrize("report", [CALM | {"severity": "terrible"}, CALM | {"data": {}}])
def test_a_drift_report_of_words_that_nobody_knows_is_an_error(report: dict) -> None:
    with pytest.raises(DataError, match="is unknown"):
        from_drift(report)
