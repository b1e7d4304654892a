"""How often the gate and the paired tests err about equal models, and what intervals hold.

The truth is simulated, of rows in clusters by day or independent. The gate runs with its default
unit, the day, and with the row; the plain test beside it is scipy's paired t test over rows. Each
paired test, and each interval, runs with the right unit and, for clusters, with the wrong one too.
"""

import json
import math
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.bakes import Bake, bake, scratch
from benchmarks.protocol import QUICK, Check, Command, report, say

PAIRS = 30 if QUICK else 500
SCRIPT = Path(__file__).with_name("equal_models.py")
TRUTH = Path(__file__).with_name("simulated_truth.py")
REPEATS, TESTS, POWER = (20, 20, 5) if QUICK else (2000, 1000, 300)
LEVEL, ERRORS = 0.05, 2.5  # of the tests, and how many standard errors chance may add to it
COVERAGE = 2.0  # points that an interval's coverage may be off, and chance with few tests
WRONG = "clusters, by row"  # the wrong unit: shown, not checked
SIZE, SIZE_QUICK = 6.0, 12.0  # percent; of 30 pairs chance alone may take 2 above the nominal one


def main() -> int:
    """Run the simulation; return the exit code."""
    with scratch() as folder:
        ours = bake(folder / "bake")
        say(f"judging {PAIRS} pairs of each kind")
        results = simulated(ours, SCRIPT, PAIRS)
        say(f"testing {REPEATS} pairs of each kind, and {TESTS} intervals")
        truth = simulated(ours, TRUTH, REPEATS, TESTS, POWER)
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
    checks += [*errors(truth["errors"]), *coverage(truth["coverage"])]
    notes = [f"the gate, on {PAIRS} pairs of equal models a kind:", *notes, *figures(truth)]
    return report("paired_tests", [], checks, notes)


def simulated(ours: Bake, script: Path, *numbers: int) -> dict[str, Any]:
    """What a script that runs inside of the bake prints last."""
    command: Command = [ours.python, script, ours.package, *map(str, numbers)]
    output = subprocess.check_output(command, cwd=ours.path, env=ours.env, text=True)
    results: dict[str, Any] = json.loads(output.splitlines()[-1])
    return results


def errors(by_kind: dict[str, dict[str, float]]) -> Iterator[Check]:
    """Each test's type I error with a right unit, beside the level and what chance may add."""
    most = 100 * (LEVEL + ERRORS * math.sqrt(LEVEL * (1 - LEVEL) / REPEATS))
    for kind, shares in by_kind.items():
        for name, share in shares.items():
            if kind != WRONG and name != "design effect":
                yield Check(f"type I error, %: {name}; {kind}", 100 * share, round(most, 2))


def coverage(by_kind: dict[str, dict[str, float]]) -> Iterator[Check]:
    """By how many points each interval's coverage is off, with a right unit."""
    most = COVERAGE + (12 if QUICK else 0)
    for kind, shares in by_kind.items():
        for name, share in shares.items():
            if kind != WRONG:
                off = 100 * abs(share - (1 - LEVEL))
                yield Check(f"coverage off 95 %, points: {name}; {kind}", off, most)


def figures(truth: dict[str, dict[str, dict[str, float]]]) -> Iterator[str]:
    """All that was simulated, the wrong unit's failure among it, in lines."""
    titles = {
        "errors": f"type I error at 0.05, of {REPEATS} pairs (a quarter by the wrong unit)",
        "coverage": f"coverage of 95 % intervals, of {TESTS} tests (a quarter by the wrong unit)",
        "power": f"power, of {POWER} pairs, by number of days, in clusters",
    }
    for part, title in titles.items():
        for kind, shares in truth[part].items():
            values = ", ".join(f"{name} {value:.3g}" for name, value in shares.items())
            yield f"{title}: {kind}: {values}"


if __name__ == "__main__":
    sys.exit(main())
