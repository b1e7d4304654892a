"""The search for hyperparameters: workers, overhead, kills, and the sweeper beside the stage.

Two workers are measured beside a control of the same run: what two independent busy processes make
of this machine's cores. The overhead is over a search that is written with Optuna and scikit-learn
alone, with the same storage. A killed search is begun again, and must still have all that it had.
"""

import json
import random
import re
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from benchmarks.bakes import Bake, bake, scratch
from benchmarks.protocol import QUICK, Check, Command, control, report, say

SCRIPT = Path(__file__).with_name("searches.py")
TRIALS, LOOPS = (40, 400_000) if QUICK else (200, 2_000_000)
BARE_TRIALS = 10 if QUICK else 100
KILLS = 2 if QUICK else 10
SWEPT = 3 if QUICK else 20
TIMES = 1.2 if QUICK else 1.7  # the start of workers weighs more on few trials
STAGES = ("compose", "ingest", "validate", "split", "tune")
ENDLESS = 10_000


def main() -> int:
    """Run all; return the exit code."""
    with scratch() as folder:
        ours = bake(folder / "bake")
        one, two, ideal = _workers(ours)
        say("overhead")
        seconds = _asked(ours, "overhead", BARE_TRIALS)
        overhead = 1000 * (seconds["ours"] - seconds["bare"])
        lost = sum(_lost(ours, number) for number in range(KILLS))
        stage, swept, spread = _sweeper(ours)
    checks = [
        Check(
            "two workers' time ÷ that of one, over the control's", two / one / ideal, 2 / TIMES / 1
        ),
        Check("overhead of a trial over bare Optuna, ms", overhead, 10),
        Check(f"finished trials that {KILLS} kills lost", lost, 0),
        Check(
            "best of the stage and of the sweeper, apart ÷ spread", abs(stage - swept) / spread, 1
        ),
    ]
    notes = [
        f"{TRIALS} trials took {one:.1f} s, with two workers {two:.1f} s: {one / two:.2f} times as "
        f"fast; two independent processes were {1 / ideal:.2f} times as fast as one",
        f"a trial took {1000 * seconds['ours']:.0f} ms, with bare Optuna "
        f"{1000 * seconds['bare']:.0f} ms",
        f"best of {SWEPT} trials: stage {stage:.4f}, sweeper {swept:.4f}; spread of folds "
        f"{spread:.4f}",
    ]
    return report("tune", [], checks, notes)


def _asked(ours: Bake, *arguments: Any) -> dict[str, float]:
    output = ours.output(SCRIPT, ours.package, *map(str, arguments))
    result: dict[str, float] = json.loads(output.splitlines()[-1])
    return result


def _workers(ours: Bake) -> tuple[float, float, float]:
    """Seconds of one worker and of two, and what the second would be of the first at best."""
    say(f"{TRIALS} trials by one worker, then by two")
    before = control()
    one, two = (
        _asked(ours, "search", workers, TRIALS, LOOPS, f"workers-{workers}") for workers in (1, 2)
    )
    if not one["trials"] == two["trials"] == TRIALS:
        raise RuntimeError(f"{one['trials']} and {two['trials']} trials instead of {TRIALS}")
    return one["seconds"], two["seconds"], (before + control()) / 4


def _lost(ours: Bake, number: int) -> int:
    """How many finished trials are not there any more after a kill and another search."""
    folder, random_ = ours.path / "killed", random.Random(number)
    command: Command = [
        *(ours.python, SCRIPT, ours.package, "search"),
        *(str(1 + number % 2), str(ENDLESS), "10000", folder.name),
    ]
    process = subprocess.Popen(command, cwd=ours.path, env=ours.env)
    started = time.monotonic()
    while not (folder / "study.db").exists() and process.poll() is None:
        time.sleep(0.1)
    time.sleep(random_.uniform(0, 3))
    process.kill()
    process.wait()
    time.sleep(0.5)  # its workers see it
    before = _finished(folder / "study.db")
    say(f"kill {number + 1} of {KILLS}, after {time.monotonic() - started:.1f} s: {len(before)}")
    process = subprocess.Popen(command, cwd=ours.path, env=ours.env)
    while len(after := _finished(folder / "study.db")) <= len(before) and process.poll() is None:
        time.sleep(0.1)
    process.kill()
    process.wait()
    return len(before - after)


def _finished(study: Path) -> set[tuple[int, float]]:
    """Number and value of each complete trial."""
    with closing(sqlite3.connect(study, timeout=60)) as db:
        try:
            return set(
                db.execute(
                    "SELECT t.number, v.value FROM trials t JOIN trial_values v USING (trial_id)"
                    " WHERE t.state = 'COMPLETE'"
                )
            )
        except sqlite3.OperationalError:  # it has no tables yet
            return set()


def _sweeper(ours: Bake) -> tuple[float, float, float]:
    """The best score of the stage and of the sweeper, and how far folds are apart."""
    say(f"{SWEPT} trials by the stage, then by the sweeper")
    config, sweep = ours.path / "conf/config.yaml", ours.path / "conf/experiment/sweep.yaml"
    text = re.sub("model: hist_gradient_boosting", "model: logistic", config.read_text())
    config.write_text(text.replace("tune: none", "tune: optuna"))
    optuna = ours.path / "conf/tune/optuna.yaml"
    optuna.write_text(optuna.read_text().replace("trials: 20 ", f"trials: {SWEPT} "))
    head = sweep.read_text().replace("/model: forest", "/model: logistic").partition("params:")[0]
    sweep.write_text(f"{head}params:\n      model.params.C: tag(log, interval(0.001, 100))\n")
    ours.run_stages(*STAGES)
    score = ("-m", f"{ours.package}.commands.score", "-m", "experiment=sweep")
    ours.run(*score, f"hydra.sweeper.n_trials={SWEPT}")
    with closing(sqlite3.connect(ours.path / "sweeps.db")) as db:
        (swept,) = db.execute("SELECT max(value) FROM trial_values").fetchone()
    best = json.loads((ours.path / "reports/tuning.json").read_text(encoding="utf-8"))["best"]
    spread = _asked(ours, "spread")["spread"]
    return next(iter(best["values"].values())), swept, spread


if __name__ == "__main__":
    sys.exit(main())
