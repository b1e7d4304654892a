import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from <<cookiecutter.package_name>>.alerts.database import (
    Database,
)
from <<cookiecutter.package_name>>.alerts.delivery import (
    Courier,
    Delivery,
)
from <<cookiecutter.package_name>>.alerts.message import (
    Message,
    Send,
)
from <<cookiecutter.package_name>>.alerts.outbox import (
    Noted,
    Outbox,
)
from <<cookiecutter.package_name>>.alerts.signals import (
    Signal,
    Signals,
    signal,
)
from <<cookiecutter.package_name>>.config.alert import (
    AlertRoutes,
    Channel,
)

VARIABLE = "TEST_WEBHOOK"
LOOPBACK = ("127.0.0.1",)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
START = 2e9  # of the tests' clock, on a Wednesday at 03:33 UTC
MESSAGE = Message("k1", "error", "[error] rides: data drift", "body\nkey k1\n", "r1", START)


def head(status: int, more: bytes = b"") -> bytes:
    return b"HTTP/1.1 %d Word\r\n%b\r\n" % (status, more)


def routes(**values: Any) -> AlertRoutes:
    channels = {name: Channel("log") for name in values.pop("names", ["log"])}
    return AlertRoutes(**{"channels": channels} | values)


def drift(evidence: str = "b1", severity: str = "error", subject: str = "wind") -> Signal:
    return signal("data drift", subject, severity, "body", evidence)


def drifted(*signals: Signal) -> Signals:
    return {"data drift": list(signals)}


class Alerts:
    """What one run does after another, on a clock that only the test moves."""

    def __init__(self, path: Path, **values: Any) -> None:
        self.now = START
        self.received: list[Message] = []
        self.use(path, **values)

    def use(self, path: Path, machine: str = "a", **values: Any) -> None:
        self.routes = routes(**values)
        self.database = Database(path, lambda: self.now, machine)
        self.outbox = Outbox(self.database, self.routes)

    def note(self, *signals: Signal, minutes: float = 0.001) -> Noted:
        """Let minutes pass, then judge the rule `data drift`."""
        self.now += 60 * minutes
        return self.outbox.note(drifted(*signals))

    def deliver(self, within_s: float = 300.0, **senders: Send) -> Delivery:
        """Send what waits, each once."""
        names = dict.fromkeys(self.routes.channels, self.received.append)
        courier = Courier(self.database, self.routes, name="rides", run_id="r1", pauses=())
        return courier.deliver(names | senders, within_s)

    def kinds(self, *signals: Signal, minutes: float = 0.001) -> list[str]:
        """The kinds of news that this judgement is."""
        return [line.split(":")[0] for line in self.note(*signals, minutes=minutes).told]


@pytest.fixture
def alerts(tmp_path: Path) -> Alerts:
    return Alerts(tmp_path / "alerts.db")


@pytest.fixture
def with_routes(tmp_path: Path) -> Callable[..., Alerts]:
    return lambda **values: Alerts(tmp_path / "alerts.db", **values)


class Request(NamedTuple):
    method: str
    path: str
    key: str
    body: bytes


class Sink(ThreadingHTTPServer):
    """A webhook that keeps what it gets, and then answers these bytes."""

    daemon_threads = True

    def __init__(self) -> None:
        self.answer = OK
        self.wait_s = 0.0  # before the answer
        self.drip_s = 0.0  # after each of its bytes
        self.received: list[Request] = []
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"

    @property
    def keys(self) -> list[str]:
        return [request.key for request in self.received]

    def handle_error(self, *_) -> None: ...  # the other side hung up


class Handler(BaseHTTPRequestHandler):
    server: Sink

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        key = self.headers.get("Idempotency-Key", "")
        self.server.received.append(Request(self.command, self.path, key, body))
        time.sleep(self.server.wait_s)
        if not self.server.drip_s:
            self.wfile.write(self.server.answer)
            return
        for byte in self.server.answer:
            self.wfile.write(bytes([byte]))
            time.sleep(self.server.drip_s)

    def do_POST(self) -> None:
        self._answer()

    def do_GET(self) -> None:  # what a followed redirect makes of a POST
        self._answer()

    def log_message(self, *_) -> None: ...


@pytest.fixture
def sink(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sink]:
    server = Sink()
    monkeypatch.setenv(VARIABLE, server.url)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()
