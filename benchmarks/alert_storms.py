"""Runs inside of the bake: storms of alerts against a sink, on a clock that the script moves.

`alert_storms.py PACKAGE SINK BREACHES KILLS`; prints a JSON object. The sink is a process of its
own, `alert_storms.py sink FOLDER`: it keeps each body that it takes in a file, and answers 503
while the file `down` is there.
"""

import json
import os
import random
import re
import signal
import sys
import tempfile
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

FEATURES = 20
OUTAGES_S = (10, 60, 600)
START = 2e9
VARIABLE = "BENCH_SINK"


def sink(folder: Path) -> None:
    """Take what is posted, until this process is ended; say the port in the file `port`."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = 503 if (folder / "down").exists() else 200
            if status == 200:
                with (folder / "taken").open("ab") as file:
                    file.write(body.replace(b"\n", b" ") + b"\n")
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: Any) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    (folder / "port.part").write_text(str(server.server_port))
    (folder / "port.part").rename(folder / "port")
    server.serve_forever()


class Storm:
    """Runs of the alert stage, without its reports, one after the other."""

    def __init__(self, package: str, folder: Path) -> None:
        modules = ("channels", "database", "delivery", "outbox", "signals")
        self.code = SimpleNamespace(
            **{name: import_module(f"{package}.alerts.{name}") for name in modules},
            config=import_module(f"{package}.config.alert"),
        )
        self.folder = folder
        self.now = START
        self.use("first")

    def use(self, name: str) -> None:
        """Begin with no state, and an empty sink."""
        channel = self.code.config.Channel("webhook", VARIABLE)
        self.routes = self.code.config.AlertRoutes({"hook": channel}, ["127.0.0.1"])
        path = Path(tempfile.mkdtemp()) / f"{name}.db"
        self.database = self.code.database.Database(path, lambda: self.now)
        self.outbox = self.code.outbox.Outbox(self.database, self.routes)
        (self.folder / "taken").write_bytes(b"")

    def run(self, subjects: dict[str, list[str]], after: Any = None) -> None:
        """Note a breach of each subject by each piece of evidence, and send what waits."""
        self.now += 1
        make = self.code.signals.signal
        signals = [
            make("data drift", subject, "error", "It drifted.", evidence)
            for subject, evidences in subjects.items()
            for evidence in evidences
        ]
        self.outbox.note({"data drift": signals})
        courier = self.code.delivery.Courier(
            self.database, self.routes, name="bench", run_id="r", pauses=()
        )
        send = self.code.channels.senders(self.routes)["hook"]

        def send_then(message: Any) -> None:
            send(message)
            if after:
                after()

        courier.deliver({"hook": send_then})

    @property
    def taken(self) -> list[dict[str, Any]]:
        """What the sink took."""
        return [json.loads(line) for line in (self.folder / "taken").read_text().splitlines()]


def flood(storm: Storm, breaches: int) -> dict[str, Any]:
    """Many breaches of some features, twice."""
    storm.use("flood")
    each = [f"e{i}" for i in range(breaches // FEATURES)]
    subjects = {f"feature {i}": each for i in range(FEATURES)}
    started = time.perf_counter()
    storm.run(subjects)
    seconds, first = time.perf_counter() - started, storm.taken
    storm.run({name: [*each, "one more"] for name in subjects})
    return {"messages": len(first), "again": len(storm.taken) - len(first), "seconds": seconds}


def outage(storm: Storm, seconds: int) -> dict[str, Any]:
    """A run a second while the sink is down, with a new feature each, and one when it is back."""
    storm.use(f"outage {seconds}")
    (storm.folder / "down").touch()
    names: list[str] = []
    for number in range(seconds):
        names.append(f"feature {number:04}")
        storm.run({name: ["e"] for name in names})
    (storm.folder / "down").unlink()
    storm.run({name: ["e"] for name in names})
    keys = Counter(one["idempotency_key"] for one in storm.taken)
    text = " ".join({one["idempotency_key"]: one["message"] for one in storm.taken}.values())
    received = len(re.findall(r"feature \d", text)) + sum(
        map(int, re.findall(r"and (\d+) more", text))
    )
    twice = sum(count - 1 for count in keys.values())
    return {"lost": seconds - received, "twice": twice, "messages": len(keys)}


def kills(storm: Storm, count: int) -> dict[str, int]:
    """Runs that are killed, by turns right after the sink took a message and anywhere."""
    storm.use("kills")
    lost = twice = other_key = 0
    names: list[str] = []
    for number in range(count):
        names.append(f"feature {number:04}")
        before = len(storm.taken)
        _killed(storm, names, random.Random(number), after_send=number % 2 == 0)
        _in_child(storm, names)
        of_this = [one for one in storm.taken[before:] if names[-1] in one["message"]]
        keys = Counter(one["idempotency_key"] for one in of_this)
        lost += not keys
        twice = max(twice, *keys.values(), 0)
        other_key += max(len(keys) - 1, 0)
        storm.now += 1
    return {"lost": lost, "most times": twice, "under another key": other_key}


def _killed(storm: Storm, names: list[str], chance: random.Random, *, after_send: bool) -> None:
    if child := os.fork():
        os.waitpid(child, 0)
        return
    if not after_send:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)  # ends the process, as kill -9 does
        signal.setitimer(signal.ITIMER_REAL, chance.uniform(0.001, 0.06))
    kill = lambda: os.kill(os.getpid(), signal.SIGKILL)  # noqa: E731
    storm.run({name: ["e"] for name in names}, kill if after_send else None)
    os._exit(0)


def _in_child(storm: Storm, names: list[str]) -> None:
    if child := os.fork():
        os.waitpid(child, 0)
        return
    storm.run({name: ["e"] for name in names})
    os._exit(0)


def main() -> None:
    """Run one of the two."""
    if sys.argv[1] == "sink":
        sink(Path(sys.argv[2]))
        return
    sys.path.insert(0, ".")
    package, folder, breaches, kill_count = sys.argv[1:]
    os.environ[VARIABLE] = f"http://127.0.0.1:{Path(folder, 'port').read_text()}/"
    structlog = import_module("structlog")
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory(), processors=[])
    storm = Storm(package, Path(folder))
    outages = OUTAGES_S if int(kill_count) >= 100 else OUTAGES_S[:2]
    result = {
        "flood": flood(storm, int(breaches)),
        "outages": {seconds: outage(storm, seconds) for seconds in outages},
        "kills": kills(storm, int(kill_count)),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
