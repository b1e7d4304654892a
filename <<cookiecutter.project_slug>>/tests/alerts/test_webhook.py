import json
import logging
import ssl
import time
from dataclasses import replace
from pathlib import Path

import pytest
import trustme
from structlog.testing import capture_logs

from <<cookiecutter.package_name>>.alerts.addresses import (
    RefusedError,
)
from <<cookiecutter.package_name>>.alerts.webhook import (
    as_json,
    as_slack,
    ping,
    to_webhook,
)
from <<cookiecutter.package_name>>.errors import (
    ConfigError,
    ResourceError,
)

from .conftest import (
    LOOPBACK,
    MESSAGE,
    OK,
    VARIABLE,
    Alerts,
    Sink,
    drift,
    head,
)


def post(timeout_s: float = 5.0, hosts: tuple[str, ...] = LOOPBACK) -> None:
    to_webhook(VARIABLE, hosts, timeout_s, as_json)(MESSAGE)


def test_a_webhook_gets_the_alert_at_its_whole_address(sink: Sink, monkeypatch) -> None:
    secret = "hook/C%2F1@x?sig=aB%2Bc&method=z"
    monkeypatch.setenv(VARIABLE, f"{sink.url}{secret}\n")
    post()
    (request,) = sink.received
    assert (request.method, request.path) == ("POST", f"/{secret}")
    body = json.loads(request.body)
    assert (body["title"], body["type"]) == (MESSAGE.title, "failure")
    assert body["message"] == MESSAGE.body


def test_an_alert_has_one_key_in_header_and_body_however_often_it_is_posted(sink: Sink) -> None:
    for key in ("k1", "k1", "k2"):
        to_webhook(VARIABLE, LOOPBACK, 5.0, as_json)(replace(MESSAGE, key=key))
    assert sink.keys == [json.loads(r.body)["idempotency_key"] for r in sink.received]
    first, again, other = sink.keys
    assert first == again != other


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_names_the_variable(sink: Sink, status: int) -> None:
    sink.answer = head(status, b"Location: %bother-canary\r\n" % sink.url.encode())
    with pytest.raises(ResourceError, match=rf"{status}.*Set {VARIABLE}") as caught:
        post()
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
    post()
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
        post()
    assert "127.0.0.1" not in caught.value.message
    assert len(sink.received) == 1


@pytest.mark.parametrize(("wait_s", "drip_s"), [(30.0, 0.0), (0.0, 0.2)], ids=["silent", "drip"])
def test_the_time_out_bounds_the_whole_exchange(sink: Sink, wait_s: float, drip_s: float) -> None:
    sink.wait_s, sink.drip_s = wait_s, drip_s
    started = time.monotonic()
    with pytest.raises(ResourceError, match=r"alert\.timeout_s"):
        post(0.5)
    assert time.monotonic() - started < 3.0


@pytest.mark.parametrize(
    ("status", "final"), [(400, True), (404, True), (429, False), (503, False)]
)
def test_what_a_receiver_will_never_take_is_told_from_what_it_may_take_later(
    sink: Sink, status: int, *, final: bool
) -> None:
    sink.answer = head(status)
    with pytest.raises(ResourceError) as caught:
        post()
    assert isinstance(caught.value, RefusedError) == final


def test_slack_gets_a_text_without_its_markup(sink: Sink) -> None:
    hostile = replace(MESSAGE, body="<!channel> & <http://canary|click>")
    to_webhook(VARIABLE, LOOPBACK, 5.0, as_slack)(hostile)
    (request,) = sink.received
    text = json.loads(request.body)["text"]
    assert text.startswith(MESSAGE.title)
    assert "&lt;!channel&gt; &amp; &lt;" in text
    assert "<" not in text


@pytest.mark.parametrize("answer", [OK, head(500)], ids=["taken", "failed"])
def test_a_ping_that_fails_does_not_fail_the_run(sink: Sink, answer: bytes) -> None:
    sink.answer = answer
    with capture_logs() as lines:
        ping(VARIABLE, LOOPBACK, 5.0, "r1")
    assert sink.keys == ["r1"]
    assert len(lines) == (answer != OK)


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("http://127.0.0.1:9/canary", "cannot be reached"),
        ("https://canary.invalid/", "no machine of that name"),
        ("https://127.0.0.1:{port}/canary", "receiver at"),
    ],
)
def test_a_sink_that_cannot_be_reached_is_a_failure_that_hides_the_address(
    sink: Sink, monkeypatch, address: str, reason: str
) -> None:
    monkeypatch.setenv(VARIABLE, address.format(port=sink.server_port))
    with pytest.raises(ResourceError, match=VARIABLE) as caught:
        post(0.5, ("127.0.0.1", "canary.invalid"))
    assert reason in caught.value.message
    assert "canary" not in caught.value.message


def test_a_certificate_that_nobody_vouches_for_is_refused_before_anything_is_said(
    sink: Sink, monkeypatch
) -> None:
    secure = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(secure)
    sink.socket = secure.wrap_socket(sink.socket, server_side=True)
    monkeypatch.setenv(VARIABLE, f"https://127.0.0.1:{sink.server_port}/canary")
    with pytest.raises(ResourceError, match=f"{VARIABLE}.*its certificate is refused") as caught:
        post()
    assert not isinstance(caught.value, RefusedError)  # a certificate may be renewed: tried again
    assert sink.received == []


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
        post(1.0)
    assert "canary" not in str(caught.value)


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
    alerts: Alerts, secret_sink: Sink, tmp_path: Path, caplog, capfd
) -> None:
    alerts.note(drift())
    with capture_logs() as lines:
        delivery = alerts.deliver(log=to_webhook(VARIABLE, LOOPBACK, 5.0, as_json))
    output = capfd.readouterr()
    assert bool(delivery.sent) == (secret_sink.answer == OK and bool(secret_sink.received))
    assert "canary" not in caplog.text + str(lines) + output.out + output.err
    assert b"canary" not in (tmp_path / "alerts.db").read_bytes()
