"""DVC killed at random moments: the next command through the doctor ends well, without hands.

`make repro` is judged byte for byte; release and monitoring by ending well; the queue by running
its experiments. Half of the kills happen where PID 1 does not reap, as in a container without an
init, if this machine lets us make such a place. Meanwhile another process reads every output over
and over: none may be half-written.
"""

import contextlib
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from benchmarks.bakes import Bake, bake, scratch
from benchmarks.protocol import QUICK, Check, report, say

KILLS = {"repro": 1} if QUICK else {"repro": 100, "release": 20, "monitor": 20, "queue": 20}
UNSHARE = ["unshare", "--pid", "--fork", "--mount-proc"]
READ = """
import itertools, json, os, sys, time
from pathlib import Path
import polars as pl
read = {".json": lambda path: json.loads(path.read_bytes()), ".parquet": pl.read_parquet}
while True:
    for folder, folders, names in itertools.chain(*map(os.walk, sys.argv[1:])):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for path in (Path(folder, name) for name in names if not name.startswith(".")):
            try:
                read.get(path.suffix, Path.read_bytes)(path)
            except FileNotFoundError:
                continue
            except Exception as error:
                print(path, error, flush=True)
    time.sleep(0.05)
"""
RECORD = "reports/experiment.json"  # holds when it ran, and as which run


@dataclass(frozen=True)
class Place:
    """Where commands run: here, or beside a PID 1 that does not reap."""

    name: str
    enter: tuple[str, ...] = ()


@dataclass(frozen=True)
class Victim:
    """A command, the longest time until it is killed, and what heals and judges it."""

    command: tuple[str, ...]
    seconds: float
    heal: Callable[[Bake, Place], bool]
    before: Callable[[Bake, Place], None] = lambda *_: None


def main() -> int:
    """Run the kills; return the exit code."""
    with scratch() as folder, contextlib.ExitStack() as stack:
        ours = bake(folder / "bake")
        _quick(ours)
        ours.run("-m", "dvc", "repro", "--quiet")
        ours.run("-m", f"{ours.package}.commands.arrive", "6")
        _commit(ours)
        reader, torn = stack.enter_context(_reader(ours))
        places = [*stack.enter_context(_without_reaper(ours)), Place("here")]
        victims = _victims(_hashes(ours))
        missed = {name: _missed(name, victims[name], ours, places, reader) for name in KILLS}
        _kill_all(ours)  # a worker of the queue lingers, and would write into what is taken away
    sentence = "kills after which the next run did not end well"
    checks = [Check(f"{name}: {sentence}", count, 0) for name, count in missed.items()]
    checks.append(Check("half-written files that a reader saw", len(torn), 0))
    notes = [f"Kills of all processes at once, by turns: {', '.join(p.name for p in places)}"]
    if len(places) == 1:
        notes.append("SKIPPED: kills beside a PID 1 that does not reap (unshare is not permitted)")
    return report("kills", [], checks, [*notes, *torn[:5]])


def _victims(first: dict[str, str]) -> dict[str, Victim]:
    def same(ours: Bake, place: Place) -> bool:
        return _doctor(ours, place, "dvc", "repro", "--quiet") and _hashes(ours) == first

    def pipeline(name: str) -> Victim:
        command = ("dvc", "repro", "--quiet", "--force", "--single-item", name)
        last = ("dvc", "repro", "--quiet", name)
        return Victim(command, 8, lambda ours, place: _doctor(ours, place, *last))

    return {
        "repro": Victim(("dvc", "repro", "--force", "--quiet"), 15, same),
        "release": pipeline("pipelines/release/dvc.yaml"),
        "monitor": pipeline("pipelines/monitor/dvc.yaml"),
        "queue": Victim(("dvc", "queue", "start"), 12, _queue_ends, _enqueue),
    }


def _missed(
    name: str, victim: Victim, ours: Bake, places: list[Place], reader: subprocess.Popen[str]
) -> int:
    missed = 0
    for number in range(KILLS[name]):
        if reader.poll() is not None:
            raise RuntimeError("the reader died, so nobody looks for half-written files")
        place = places[number % len(places)]
        victim.before(ours, place)
        _kill(ours, place, victim, random.Random(f"{name}-{number}"))
        well = victim.heal(ours, place)
        missed += not well
        ending = "healed" if well else "NOT healed"
        say(f"{name}, {place.name}, kill {number + 1} of {KILLS[name]}: {ending}")
    return missed


def _kill(ours: Bake, place: Place, victim: Victim, chance: random.Random) -> None:
    """Start it, and kill it with all that it started, in the background too."""
    command = [*place.enter, str(ours.python), "-m", *victim.command]
    started = subprocess.Popen(command, cwd=ours.path, env=ours.env, stdout=subprocess.DEVNULL)
    time.sleep(chance.uniform(0.2, victim.seconds))
    _kill_all(ours)
    started.wait()


def _kill_all(ours: Bake) -> None:
    while pids := list(_pids(ours)):
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _pids(ours: Bake) -> Iterator[int]:
    """The living processes that work in the bake, seen from here."""
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended, or is a zombie
            if (entry / "cwd").readlink().is_relative_to(ours.path.resolve()):
                yield int(entry.name)


def _doctor(ours: Bake, place: Place, *command: str) -> bool:
    python, quiet = str(ours.python), subprocess.DEVNULL
    doctor = [*place.enter, python, "-m", f"{ours.package}.commands.doctor", "run"]
    words = [*doctor, python, "-m", *command]
    return subprocess.run(words, cwd=ours.path, env=ours.env, stdout=quiet).returncode == 0


def _enqueue(ours: Bake, place: Place) -> None:
    seed = f"seed={random.randrange(10**6)}"
    words = [*place.enter, str(ours.python), "-m", "dvc", "exp", "run", "--queue"]
    words += ["--quiet", "-S", seed]
    subprocess.run(words, cwd=ours.path, env=ours.env, check=True, stdout=subprocess.DEVNULL)


def _queue_ends(ours: Bake, place: Place) -> bool:
    """Whether every experiment of the queue ends well after the next `make queue`."""
    _doctor(ours, place, "dvc", "queue", "start")
    end = time.monotonic() + 300
    while time.monotonic() < end:
        words = [*place.enter, str(ours.python), "-m", "dvc", "queue", "status"]
        text = subprocess.run(words, cwd=ours.path, env=ours.env, capture_output=True, text=True)
        states = set(text.stdout.split())
        if not states & {"Queued", "Running"}:
            return "Failed" not in states
        time.sleep(2)
    return False


@contextlib.contextmanager
def _without_reaper(ours: Bake) -> Iterator[list[Place]]:
    """A place beside a PID 1 that does not reap; none where the system does not permit it."""
    probe = subprocess.run([*UNSHARE, "true"], capture_output=True)
    if probe.returncode:
        yield []
        return
    process = subprocess.Popen([*UNSHARE, "sleep", "infinity"])
    try:
        first = _child(process.pid)
        inside = ("nsenter", "-t", str(first), "-p", "-m", "env", "-C", str(ours.path))
        yield [Place("no reaper", inside)]
    finally:
        os.kill(first, signal.SIGKILL)
        process.wait()


def _child(pid: int) -> int:
    children = Path(f"/proc/{pid}/task/{pid}/children")
    while not (numbers := children.read_text().split()):
        time.sleep(0.05)
    return int(numbers[0])


@contextlib.contextmanager
def _reader(ours: Bake) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    folders = [str(ours.path / name) for name in ("data", "reports")]
    command = [str(ours.python), "-c", READ, *folders]
    reader = subprocess.Popen(command, cwd="/", env=ours.env, stdout=subprocess.PIPE, text=True)
    torn: list[str] = []
    threading.Thread(target=lambda: torn.extend(reader.stdout or ()), daemon=True).start()
    try:
        yield reader, torn
    finally:
        reader.kill()


def _quick(ours: Bake) -> None:
    """A small model, so that most of the time is DVC's and the stages' own."""
    config = ours.path / "conf" / "config.yaml"
    text = config.read_text(encoding="utf-8")
    config.write_text(re.sub(r"model: \w+", "model: logistic", text), encoding="utf-8")


def _commit(ours: Bake) -> None:
    identity = ["-c", "user.name=bench", "-c", "user.email=bench@localhost"]
    for arguments in (["add", "--all"], ["commit", "--quiet", "--no-gpg-sign", "-m", "ran"]):
        subprocess.run(["git", *identity, *arguments], cwd=ours.path, env=ours.env, check=True)


def _hashes(ours: Bake) -> dict[str, str]:
    """Of every output, as dvc.lock records it."""
    lock = yaml.safe_load((ours.path / "dvc.lock").read_text(encoding="utf-8"))
    outs = [out for stage in lock["stages"].values() for out in stage["outs"]]
    return {out["path"]: out["md5"] for out in outs if out["path"] != RECORD}


if __name__ == "__main__":
    sys.exit(main())
