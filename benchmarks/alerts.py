"""Alerts in storms: a flood, a receiver that is down, kills between sending and writing it down.

Prometheus Alertmanager, from Debian's package, gets the same flood beside ours.
"""

import contextlib
import json
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from benchmarks.bakes import bake, scratch
from benchmarks.protocol import QUICK, Check, report, say

BREACHES, KILLS = (2_000, 10) if QUICK else (10_000, 100)
FEATURES, BATCH = 20, 1000
SCRIPT = Path(__file__).with_name("alert_storms.py")
PACKAGE = "prometheus-alertmanager"
PORT = 19093
ROUTE = """
route: {{receiver: hook, group_by: [alertname], group_wait: 2s, group_interval: 5s}}
receivers:
  - name: hook
    webhook_configs: [{{url: "http://127.0.0.1:{port}/", max_alerts: 0}}]
"""


def main() -> int:
    """Run the storms; return the exit code."""
    with scratch() as folder:
        ours = bake(folder / "bake")
        with sink(folder / "ours") as port:
            say(f"{BREACHES} breaches, outages, {KILLS} kills; the sink listens at {port}")
            printed = ours.output(
                *(SCRIPT, ours.package, folder / "ours", str(BREACHES), str(KILLS))
            )
        storms = json.loads(printed.splitlines()[-1])
        note = alertmanager(folder)
    flood, kills = storms["flood"], storms["kills"]
    checks = [
        Check(f"notifications of {BREACHES:,} breaches of 20 features", flood["messages"], 1),
        Check("notifications of the same again, in the window", flood["again"], 0),
    ]
    for seconds, outage in storms["outages"].items():
        checks.append(Check(f"alerts lost, receiver down {seconds} s", outage["lost"], 0))
        checks.append(Check(f"messages taken twice, receiver down {seconds} s", outage["twice"], 0))
    checks += [
        Check(f"alerts lost in {KILLS} kills", kills["lost"], 0),
        Check("times that a message was taken, at most, in kills", kills["most times"], 2),
        Check("alerts told again under another key in kills", kills["under another key"], 0),
    ]
    return report("alerts", [], checks, [f"ours took the flood in {flood['seconds']:.2f} s", note])


@contextlib.contextmanager
def sink(folder: Path) -> Iterator[int]:
    """A receiver in a process of its own; its port."""
    folder.mkdir()
    process = subprocess.Popen([sys.executable, SCRIPT, "sink", folder])
    try:
        while not (folder / "port").exists():
            time.sleep(0.05)
        yield int((folder / "port").read_text())
    finally:
        process.kill()
        process.wait()


def alertmanager(folder: Path) -> str:
    """What Alertmanager makes of the same flood."""
    binary = installed(folder)
    if binary is None:
        return f"SKIPPED: {PACKAGE} is neither installed nor to be had by apt-get download"
    with sink(folder / "peer") as port:
        (folder / "route.yml").write_text(ROUTE.format(port=port))
        process = subprocess.Popen(
            [
                *(binary, f"--config.file={folder / 'route.yml'}", "--cluster.listen-address="),
                *(f"--storage.path={folder / 'state'}", f"--web.listen-address=127.0.0.1:{PORT}"),
            ],
            stderr=subprocess.DEVNULL,
        )
        try:
            counts = [_flood(folder / "peer") for _ in range(2)]
        finally:
            process.kill()
            process.wait()
    return (
        f"Alertmanager 0.25: {counts[0]} notifications of the same flood, {counts[1] - counts[0]} "
        "of the same again; it groups alerts, and has no outbox: a restart tells once more"
    )


def installed(folder: Path) -> Path | None:
    """The binary, out of Debian's package where it is not installed."""
    if there := shutil.which(PACKAGE):
        return Path(there)
    place = folder / "package"
    place.mkdir()
    for command in (["apt-get", "download", PACKAGE], ["dpkg-deb", "-x", "*.deb", "root"]):
        words = [str(next(place.glob(word))) if "*" in word else word for word in command]
        with contextlib.suppress(FileNotFoundError):
            if subprocess.run(words, cwd=place, capture_output=True).returncode == 0:
                continue
        return None
    return place / "root/usr/bin" / PACKAGE


def _flood(peer: Path) -> int:
    """Post all breaches; how many notifications came until then."""
    alerts = [
        {"labels": {"alertname": "drift", "feature": f"feature {i % FEATURES}", "evidence": str(i)}}
        for i in range(BREACHES)
    ]
    for begin in range(0, BREACHES, BATCH):
        body = json.dumps(alerts[begin : begin + BATCH]).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{PORT}/api/v2/alerts", body, {"Content-Type": "application/json"}
        )
        _post(request)
    time.sleep(10)  # more than the waits of its route
    taken = peer / "taken"
    return len(taken.read_bytes().splitlines()) if taken.exists() else 0


def _post(request: urllib.request.Request) -> None:
    """Post as soon as somebody listens."""
    end = time.monotonic() + 20
    while True:
        try:
            urllib.request.urlopen(request).close()
        except urllib.error.URLError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)
        else:
            return


if __name__ == "__main__":
    sys.exit(main())
