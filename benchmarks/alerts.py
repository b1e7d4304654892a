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
BIND = 'mount --bind "$0" /usr/share && exec "$@"'
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
    command = alertmanager_command(folder)
    if command is None:
        return f"SKIPPED: {PACKAGE} is neither installed nor to be had and run out of its package"
    with sink(folder / "peer") as port:
        (folder / "route.yml").write_text(ROUTE.format(port=port))
        process = subprocess.Popen(
            [
                *command,
                *("--cluster.listen-address=", f"--config.file={folder / 'route.yml'}"),
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
        f"notifications of Alertmanager 0.25: {counts[0]} of the same flood, "
        f"{counts[1] - counts[0]} of the same again"
    )


def alertmanager_command(folder: Path) -> list[str] | None:
    """Its command, out of Debian's package where it is not installed; None where that fails.

    It wants its templates in /usr/share, so it gets the package's own, in a mount namespace.
    """
    if shutil.which(PACKAGE):
        return [PACKAGE]
    place = folder / "package"
    place.mkdir()
    share = str(place / "root/usr/share")
    inside = ["unshare", "--mount", "--map-root-user", "sh", "-c", BIND, share]
    try:
        _quietly(["apt-get", "download", PACKAGE], place)
        _quietly(["dpkg-deb", "-x", str(next(place.glob("*.deb"))), "root"], place)
        _quietly([*inside, "true"], place)
    except (OSError, subprocess.CalledProcessError):
        return None
    return [*inside, str(place / "root/usr/bin" / PACKAGE)]


def _quietly(command: list[str], cwd: Path) -> None:
    subprocess.run(command, cwd=cwd, capture_output=True, check=True)


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
