"""Is the best policy of retraining ranked first by a simulated year; and how long does it take?

Streams whose best policy follows from how they are made: nothing changes; an input moves, and
nothing is lost; answers come to mean something else, and no input shows it (labels do, until what
is left of the loss is tolerated); the same, and an input shows it; rows arrive of a kind that no
model knows. And the flights' year under
all policies, in one process.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.bakes import Bake, bake, scratch
from benchmarks.protocol import QUICK, Check, Command, Timing, report, run, say

SCRIPT = Path(__file__).with_name("simulated_streams.py")
STREAMS = 5 if QUICK else 50
MOST_WRONG, MOST_S = 0.1, 600.0
STAGES = ("compose", "ingest", "validate", "split", "tune")


def main() -> int:
    """Play all streams, then the flights; return the exit code."""
    with scratch() as folder:
        ours = bake(folder / "bake")
        say("streams")
        command: Command = [ours.python, SCRIPT, ours.package, str(STREAMS)]
        env = ours.env | {"PYTHONPATH": str(ours.path)}
        text = subprocess.check_output(command, cwd=ours.path, env=env, text=True)
        kinds: dict[str, dict[str, Any]] = json.loads(text.splitlines()[-1])
        timings = [] if QUICK else [flights(ours)]
    first = sum(one["first"] for one in kinds.values())
    wrong = f"share of {STREAMS} streams whose best policy is not first"
    checks = [Check(wrong, 1 - first / STREAMS, MOST_WRONG)]
    checks += [Check(f"seconds: {one.name}", one.median, MOST_S) for one in timings]
    notes = [
        f"{kind}: best is {one['best']}, first in {one['first']} of {one['streams']} streams, and "
        f"told apart from the next in {one['told apart']} of these; ranked first: {one['ranked']}"
        for kind, one in kinds.items()
    ]
    return report("simulate", timings, checks, notes)


def flights(ours: Bake) -> Timing:
    """The demo's year, once: it takes minutes."""
    ours.run_stages(*STAGES)
    say("flights")
    later = ["--policies", "--later", "data/demo/later.parquet"]
    command: Command = [ours.python, "-m", f"{ours.package}.commands.simulate", *later]
    return Timing("flights, all policies", [run(command, ours.path, ours.env)])


if __name__ == "__main__":
    sys.exit(main())
