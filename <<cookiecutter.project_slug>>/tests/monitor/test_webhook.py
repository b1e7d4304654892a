import json
import logging
import time
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from <<cookiecutter.package_name>>.errors import (
    ConfigError,
    ResourceError,
)
from <<cookiecutter.package_name>>.monitor.alerts import alert
from <<cookiecutter.package_name>>.monitor.outbox import Outbox
from <<cookiecutter.package_name>>.monitor.webhook import to_webhook

from .conftest import OK, VARIABLE, Sink

HOUR = timedelta(hours=1)
ALERT = alert("r1", "error", "data drift", "body", ["x"])


def head(status: int, more: bytes = b"") -> bytes:
    return b"HTTP/1.1 %d Word\r\n%b\r\n" % (status, more)


def test_a_webhook_gets_the_alert_at_its_whole_address(sink: Sink, monkeypatch) -> None:
    secret = "hook/C%2F1@x?sig=aB%2Bc&method=z"
    monkeypatch.setenv(VARIABLE, f"{sink.url}{secret}\n")
    to_webhook(VARIABLE, 5.0)(ALERT)
    (request,) = sink.received
    assert (request.method, request.path) == ("POST", f"/{secret}")
    body = json.loads(request.body)
    assert (body["title"], body["type"]) == ("[error] data drift", "failure")
    assert body["message"] == "body\nrun r1"


def test_an_alert_has_one_key_in_header_and_body_however_often_it_is_posted(sink: Sink) -> None:
    for one in (ALERT, ALERT, alert("r2", "error", "data drift", "body", ["x"])):
        to_webhook(VARIABLE, 5.0)(one)
    assert sink.keys == [json.loads(r.body)["idempotency_key"] for r in sink.received]
    first, again, other = sink.keys
    assert first == again != other


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_names_the_variable(sink: Sink, status: int) -> None:
    sink.answer = head(status, b"Location: %bother-canary\r\n" % sink.url.encode())
    with pytest.raises(ResourceError, match=rf"{status}.*Set {VARIABLE}") as caught:
        to_webhook(VARIABLE, 5.0)(ALERT)
    assert [(r.method, r.path) for r in sink.received] == [("POST", "/")]
    assert "127.0.0.1" not in caught.value.message
    assert "canary" not in caught.value.message


@pytest.mark.parametrize(
    "answer",
    [
        OK,
        *(head(status) for status in (201, 202, 204, 299)),
        head(100) + head(102) + head(200),
        head(200, b"Content-Length: 100\r\n"),
        head(200, b"Content-Encoding: gzip\r\nContent-Length: 3\r\n") + b"abc",
        head(200) + b"x" * 5_000_000,
    ],
    ids=lambda answer: repr(answer[:60]),
)
def test_any_answer_of_2xx_is_success_whatever_its_body(sink: Sink, answer: bytes) -> None:
    sink.answer = answer
    to_webhook(VARIABLE, 5.0)(ALERT)
    assert len(sink.received) == 1


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        *((head(status), str(status)) for status in (101, 300, 304, 400, 404, 429, 500, 503, 999)),
        (b"", "ended the connection"),
        (b"HTTP/1.1 2", "ended the connection"),
        (head(100), "ended the connection"),
        (b"\0\1 garbage\r\n\r\n", "not HTTP"),
        (b"SSH-2.0-OpenSSH\r\n", "not HTTP"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000, "not HTTP"),
    ],
    ids=lambda value: repr(value[:40]),
)
def test_any_other_answer_is_a_failure_that_says_what_came(sink: Sink, answer, reason) -> None:
    sink.answer = answer
    with pytest.raises(ResourceError, match=f"{VARIABLE}.*{reason}") as caught:
        to_webhook(VARIABLE, 5.0)(ALERT)
    assert "127.0.0.1" not in caught.value.message
    assert len(sink.received) == 1


def test_a_sink_that_answers_late_but_in_time_gets_it_once(outbox: Outbox, sink: Sink) -> None:
    sink.wait_s = 1.0
    outbox.add(ALERT, ["webhook"], HOUR)
    for _ in range(2):
        outbox.deliver({"webhook": to_webhook(VARIABLE, 5.0)})
    assert len(sink.received) == 1


@pytest.mark.parametrize(("wait_s", "drip_s"), [(30.0, 0.0), (0.0, 0.2)], ids=["silent", "drip"])
def test_the_time_out_bounds_the_whole_exchange_and_the_retry_has_the_same_key(
    outbox: Outbox, sink: Sink, wait_s: float, drip_s: float
) -> None:
    sink.wait_s, sink.drip_s = wait_s, drip_s
    outbox.add(ALERT, ["webhook"], HOUR)
    started = time.monotonic()
    with capture_logs() as lines:
        assert outbox.deliver({"webhook": to_webhook(VARIABLE, 0.5)}).sent == []
    assert time.monotonic() - started < 3.0
    assert "alert.timeout_s" in lines[0]["reason"]
    sink.wait_s = sink.drip_s = 0.0
    assert outbox.deliver({"webhook": to_webhook(VARIABLE, 5.0)}).sent == ["webhook: data drift"]
    assert sink.keys == [ALERT.id, ALERT.id]


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("http://127.0.0.1:9/canary", "cannot be reached"),
        ("http://canary.invalid/", "no machine of that name"),
        ("https://127.0.0.1:{port}/canary", "webhook of"),
    ],
)
def test_a_sink_that_cannot_be_reached_is_a_failure_that_hides_the_address(
    sink: Sink, monkeypatch, address: str, reason: str
) -> None:
    monkeypatch.setenv(VARIABLE, address.format(port=sink.server_port))
    with pytest.raises(ResourceError, match=VARIABLE) as caught:
        to_webhook(VARIABLE, 0.5)(ALERT)
    assert reason in caught.value.message
    assert "canary" not in caught.value.message


@pytest.mark.parametrize(
    "address",
    [
        "",
        "canary",
        "file:///canary",
        "ftp://canary",
        "http://",
        "http:/canary",
        "http://host:canary/",
        "http://127.0.0.1:0/canary",
        "http://[::1/canary",
        "http://can ary/",
        "http://127.0.0.1/a\tcanary",
        "http://canary..b/",
        "http://" + "canary" * 50 + "/",
        "http://256.256.256.256/canary",
        "http://127.0.0.1/\udcffcanary",
    ],
)
def test_an_address_that_is_none_is_an_error_that_names_the_variable_and_not_the_address(
    monkeypatch, address: str
) -> None:
    monkeypatch.setenv(VARIABLE, address)
    with pytest.raises(ConfigError, match=VARIABLE) as caught:
        to_webhook(VARIABLE, 1.0)(ALERT)
    assert "canary" not in str(caught.value)


def test_a_webhook_that_is_down_gets_every_alert_in_order_when_it_is_back(
    outbox: Outbox, sink: Sink
) -> None:
    send = {"webhook": to_webhook(VARIABLE, 5.0)}
    sink.answer = head(503)
    for subject in ("first", "second"):
        outbox.add(alert("r1", "error", subject, "body", []), ["webhook"], HOUR)
        assert outbox.deliver(send).sent == []
    sink.answer = OK
    sink.received.clear()
    assert outbox.deliver(send).sent == ["webhook: first", "webhook: second"]
    assert [json.loads(r.body)["subject"] for r in sink.received] == ["first", "second"]


@pytest.fixture(params=[OK, head(302, b"Location: /canary\r\n"), head(404), b"", None])
def secret_sink(request, sink: Sink, monkeypatch, caplog) -> Sink:
    """A sink at an address full of secrets, in one of its states, while all is being logged."""
    caplog.set_level(logging.DEBUG)
    address = f"http://u:canary@127.0.0.1:{sink.server_port}/canary?k=canary"
    monkeypatch.setenv(VARIABLE, address)
    if request.param is None:
        sink.shutdown()
        sink.server_close()
    else:
        sink.answer = request.param
    return sink


def test_the_address_reaches_no_log_no_output_and_no_record(
    outbox: Outbox, secret_sink: Sink, tmp_path: Path, caplog, capfd
) -> None:
    outbox.add(ALERT, ["webhook"], HOUR)
    with capture_logs() as lines:
        delivery = outbox.deliver({"webhook": to_webhook(VARIABLE, 5.0)})
    output = capfd.readouterr()
    assert bool(delivery.sent) == (secret_sink.answer == OK and bool(secret_sink.received))
    assert "canary" not in caplog.text + str(lines) + output.out + output.err
    assert b"canary" not in (tmp_path / "alerts.db").read_bytes()
