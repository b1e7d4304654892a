"""Trainings killed at random moments go on to the same model, byte for byte.

A training runs once undisturbed. Then again and again, each time killed by SIGKILL at two random
moments of its learning, and begun anew until it ends: every file of its model must be the same.
Networks of torch take part where the environment has it.
"""

import hashlib
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.bakes import Bake, bake, scratch
from benchmarks.protocol import QUICK, Check, Command, report, say

SCRIPT = Path(__file__).with_name("trainings.py")
NAMES = ("xgboost", "xgboost that samples", "torch_mlp")  # of the trainings there
TIMES = 1 if QUICK else 10  # that each training is killed and gone on with
KILLS = 1 if QUICK else 2  # of one training


@dataclass(frozen=True)
class Outcome:
    """A training that was killed: whether its model is the same, and which kills had an effect."""

    is_same: bool
    killed: int  # processes that had not ended by themselves
    resumed: int  # of them, those that left a checkpoint


def main() -> int:
    """Kill all; return the exit code."""
    with scratch() as folder:
        ours = bake(folder / "bake")
        skipped = [] if ours.has("torch") else ["torch_mlp"]
        outcomes = {name: _trained(ours, name) for name in NAMES if name not in skipped}
    checks, notes = [], []
    for name, tried in outcomes.items():
        differ = sum(not outcome.is_same for outcome in tried)
        checks.append(Check(f"{name}: models of {len(tried)} that differ", differ, 0))
        killed, resumed = (sum(getattr(one, key) for one in tried) for key in ("killed", "resumed"))
        notes.append(f"{name}: {killed} processes killed, {resumed} of them left a checkpoint")
    notes += [f"SKIPPED: {name} (torch is not installed)" for name in skipped]
    return report("resume", [], checks, notes)


def _trained(ours: Bake, name: str) -> list[Outcome]:
    whole, lasted = ours.path / "whole", []
    for _ in range(2):  # the first one reads the libraries from the disk
        _run(ours, name, whole, None)
        began, ended = ((whole / mark).stat().st_mtime for mark in ("begun", "learned"))
        lasted.append(ended - began)
    wanted, seconds = _digest(whole / "model"), min(lasted)
    say(f"{name}: learns for {seconds:.1f} s")
    outcomes = []
    for number in range(TIMES):
        outcomes.append(_killed(ours, name, seconds, random.Random(f"{name}-{number}"), wanted))
        say(f"{name}, {number + 1} of {TIMES}: {outcomes[-1]}")
    return outcomes


def _killed(ours: Bake, name: str, seconds: float, chance: random.Random, wanted: str) -> Outcome:
    folder, killed, resumed = ours.path / "killed", 0, 0
    shutil.rmtree(folder, ignore_errors=True)
    while killed < KILLS:
        _run(ours, name, folder, chance.uniform(0, seconds))
        if not (folder / "model").exists():
            killed += 1
            resumed += (folder / "checkpoint").exists()
        elif killed:
            break
        else:  # the kill came too late
            shutil.rmtree(folder)
    if not (folder / "model").exists():
        _run(ours, name, folder, None)
    return Outcome(_digest(folder / "model") == wanted, killed, resumed)


def _run(ours: Bake, name: str, folder: Path, kill_after: float | None) -> None:
    """Train, killed so many seconds after learning has begun, if it has not ended before.

    Raises RuntimeError when it fails by itself.
    """
    folder.mkdir(exist_ok=True)
    (folder / "begun").unlink(missing_ok=True)
    command: Command = [ours.python, SCRIPT, ours.package, name, folder]
    process = subprocess.Popen(command, cwd=ours.path, env=ours.env, stderr=subprocess.DEVNULL)
    while not (folder / "begun").exists() and process.poll() is None:
        time.sleep(0.01)
    try:
        process.wait(kill_after)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.returncode not in (0, -signal.SIGKILL):
        raise RuntimeError(f"the training {name} ended with {process.returncode}")


def _digest(folder: Path) -> str:
    """Of all files below a folder, names and contents."""
    digest = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(f"{file.relative_to(folder)}\0".encode() + file.read_bytes())
    return digest.hexdigest()


if __name__ == "__main__":
    sys.exit(main())
