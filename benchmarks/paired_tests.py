"""How often the gate calls one of two equal models better, by unit, by row and by a plain t test.

The truth is simulated: 31 days of 100 rows, in clusters by day or independent. The gate runs with
its default unit, the day, and with the row; the plain test is scipy's paired t test over rows.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.bakes import bake, scratch
from benchmarks.protocol import QUICK, Check, Command, report, say

PAIRS = 30 if QUICK else 500
SCRIPT = Path(__file__).with_name("equal_models.py")
SIZE, SIZE_QUICK = 6.0, 12.0  # percent; of 30 pairs chance alone may take 2 above the nominal one


def main() -> int:
    """Run the simulation; return the exit code."""
    with scratch() as folder:
        ours = bake(folder / "bake")
        say(f"judging {PAIRS} pairs of each kind")
        command: Command = [ours.python, SCRIPT, ours.package, str(PAIRS)]
        output = subprocess.check_output(command, cwd=ours.path, env=ours.env, text=True)
    results: dict[str, Any] = json.loads(output.splitlines()[-1])
    shares: dict[str, dict[str, float]] = results["shares"]
    most = SIZE_QUICK if QUICK else SIZE
    checks = [
        Check(f"equal models promoted, %: {rows} rows, by {unit}", 100 * share, most)
        for rows, unit, share in (
            ("clustered", "the default unit", shares["clusters, equal, auto"]["promoted"]),
            ("independent", "the default unit", shares["independent, equal, auto"]["promoted"]),
            ("independent", "row", shares["independent, equal, row"]["promoted"]),
        )
    ]
    missed = 100 * shares["clusters, equal, auto"]["zero outside"]
    checks.append(Check("intervals of the gain that miss it, %: clustered rows", missed, 2 * most))
    checks.append(Check("all of evaluate ÷ 200 evaluations of each metric", results["cost"], 2.5))
    notes = [
        f"{name}: {', '.join(f'{key} {value:.3g}' for key, value in values.items())}"
        for name, values in shares.items()
    ]
    return report("paired_tests", [], checks, [f"{PAIRS} pairs of equal models a kind", *notes])


if __name__ == "__main__":
    sys.exit(main())
