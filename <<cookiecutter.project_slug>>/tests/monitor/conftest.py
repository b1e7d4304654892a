import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import pytest

from <<cookiecutter.package_name>>.monitor.alerts import (
    Alert,
    alert,
)
from <<cookiecutter.package_name>>.monitor.outbox import Outbox

HOUR = timedelta(hours=1)
VARIABLE = "TEST_WEBHOOK"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def drift(run: str = "r1", severity: str = "error", columns: tuple[str, ...] = ("x",)) -> Alert:
    return alert(run, severity, "data drift", "body", columns)


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


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox(tmp_path / "alerts.db")
