"""`dvc repro` killed at random moments: the next run through the doctor ends well, byte for byte.

While it runs, another process reads every output over and over: none may be half-written.
"""

import os
import random
import re
import signal
import subprocess
import sys
import threading
import time

import yaml

from benchmarks.bakes import Bake, bake, scratch
from benchmarks.protocol import QUICK, Check, report, say

KILLS = 1 if QUICK else 100
READ = """
import itertools, json, os, time
from pathlib import Path
import polars as pl
read = {".json": lambda path: json.loads(path.read_bytes()), ".parquet": pl.read_parquet}
while True:
    for folder, folders, names in itertools.chain(os.walk("data"), os.walk("reports")):
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


def main() -> int:
    """Run the kills; return the exit code."""
    with scratch() as folder:
        ours = bake(folder / "bake")
        _quick(ours)
        ours.run("-m", "dvc", "repro", "--quiet")
        first = _hashes(ours)
        reader = subprocess.Popen(
            [ours.python, "-c", READ],
            cwd=ours.path,
            env=ours.env,
            stdout=subprocess.PIPE,
            text=True,
        )
        torn: list[str] = []
        threading.Thread(target=lambda: torn.extend(reader.stdout or ()), daemon=True).start()
        try:
            healed = sum(_kill_and_heal(ours, number, first, reader) for number in range(KILLS))
        finally:
            reader.kill()
    checks = [
        Check("kills after which the next run did not end well", KILLS - healed, 0),
        Check("half-written files that a reader saw", len(torn), 0),
    ]
    return report("kills", [], checks, [f"{KILLS} kills of the whole process group", *torn[:5]])


def _quick(ours: Bake) -> None:
    """A small model, so that most of the time is DVC's and the stages' own."""
    config = ours.path / "conf" / "config.yaml"
    text = config.read_text(encoding="utf-8")
    config.write_text(re.sub(r"model: \w+", "model: logistic", text), encoding="utf-8")


def _kill_and_heal(
    ours: Bake, number: int, first: dict[str, str], reader: subprocess.Popen[str]
) -> bool:
    if reader.poll() is not None:
        raise RuntimeError("the reader died, so nobody looks for half-written files")
    chance = random.Random(number)
    command = [str(ours.python), "-m", "dvc", "repro", "--force", "--quiet"]
    victim = subprocess.Popen(command, cwd=ours.path, env=ours.env, start_new_session=True)
    time.sleep(chance.uniform(0.2, 15))
    if victim.poll() is None:
        os.killpg(victim.pid, signal.SIGKILL)
    victim.wait()
    python, doctor = str(ours.python), f"{ours.package}.doctor"
    command = [python, "-m", doctor, "run", python, "-m", "dvc", "repro", "--quiet"]
    healed = subprocess.run(command, cwd=ours.path, env=ours.env, check=False)
    well = healed.returncode == 0 and _hashes(ours) == first
    say(f"kill {number + 1} of {KILLS}: {'healed' if well else 'NOT healed'}")
    return well


def _hashes(ours: Bake) -> dict[str, str]:
    """Of every output, as dvc.lock records it."""
    lock = yaml.safe_load((ours.path / "dvc.lock").read_text(encoding="utf-8"))
    outs = [out for stage in lock["stages"].values() for out in stage["outs"]]
    return {out["path"]: out["md5"] for out in outs if out["path"] != RECORD}


if __name__ == "__main__":
    sys.exit(main())
