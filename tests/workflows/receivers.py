"""Where alerts arrive on this machine: a webhook, and a mail server."""

import json
import mailbox
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


class Webhook(ThreadingHTTPServer):
    """Keeps each JSON that is posted to it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Receive)
        self.received: list[Any] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"


class Receive(BaseHTTPRequestHandler):
    server: Webhook

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append(json.loads(body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def open_webhook() -> Iterator[Webhook]:
    with Webhook() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@dataclass(frozen=True)
class MailServer:
    """Takes mail by SMTP and keeps it in a folder."""

    folder: Path
    port: int

    @property
    def address(self) -> str:
        """As apprise takes it."""
        return f"mailto://127.0.0.1:{self.port}?from=alerts@example.com&to=you@example.com"

    @property
    def received(self) -> list[Message]:
        return list(mailbox.Maildir(self.folder, create=False))


@contextmanager
def open_mail_server(python: Path, folder: Path) -> Iterator[MailServer]:
    """aiosmtpd as a process of its own.

    Args:
        python: of an environment that has aiosmtpd, as a bake's does.
        folder: for the mail; it is made.
    """
    mailbox.Maildir(folder)
    with socket.create_server(("127.0.0.1", 0)) as free:
        server = MailServer(folder, free.getsockname()[1])
    keep = ("--class", "aiosmtpd.handlers.Mailbox", str(folder))
    listen = ("--nosetuid", "--listen", f"127.0.0.1:{server.port}")
    with subprocess.Popen([python, "-m", "aiosmtpd", *listen, *keep]) as process:
        yield server
        process.terminate()
