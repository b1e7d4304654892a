"""Channels as they are configured, each received by a real server on this machine."""

import socket
import time
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message as Mail

import pytest
from aiosmtpd.controller import Controller
from structlog.testing import capture_logs

from <<cookiecutter.package_name>>.alerts import by_apprise
from <<cookiecutter.package_name>>.alerts.addresses import (
    RefusedError,
    is_inside,
)
from <<cookiecutter.package_name>>.alerts.channels import (
    senders,
    to_log,
)
from <<cookiecutter.package_name>>.config.alert import (
    AlertRoutes,
    Channel,
)
from <<cookiecutter.package_name>>.config.checks import (
    RuleError,
)
from <<cookiecutter.package_name>>.errors import (
    ConfigError,
    ResourceError,
)

from .conftest import LOOPBACK, MESSAGE, VARIABLE, Sink, head


def send(kind: str, hosts: tuple[str, ...] = LOOPBACK, timeout_s: float = 5.0) -> None:
    channels = {"one": Channel(kind, VARIABLE)}
    routes = AlertRoutes(channels=channels, hosts=list(hosts), timeout_s=timeout_s)
    senders(routes)["one"](MESSAGE)


class Mailbox:
    def __init__(self) -> None:
        self.mails: list[Mail] = []

    async def handle_DATA(self, _server, _session, envelope) -> str:
        self.mails.append(message_from_bytes(envelope.content))
        return "250 OK"


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    mailbox = Mailbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = Controller(mailbox, hostname="127.0.0.1", port=port)
    server.start()
    address = f"mailto://127.0.0.1:{port}?from=alerts@example.com&to=you@example.com"
    monkeypatch.setenv(VARIABLE, address)
    yield mailbox
    server.stop()


def test_a_mail_arrives_by_apprise_with_its_key(mailbox: Mailbox) -> None:
    send("apprise")
    (mail,) = mailbox.mails
    assert (mail["Subject"], mail["To"]) == (MESSAGE.title, "you@example.com")
    assert mail["Idempotency-Key"] == MESSAGE.key
    assert f"key {MESSAGE.key}" in mail.get_payload(decode=True).decode()


@pytest.mark.parametrize("kind", ["webhook", "slack", "apprise"])
def test_each_kind_posts_to_its_address_once(sink: Sink, monkeypatch, kind: str) -> None:
    if kind == "apprise":
        monkeypatch.setenv(VARIABLE, sink.url.replace("http:", "json:"))
    send(kind)
    assert sink.keys == [MESSAGE.key]
    assert MESSAGE.title.encode() in sink.received[0].body


@pytest.mark.parametrize(("status", "kind"), [(404, RefusedError), (302, ResourceError)])
def test_apprise_follows_no_redirect_and_says_what_was_refused(
    sink: Sink, monkeypatch, status: int, kind: type
) -> None:
    monkeypatch.setenv(VARIABLE, f"{sink.url.replace('http:', 'json:')}?redirect=yes")
    sink.answer = head(status, b"Location: %bother-canary\r\n" % sink.url.encode())
    with pytest.raises(ResourceError, match=VARIABLE) as caught:
        send("apprise")
    assert type(caught.value) is kind
    assert len(sink.received) == 1


def test_the_whole_time_of_apprise_is_bounded(sink: Sink, monkeypatch) -> None:
    monkeypatch.setattr(by_apprise, "START_S", 2.0)
    monkeypatch.setenv(VARIABLE, sink.url.replace("http:", "json:"))
    sink.drip_s = 0.2
    started = time.monotonic()
    with pytest.raises(ResourceError, match=VARIABLE):
        send("apprise", timeout_s=0.5)
    assert time.monotonic() - started < 5.0


ELSEWHERE = [
    *("127.0.0.1.nip.io", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "[::1]"),
    *("[::ffff:127.0.0.1]", "169.254.169.254", "metadata.google.internal", "10.0.0.1"),
    *("hooks.slack.com.evil.example", "evil.example", "hooks.slack.com@evil.example", "0.0.0.0"),
    *("hooks.slack.com%2eevil.example", "evil.example%23hooks.slack.com", "xn--hooks-slack.com"),
]


@pytest.mark.parametrize("kind", ["webhook", "slack"])
@pytest.mark.parametrize("host", ELSEWHERE)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_an_address_to_a_host_that_nobody_named_is_refused_before_it_is_called(
    sink: Sink, monkeypatch, kind: str, host: str, scheme: str
) -> None:
    monkeypatch.setenv(VARIABLE, f"{scheme}://{host}:{sink.server_port}/canary")
    with pytest.raises(ConfigError, match=VARIABLE) as caught:
        send(kind, ("hooks.slack.com",))
    assert "canary" not in caught.value.message
    assert sink.received == []


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("webhook", "http://hooks.slack.com/"),
        ("apprise", "json://hooks.slack.com/"),
        ("apprise", "jsons://hooks.slack.com/?verify=no"),
        ("apprise", "jsons://127.0.0.1:{port}/"),
        ("apprise", "nonsense://canary"),
        ("apprise", "canary"),
    ],
)
def test_an_address_in_clear_or_that_leads_elsewhere_is_refused(
    sink: Sink, monkeypatch, kind: str, address: str
) -> None:
    monkeypatch.setenv(VARIABLE, address.format(port=sink.server_port))
    with pytest.raises(ConfigError, match=VARIABLE) as caught:
        send(kind, ("hooks.slack.com",))
    assert "canary" not in caught.value.message
    assert sink.received == []


def test_a_host_that_is_named_and_stands_for_this_machine_is_not_called(
    sink: Sink, monkeypatch
) -> None:
    inside = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", sink.server_port))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: inside)
    monkeypatch.setenv(VARIABLE, f"https://alerts.example:{sink.server_port}/")
    with pytest.raises(ResourceError, match="may not be this one"):
        send("webhook", ("alerts.example",))


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        *((one, True) for one in ("127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "0.0.0.0")),
        *((one, True) for one in ("169.254.169.254", "fe80::1%eth0")),
        *((one, False) for one in ("10.0.0.1", "93.184.216.34", "2606:2800::1")),
    ],
)
def test_what_lies_inside_is_known_in_every_form(address: str, *, inside: bool) -> None:
    assert is_inside(address, ("alerts.example",)) == inside
    assert not is_inside("127.0.0.1", ("127.0.0.1",))


def test_the_log_says_what_happened() -> None:
    with capture_logs() as lines:
        to_log(MESSAGE)
    assert (lines[0]["event"], lines[0]["title"]) == ("ALERT", MESSAGE.title)


LOG = {"channels": {"log": Channel("log")}}


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"channels": {}}, "alert.channels"),
        (LOG | {"hosts": ["https://canary/"]}, "alert.hosts"),
        (LOG | {"ping_env": "https://canary"}, "alert.ping_env"),
        (LOG | {"quiet_hours": "22-7"}, "alert.quiet_hours"),
        (LOG | {"quiet_hours": "22:00-25:00"}, "alert.quiet_hours"),
        (LOG | {"time_zone": "Mars/Canary"}, "alert.time_zone"),
        (LOG | {"time_zone": "/etc/canary"}, "alert.time_zone"),
        (LOG | {"timeout_s": 0.0}, "alert.timeout_s"),
        (LOG | {"suppress_min": float("nan")}, "alert.suppress_min"),
        (LOG | {"flapping": 2}, "alert.flapping"),
    ],
)
def test_routes_that_make_no_sense_are_refused_and_no_address_is_repeated(values, named) -> None:
    with pytest.raises(RuleError, match=named) as caught:
        AlertRoutes(**values)
    assert "canary" not in str(caught.value).lower()


@pytest.mark.parametrize(
    ("values", "named"),
    [
        (("pigeon",), "channels.kind"),
        (("webhook",), "address_env"),
        (("webhook", "https://canary"), "address_env"),
        (("log", None, "terrible"), "channels.severity"),
    ],
)
def test_a_channel_that_makes_no_sense_is_refused(values, named: str) -> None:
    with pytest.raises(RuleError, match=named) as caught:
        Channel(*values)
    assert "canary" not in str(caught.value)
