"""How often drift is said where there is none, and how often it is seen where there is.

Independent rows: 20 columns of four kinds, limits by chance. Real time: the flights' weeks of
January to April, each judged beside the others, with limits from past weeks; and Evidently's
defaults beside them. A stationary year, whose days resemble the day before, is simulated many
times. Estimated performance is compared with the real one of later months.
"""

import json
import math
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.bakes import bake, scratch
from benchmarks.protocol import QUICK, Check, Command, report, say

SCRIPT = Path(__file__).with_name("drifting_truth.py")
RESAMPLES, SIZES = (40, "200 1000") if QUICK else (500, "200 1000 10000 100000")
POWER, YEARS = (20, 20) if QUICK else (200, 200)
LEVEL, LEAST = 0.05, 0.9
STAGES = ("compose", "ingest", "validate", "split", "tune", "train", "baseline", "evaluate")


def main() -> int:
    """Run all parts; return the exit code."""
    with scratch() as folder:
        ours = bake(folder / "bake")
        ours.run_stages(*STAGES)

        def part(name: str, *numbers: Any) -> dict[str, Any]:
            say(name)
            command: Command = [ours.python, SCRIPT, ours.package, name, *map(str, numbers)]
            text = subprocess.check_output(command, cwd=ours.path, env=ours.env, text=True)
            result: dict[str, Any] = json.loads(text.splitlines()[-1])
            return result

        alarms = part("alarms", RESAMPLES, *SIZES.split())
        power = part("power", POWER)
        weeks = part("weeks")
        later = part("whole_months")
        shifts = part("shifts")
        years = part("years", YEARS)
        months = part("months")
    checks = [*_independent(alarms, power), *_real(weeks, later, years, months)]
    notes = _notes(weeks, later, shifts, years, months)
    return report("drift_accuracy", [], checks, [*notes])


def _independent(alarms: dict[str, float], power: dict[str, float]) -> Iterator[Check]:
    most = LEVEL + 2 * math.sqrt(LEVEL * (1 - LEVEL) / RESAMPLES)
    for size, share in alarms.items():
        yield Check(f"false alarms of 20 columns, {size} independent rows", share, round(most, 4))
    for case, share in power.items():
        yield Check(f"missed: {case}", round(1 - share, 4), round(1 - LEAST, 4))


def _real(
    weeks: dict[str, Any], later: dict[str, int], years: dict[str, float], months: dict[str, Any]
) -> Iterator[Check]:
    yield Check(f"ordinary weeks that alarm, of {weeks['weeks']}", weeks["ordinary"], 1)
    quiet = sum(not later[month] for month in ("07", "09"))
    yield Check("July and September, as months, that do not alarm", quiet, 0)
    yield Check("alarms a simulated year ÷ promised", years["low"] / years["promised"], 1)
    for metric, errors in months.items():
        name = f"{metric}: mean error of the estimate ÷ of 'nothing changed'"
        yield Check(name, errors["estimated"] / errors["unchanged"], 1)


def _notes(
    weeks: dict[str, Any],
    later: dict[str, int],
    shifts: dict[str, dict[str, float]],
    years: dict[str, float],
    months: dict[str, Any],
) -> Iterator[str]:
    yield (
        f"ordinary weeks: {weeks['ordinary']} of {weeks['weeks']} alarm; by chance alone "
        f"{weeks['by chance']}, by Evidently's defaults {weeks['evidently']}; later weeks "
        f"{weeks['later']} of {weeks['of later']}"
    )
    columns = ", ".join(f"{month} {number}" for month, number in later.items())
    yield f"months, by chance, as four past ones say too little: columns that drift: {columns}"
    for column, shares in shifts.items():
        seen = ", ".join(f"{size} {share:.2f}" for size, share in shares.items())
        yield f"share of real weeks in which a shift of {column} is seen, by its sigma: {seen}"
    yield (
        f"a stationary year of correlated days: {years['mean']:.2f} alarms ({years['low']:.2f} to "
        f"{years['high']:.2f}), promised {years['promised']:.2f}; by chance alone "
        f"{years['by chance']:.1f}"
    )
    for metric, errors in months.items():
        yield (
            f"{metric} of May to December: mean absolute error of the estimate "
            f"{errors['estimated']:.4f}, of 'nothing changed' {errors['unchanged']:.4f}"
        )


if __name__ == "__main__":
    sys.exit(main())
