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
        shifts = part("shifts")
        years = part("years", YEARS)
        months = part("months")
    checks = [*_independent(alarms, power), *_real(weeks, years, months)]
    return report("drift_accuracy", [], checks, [*_notes(weeks, shifts, years, months)])


def _independent(alarms: dict[str, float], power: dict[str, float]) -> Iterator[Check]:
    most = LEVEL + 2 * math.sqrt(LEVEL * (1 - LEVEL) / RESAMPLES)
    for size, share in alarms.items():
        yield Check(f"false alarms of 20 columns, {size} independent rows", share, round(most, 4))
    for case, share in power.items():
        yield Check(f"missed: {case}", round(1 - share, 4), round(1 - LEAST, 4))


def _real(
    weeks: dict[str, Any], years: dict[str, float], months: dict[str, Any]
) -> Iterator[Check]:
    yield Check(f"ordinary weeks that alarm, of {weeks['weeks']}", weeks["ordinary"], 1)
    yield Check("July and September that do not alarm", 2 - weeks["July and September"], 0)
    yield Check("alarms a simulated year ÷ promised", years["low"] / years["promised"], 1)
    for metric, errors in months.items():
        name = f"{metric}: mean error of the estimate ÷ of 'nothing changed'"
        yield Check(name, errors["estimated"] / errors["unchanged"], 1)


def _notes(
    weeks: dict[str, Any], shifts: dict[str, Any], years: dict[str, float], months: dict[str, Any]
) -> Iterator[str]:
    yield (
        f"ordinary weeks: {weeks['ordinary']} of {weeks['weeks']} alarm; by chance alone "
        f"{weeks['by chance']}, by Evidently's defaults {weeks['evidently']}; later weeks "
        f"{weeks['later']} of {weeks['of later']}; later months: {', '.join(weeks['months'])}"
    )
    yield f"shift of distance_miles in real weeks, in sigma: share seen: {_pairs(shifts)}"
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


def _pairs(shares: dict[str, float]) -> str:
    return ", ".join(f"{name} {share:.2f}" for name, share in shares.items())


if __name__ == "__main__":
    sys.exit(main())
