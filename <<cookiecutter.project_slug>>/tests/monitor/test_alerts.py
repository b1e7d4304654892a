import json
import logging
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from <<cookiecutter.package_name>>.errors import ConfigError, ResourceError
from <<cookiecutter.package_name>>.monitor.alerts import (
    Alert,
    Outbox,
    alerts_from,
    to_log,
    to_webhook,
)

HOUR = timedelta(hours=1)
CALM = {
    "run_id": "r1",
    "data_drift_detected": False,
    "data_drift_score": 0.0,
    "prediction_drift_detected": False,
    "prediction_drift_score": 0.0,
    "recommendations": ["Look."],
}
CLEAN = {"rows": 1000, "quarantined": 10}
VARIABLE = "TEST_WEBHOOK"


def alert(number: int, minute: int = 0, severity: str = "error") -> Alert:
    created = f"2026-01-01T12:{minute:02}:00+00:00"
    return Alert(f"id{number}", "r1", created, severity, "data drift", f"body {number}")


class Sink(HTTPServer):
    """A webhook that keeps what it gets and answers with ``status``."""

    def __init__(self, port: int = 0) -> None:
        self.status = 200
        self.got: list[tuple[str, dict]] = []
        super().__init__(("127.0.0.1", port), Handler)


class Handler(BaseHTTPRequestHandler):
    server: Sink

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.got.append((self.path, body))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_) -> None: ...


@pytest.fixture
def sink() -> Iterator[Sink]:
    server = Sink()
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox(tmp_path / "alerts.db")


def test_no_alert_is_raised_when_all_is_well() -> None:
    assert alerts_from(CALM, CLEAN, 0.01) == []


@pytest.mark.parametrize(
    ("drift", "quality", "severity", "subject"),
    [
        ({"data_drift_detected": True, "data_drift_score": 0.5}, {}, "warning", "data drift"),
        ({"prediction_drift_detected": True}, {}, "error", "prediction drift"),
        ({}, {"quarantined": 11}, "error", "data quality"),
    ],
)
def test_each_trouble_raises_its_alert(drift, quality, severity: str, subject: str) -> None:
    (raised,) = alerts_from(CALM | drift, CLEAN | quality, 0.01)
    assert (raised.severity, raised.subject, raised.run_id) == (severity, subject, "r1")


def test_the_same_event_has_the_same_id() -> None:
    drift = CALM | {"data_drift_detected": True}
    (first,), (second,) = (alerts_from(drift, CLEAN, 0.01) for _ in range(2))
    (other,) = alerts_from(drift | {"run_id": "r2"}, CLEAN, 0.01)
    assert first.id == second.id != other.id


def test_each_channel_is_told_once(outbox: Outbox) -> None:
    told: list[str] = []
    send = {name: lambda a, name=name: told.append(f"{name} {a.id}") for name in ("log", "mail")}
    outbox.add(alert(1), ["log", "mail"], HOUR)
    assert outbox.deliver(send).sent == ["log: data drift", "mail: data drift"]
    assert outbox.deliver(send).sent == []
    assert told == ["log id1", "mail id1"]


def test_the_same_subject_within_the_window_is_kept_and_not_sent(
    outbox: Outbox, tmp_path: Path
) -> None:
    timetable = [(1, 0, "error"), (2, 20, "error"), (3, 25, "critical"), (4, 30, "error")]
    told: list[str] = []
    for number, minute, severity in timetable:
        outbox.add(alert(number, minute, severity), ["log"], timedelta(minutes=30))
        outbox.deliver({"log": lambda a: told.append(a.id)})
    assert told == ["id1", "id3", "id4"]
    with sqlite3.connect(tmp_path / "alerts.db") as db:
        assert db.execute("SELECT id FROM outbox WHERE suppressed").fetchall() == [("id2",)]


def test_raising_the_same_event_again_does_not_tell_it_again(outbox: Outbox) -> None:
    told: list[str] = []
    for _ in range(2):
        outbox.add(alert(1), ["log"], timedelta(0))
        outbox.deliver({"log": lambda a: told.append(a.id)})
    assert told == ["id1"]


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (ResourceError("the sink is down"), "the sink is down"),
        (ConfigError("no address"), "no address"),
        (RuntimeError("https://secret"), "RuntimeError"),
    ],
)
def test_a_broken_channel_stays_pending_and_does_not_silence_the_others(
    outbox: Outbox, tmp_path: Path, failure: Exception, reason: str
) -> None:
    def broken(_: Alert) -> None:
        raise failure

    outbox.add(alert(1), ["a_broken", "log"], HOUR)
    delivery = outbox.deliver({"a_broken": broken, "log": to_log})
    assert (delivery.sent, delivery.pending) == (["log: data drift"], ["a_broken: data drift"])
    outbox.deliver({"a_broken": broken})
    with sqlite3.connect(tmp_path / "alerts.db") as db:
        kept = db.execute("SELECT attempts, error FROM outbox WHERE sent IS NULL").fetchall()
    assert kept == [(2, reason)]


def test_an_alert_waits_for_a_channel_that_is_off(outbox: Outbox) -> None:
    outbox.add(alert(1), ["mail"], HOUR)
    assert outbox.deliver({}).pending == ["mail: data drift"]
    assert outbox.deliver({"mail": to_log}).sent == ["mail: data drift"]


def test_a_process_that_dies_before_it_sends_loses_nothing(outbox: Outbox, tmp_path: Path) -> None:
    outbox.add(alert(1), ["log"], HOUR)
    assert Outbox(tmp_path / "alerts.db").deliver({"log": to_log}).sent == ["log: data drift"]


def test_a_file_that_is_no_outbox_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "alerts.db").write_text("not a database, but long enough to be read as one" * 99)
    with pytest.raises(ResourceError, match=r"alerts\.db"):
        Outbox(tmp_path / "alerts.db")


def test_the_log_says_what_happened() -> None:
    with capture_logs() as lines:
        to_log(alert(1))
    assert lines[0]["subject"] == "data drift"


def test_a_webhook_gets_the_alert_with_its_whole_address(sink: Sink, monkeypatch) -> None:
    secret = "/hook/C%2F1@x?sig=aB%2Bc&method=z"
    monkeypatch.setenv(VARIABLE, f"http://127.0.0.1:{sink.server_port}{secret}")
    to_webhook(VARIABLE)(alert(1))
    ((path, body),) = sink.got
    assert path == secret
    assert (body["title"], body["type"]) == ("[error] data drift", "failure")
    assert body["message"] == "body 1\nrun r1"


def test_a_webhook_that_is_down_gets_every_alert_when_it_is_back(
    outbox: Outbox, sink: Sink, monkeypatch
) -> None:
    monkeypatch.setenv(VARIABLE, f"http://127.0.0.1:{sink.server_port}/")
    send = {"webhook": to_webhook(VARIABLE)}
    sink.status = 503
    for number in (1, 2):
        outbox.add(replace(alert(number), subject=f"subject {number}"), ["webhook"], HOUR)
        assert outbox.deliver(send).sent == []
    sink.status = 200
    sink.got.clear()
    assert len(outbox.deliver(send).sent) == 2
    assert [body["message"][:6] for _, body in sink.got] == ["body 1", "body 2"]


@pytest.mark.parametrize(
    "address", ["", "file:///canary", "ftp://canary", "http://", "http://host:canary/", "canary"]
)
def test_an_address_that_is_none_is_an_error_that_names_the_variable_and_not_the_address(
    monkeypatch, address: str
) -> None:
    monkeypatch.setenv(VARIABLE, address)
    with pytest.raises(ConfigError, match=VARIABLE) as caught:
        to_webhook(VARIABLE)(alert(1))
    assert "canary" not in str(caught.value)


@pytest.fixture(params=[200, 404, None], ids=["taken", "refused", "dead"])
def secret_sink(request, sink: Sink, monkeypatch, caplog) -> Sink:
    """A sink at an address full of secrets, in one of three states, while all is being logged."""
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv(VARIABLE, f"http://u:canary@127.0.0.1:{sink.server_port}/canary?k=canary")
    sink.status = request.param
    if sink.status is None:
        sink.shutdown()
        sink.server_close()
    return sink


def test_the_address_reaches_no_log_no_output_and_no_record(
    outbox: Outbox, secret_sink: Sink, tmp_path: Path, caplog, capfd
) -> None:
    outbox.add(alert(1), ["webhook"], HOUR)
    with capture_logs() as lines:
        delivery = outbox.deliver({"webhook": to_webhook(VARIABLE)})
    output = capfd.readouterr()
    assert len(delivery.sent) == (secret_sink.status == 200)
    assert "canary" not in caplog.text + str(lines) + output.out + output.err
    assert b"canary" not in (tmp_path / "alerts.db").read_bytes()
