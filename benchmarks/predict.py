"""Predictions for what arrived: memory that does not grow with it, and time beside a plain script.

Ours is the whole stage, cold: it reads and checks the file, judges each row, keeps the rows of both
sides, answers the valid ones, and checks the keys. The plain script scans the file with polars and
asks scikit-learn's pipeline batch by batch, no more. Both write the same answers, which is checked.
Then ours again, with nothing new, which takes its parts over.
"""

import shutil
import sys
from pathlib import Path

from benchmarks.bakes import TEMPLATE, Bake, bake, scratch
from benchmarks.protocol import QUICK, Check, Command, Contender, Timing, race, report, say

SIZES = [100_000, 1_000_000] if QUICK else [1_000_000, 10_000_000]  # rows
OURS, PLAIN, AGAIN = "ours", "plain script", "ours, nothing new"
STAGES = ("compose", "ingest", "validate", "split", "tune", "train")
MOST = [2.0, 1.6] if QUICK else [1.5, 1 / 0.85]  # of ours ÷ plain: fewer rows feel the start
BATCHES = """
import sys
from pathlib import Path
import polars as pl
import pyarrow.parquet as pq
from {package}.model.model import Model
model, writer = Model.load(Path("models/model")), None
pipeline, features = model.predictor.pipeline, list(model.contract.features)
for rows in pl.scan_parquet(sys.argv[1]).collect_batches(chunk_size=100_000, maintain_order=True):
    answers = pipeline.predict_proba(rows.select(features))
    answers = pl.DataFrame(answers, schema=["probability:0", "probability:1"])
    answers = answers.insert_column(0, rows["flight_id"]).to_arrow()
    writer = writer or pq.ParquetWriter(sys.argv[2], answers.schema)
    writer.write_table(answers)
writer.close()
"""
ROWS = """
import sys
import polars as pl
import pyarrow.parquet as pq
from benchmarks.inputs import noisy
flights, rows = pl.read_parquet(sys.argv[1]).drop("late"), int(sys.argv[2])
with pq.ParquetWriter(sys.argv[3], noisy(flights, 0).to_arrow().schema) as writer:
    for number in range(-(-rows // flights.height)):
        left = rows - number * flights.height
        writer.write_table(noisy(flights, number).head(left).to_arrow())
"""
SAME = """
import sys
import polars as pl
ours, plain = (pl.scan_parquet(path) for path in sys.argv[1:])
pairs = pl.concat([ours, plain.select(pl.all().name.prefix("plain "))], how="horizontal")
far = pairs.select((pl.col("^probability:1$") - pl.col("^plain probability:1$")).abs().max())
keys = pairs.select((pl.col("flight_id") == pl.col("plain flight_id")).all())
sys.exit(not (keys.collect().item() and far.collect().item() < 1e-9))
"""


def main() -> int:
    """Run all sizes; return the exit code."""
    with scratch() as folder:
        ours = bake(folder / "bake")
        ours.run_stages(*STAGES)
        by_size = {size: _race(ours, folder, size) for size in SIZES}
    few, many = (by_size[size] for size in SIZES)
    checks = [
        Check(
            f"peak at {SIZES[1]:,} rows ÷ peak at {SIZES[0]:,} rows",
            many[OURS].peak_mb / few[OURS].peak_mb,
            1.2,
        )
    ]
    for most, (size, timed) in zip(MOST, by_size.items(), strict=True):
        median = {name: timing.median for name, timing in timed.items()}
        ratio = median[OURS] / median[PLAIN]
        checks.append(Check(f"{size:,} rows: ours ÷ plain", ratio, most))
    timings = [
        Timing(f"{size:,} rows, {name}", timing.samples)
        for size, timed in by_size.items()
        for name, timing in timed.items()
    ]
    return report("predict", timings, checks, ["the answers of both are the same"])


def _race(ours: Bake, folder: Path, size: int) -> dict[str, Timing]:
    say(f"making {size:,} rows")
    shutil.rmtree(ours.path / "data/incoming")
    arrived = ours.path / "data/incoming/rows.parquet"
    arrived.parent.mkdir()
    flights = ours.path / "data/raw/flights.parquet"
    _run(ours, ROWS, flights, str(size), arrived, at=TEMPLATE)

    stage: Command = [ours.python, "-m", f"{ours.package}.stages.predict", "-cn", "pipeline"]
    plain = folder / "plain.parquet"
    script = BATCHES.format(package=ours.package)
    bare: Command = [ours.python, "-c", script, arrived, plain]
    contenders = [
        Contender(OURS, stage, ours.path, ours.env, lambda: _forget(ours)),
        Contender(PLAIN, bare, ours.path, ours.env),
    ]
    once = QUICK or size > 1_000_000
    timed = race(contenders, rounds=1 if once else 3, warmups=0 if once else 1)
    _run(ours, SAME, ours.path / "data/predictions.parquet", plain, at=ours.path)
    again = Contender(AGAIN, stage, ours.path, ours.env)
    return timed | race([again], rounds=1 if once else 3, warmups=0)


def _forget(ours: Bake) -> None:
    """Let the next run make every part."""
    shutil.rmtree(ours.path / "data/.predict", ignore_errors=True)


def _run(ours: Bake, script: str, *arguments: str | Path, at: Path) -> None:
    Bake(at, ours.package, ours.python).run("-c", script, *arguments)


if __name__ == "__main__":
    sys.exit(main())
