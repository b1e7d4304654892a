"""The cold default graph of a bake; at 200,000 rows also against `plain.py`, a plain script."""

import json
import shutil
import sys
from pathlib import Path

from benchmarks.bakes import Bake, bake, scratch
from benchmarks.protocol import QUICK, Check, Command, Contender, Timing, race, report

ROWS = 200_000
FEW = 8_000  # when QUICK
COLD = f"ours: cold default graph, {f'{FEW:,} rows' if QUICK else 'embedded sample'}"
OURS, PLAIN = f"ours: cold default graph, {ROWS:,} rows", f"plain.py with MLflow, {ROWS:,} rows"
GROW = """
import sys
import polars as pl

path, size = sys.argv[1], int(sys.argv[2])
rows = pl.read_parquet(path)
times = -(-size // rows.height)
grown = pl.concat([rows] * times).head(size)
floats = [name for name, dtype in grown.schema.items() if dtype.is_float()]
noise = pl.int_range(pl.len()).hash(1) % 1000 / 1000 - 0.5
grown.with_columns(
    pl.int_range(1, pl.len() + 1).alias("flight_id"),
    *[(pl.col(name) + noise).clip(pl.col(name).min(), pl.col(name).max()) for name in floats],
).write_parquet(path)
"""


def main() -> int:
    """Run the comparison; return the exit code."""
    with scratch() as folder:
        fresh = bake(folder / "bake")
        if QUICK:
            _resize(fresh, FEW)
        timings = race([_cold(COLD, fresh, folder / "small")], rounds=1 if QUICK else 3, warmups=0)
        checks = [Check("cold default graph, seconds", timings[COLD].median, 60)]
        notes = [] if QUICK else _large(fresh, folder, timings, checks)
    return report("pipeline", [*timings.values()], checks, notes)


def _large(fresh: Bake, folder: Path, timings: dict[str, Timing], checks: list[Check]) -> list[str]:
    """Add the rows of the comparison at 200,000 rows; return what the two models are worth."""
    large = fresh.copy(folder / "large")
    data = _resize(large, ROWS)
    plain = folder / "plain"
    script: Command = [large.python, Path(__file__).with_name("plain.py"), data, plain]

    def clear() -> None:
        shutil.rmtree(plain, ignore_errors=True)

    work = folder / "work"
    contenders = [
        _cold(OURS, large, work),
        Contender(PLAIN, script, folder, large.env, prepare=clear),
    ]
    pair = race(contenders, rounds=3, warmups=0)  # minutes each, after runs that warmed the code
    timings |= pair
    checks.append(Check("ours ÷ plain.py", pair[OURS].median / pair[PLAIN].median, 4.0))
    ours = json.loads((work / "reports" / "metrics.json").read_text())
    theirs = json.loads((plain / "report.json").read_text())["metrics"]
    return [f"ROC AUC: ours {_auc(ours):.3f}, plain.py {_auc(theirs):.3f}"]


def _resize(project: Bake, rows: int) -> Path:
    """Give the bake so many rows: fewer, or repeated with noise. Returns its data file."""
    data = project.path / "data" / "raw" / "flights.parquet"
    project.run("-c", GROW, data, str(rows))
    return data


def _cold(name: str, fresh: Bake, work: Path) -> Contender:
    """`dvc repro` in a copy of the bake that has run nothing yet."""
    command: Command = [fresh.python, "-m", "dvc", "repro"]
    return Contender(name, command, work, fresh.env, prepare=lambda: fresh.copy(work))


def _auc(metrics: dict[str, object]) -> float:
    value = metrics["roc_auc"]
    return float(value["value"] if isinstance(value, dict) else str(value))


if __name__ == "__main__":
    sys.exit(main())
