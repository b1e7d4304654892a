"""The drift check beside Evidently, and beside the same arithmetic in plain polars.

Each reads the reference's statistics (Evidently: the reference itself, of as many rows) and the
rows that arrived from Parquet, in a process of its own, and scores ten columns by the default
methods: Wasserstein's distance for numbers, the population stability index for texts. Evidently's
full run is its report on drift with the tests, and its page; ours makes pages of a sample, of the
same cost however many rows there are, and that is not part of this. Further sizes show that time
grows with the rows and memory does not.
"""

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.bakes import Bake, bake, scratch
from benchmarks.protocol import QUICK, Check, Command, Contender, race, report

SCRIPT = Path(__file__).with_name("drifts.py")
ROWS = 100_000 if QUICK else 1_000_000
MANY, MOST = (3, 10) if QUICK else (10, 100)  # files of ROWS rows
FASTER, PLAIN = (5, 3) if QUICK else (50, 2)


def main() -> int:
    """Run the comparison; return the exit code."""
    with scratch() as folder:
        ours = bake(folder / "bake")
        ours.run(SCRIPT, ours.package, "rows", str(ROWS), folder)
        for number in range(MOST):
            (folder / f"many-{number:03}.parquet").hardlink_to(folder / "now.parquet")
        sides = [_contender(ours, folder, name, 1) for name in ("ours", "evidently", "polars")]
        timings = list(race(sides, rounds=1 if QUICK else 3, warmups=0 if QUICK else 1).values())
        longer = [_contender(ours, folder, "ours", files) for files in (MANY, MOST)]
        many, most = race(longer, rounds=1, warmups=0).values()
        apart = _apart(ours, folder)
    one, evidently, polars = timings
    steps = (many.median - one.median) / (MANY - 1), (most.median - many.median) / (MOST - MANY)
    checks = [
        Check("time ÷ Evidently's", one.median / evidently.median, 1 / FASTER),
        Check("time ÷ plain polars", one.median / polars.median, PLAIN),
        Check("time of a further file, of many ÷ of few", steps[1] / steps[0], 1.3),
        Check("peak of many files ÷ of one", most.peak_mb / one.peak_mb, 1.2),
        Check("largest difference to plain polars", apart, 1e-9),
    ]
    notes = [f"{ROWS:,} rows of 10 columns a file; {MOST * ROWS:,} rows took {most.median:.1f} s"]
    return report("drift", [*timings, many, most], checks, notes)


def _contender(ours: Bake, folder: Path, name: str, files: int) -> Contender:
    command: Command = [ours.python, SCRIPT, ours.package, name, str(files), folder]
    return Contender(f"{name}, {files * ROWS:,} rows", command, ours.path, ours.env)


def _apart(ours: Bake, folder: Path) -> float:
    """How far ours and plain polars are apart at most."""
    printed = [
        subprocess.check_output(
            [ours.python, SCRIPT, ours.package, name, "1", folder],
            cwd=ours.path, env=ours.env, text=True,
        )
        for name in ("ours", "polars")
    ]  # fmt: skip
    left, right = (json.loads(text.splitlines()[-1]) for text in printed)
    return float(max(abs(left[name] - right[name]) for name in left))


if __name__ == "__main__":
    sys.exit(main())
