import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from <<cookiecutter.package_name>>.errors import ConfigError, ResourceError
from <<cookiecutter.package_name>>.monitor.alerts import Alert, Outbox, alert, alerts_from, to_webhook

HOUR = timedelta(hours=1)
QUIET = {
    "run_id": "r",
    "data_drift_detected": False,
    "data_drift_score": 0.1,
    "prediction_drift_detected": False,
    "prediction_drift_score": 0.01,
    "recommendations": [],
}
CLEAN = {"rows": 100, "quarantined": 1}


class Sink(HTTPServer):
    received: list[dict[str, Any]]


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append(json.loads(body))  # type: ignore[attr-defined]
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def sink(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sink]:
    server = Sink(("127.0.0.1", 0), Handler)
    server.received = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("HOOK", f"http://127.0.0.1:{server.server_port}/canary-path")
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox(tmp_path / "alerts.db")


def fail(_: Alert) -> None:
    raise ResourceError("the sink is down")


@pytest.mark.parametrize(
    ("drift", "quality", "subjects"),
    [
        ({}, {}, []),
        ({"data_drift_detected": True}, {}, ["data drift"]),
        ({"prediction_drift_detected": True}, {}, ["prediction drift"]),
        ({}, {"quarantined": 2}, ["data quality"]),
    ],
)
def test_an_alert_needs_a_reason(
    drift: dict[str, Any], quality: dict[str, Any], subjects: list[str]
) -> None:
    raised = alerts_from(QUIET | drift, CLEAN | quality, max_quarantined=0.01)

    assert [a.subject for a in raised] == subjects


def test_a_webhook_receives_the_alert(outbox: Outbox, sink: Sink) -> None:
    outbox.add(alert("r", "error", "data drift", "much"), ["webhook"], HOUR)
    delivery = outbox.deliver({"webhook": to_webhook("HOOK")})

    assert delivery.sent == ["webhook: data drift"]
    assert "data drift" in sink.received[0]["title"]
    assert "much" in sink.received[0]["message"]


def test_an_alert_that_could_not_be_sent_is_sent_later(tmp_path: Path) -> None:
    told: list[Alert] = []
    first, raised = Outbox(tmp_path / "a.db"), alert("r", "error", "drift", "much")
    first.add(raised, ["webhook", "log"], HOUR)
    failed = first.deliver({"webhook": fail, "log": told.append})
    later = Outbox(tmp_path / "a.db").deliver({"webhook": told.append, "log": told.append})

    assert (failed.sent, failed.pending) == (["log: drift"], ["webhook: drift"])
    assert (later.sent, later.pending) == (["webhook: drift"], [])
    assert told == [raised, raised]


def test_the_same_alert_is_not_told_twice_within_the_window(outbox: Outbox) -> None:
    told: list[Alert] = []
    for run in ("first", "second"):
        outbox.add(alert(run, "error", "drift", "much"), ["log"], HOUR)
        outbox.deliver({"log": told.append})

    assert len(told) == 1


def test_after_the_window_it_is_told_again(outbox: Outbox) -> None:
    told: list[Alert] = []
    for run in ("first", "second"):
        outbox.add(alert(run, "error", "drift", "much"), ["log"], timedelta(hours=-1))
        outbox.deliver({"log": told.append})

    assert len(told) == 2


@pytest.mark.parametrize("address", ["", "canary", "file:///canary"])
def test_a_missing_address_is_refused_without_telling_it(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK", address)

    with pytest.raises(ConfigError, match="HOOK") as raised:
        to_webhook("HOOK")(alert("r", "error", "drift", "much"))

    assert "canary" not in raised.value.message


def test_a_dead_webhook_is_an_error_without_its_address(
    sink: Sink, capfd: pytest.CaptureFixture[str]
) -> None:
    sink.shutdown()
    sink.server_close()

    with pytest.raises(ResourceError, match="HOOK") as raised:
        to_webhook("HOOK")(alert("r", "error", "drift", "much"))

    output = capfd.readouterr()
    assert "canary" not in raised.value.message + output.out + output.err
