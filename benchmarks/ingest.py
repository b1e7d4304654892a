"""CSV to Parquet by the ingest stage, beside bare polars, DuckDB and pyarrow; memory; kills.

Ours is the whole stage: its start, the checks of the file, the atomic write. It reads text as text,
for `validate` to judge; the others read the declared types, and stop at the first bad value.
`polars, text` is the same work without checks; it counts among the fastest.
"""

import hashlib
import os
import random
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import yaml

from benchmarks.bakes import TEMPLATE, Bake, bake, scratch, venv
from benchmarks.limits import memory_limit, within
from benchmarks.protocol import QUICK, Check, Command, Contender, Timing, race, report, run, say

SIZES = [100] if QUICK else [500, 1000, 2000, 5000]  # MB
START = 0.25 if QUICK else 0.0  # what the start of a stage adds to a ratio on a small file
KILLS = 1 if QUICK else 30
LIMIT = 1024  # MB
FULL = {".csv": 5000, ".ndjson": 3000, ".json": 1000, ".parquet": 5000, ".db": 2000}  # MB of text
LIMITED = dict.fromkeys(FULL, 20) if QUICK else FULL
OURS, TEXT, TYPED = "ours", "polars, text", "polars, declared types"
DUCK, ARROW = "DuckDB, declared types", "pyarrow, declared types"
BARE = """
import sys, polars as pl
source, flights, kind = sys.argv[1:]
schema = pl.read_parquet_schema(flights)
options = {"schema": schema} if kind == "typed" else {"infer_schema": False}
pl.scan_csv(source, **options).sink_parquet("bare.parquet")
"""
DUCKDB = """
import sys, duckdb
source, flights = sys.argv[1:]
base = duckdb.connect(config={"threads": 2})
types = base.execute(f"DESCRIBE FROM '{flights}'").fetchall()
columns = {name: kind for name, kind, *_ in types}
base.execute(f"COPY (FROM read_csv('{source}', columns={columns}, header=true)) "
             "TO 'duck.parquet' (FORMAT parquet, COMPRESSION zstd)")
"""
PYARROW = """
import sys, pyarrow as pa, pyarrow.csv as csv, pyarrow.parquet as pq
source, flights = sys.argv[1:]
pa.set_cpu_count(2)
types = {field.name: field.type for field in pq.read_schema(flights)}
reader = csv.open_csv(source, convert_options=csv.ConvertOptions(column_types=types))
with pq.ParquetWriter("arrow.parquet", reader.schema, compression="zstd") as out:
    for batch in reader:
        out.write_batch(batch)
"""
SQLITE = """
import sqlite3, sys, polars as pl
source, database = sys.argv[1:]
frame = pl.scan_csv(source)
kinds = {pl.Int64: "INTEGER", pl.Float64: "REAL", pl.String: "TEXT"}
columns = ", ".join(f"{name} {kinds[kind]}" for name, kind in frame.collect_schema().items())
with sqlite3.connect(database) as base:
    base.execute(f"CREATE TABLE flights ({columns})")
    for rows in frame.collect_batches(chunk_size=50_000):
        base.executemany(f"INSERT INTO flights VALUES ({','.join('?' * rows.width)})", rows.rows())
"""


def main() -> int:
    """Run all parts; return the exit code."""
    with scratch() as folder:
        ours = bake(folder / "bake")
        ours.run("-m", f"{ours.package}.stages.compose")
        peer = venv(folder / "peer", "duckdb")
        timings: list[Timing] = []
        checks: list[Check] = []
        peaks: list[float] = []
        for size in SIZES:
            by_name = _race(ours, folder, peer, size)
            median = {name: timing.median for name, timing in by_name.items()}
            fastest = min(median[name] for name in median if name != OURS)
            checks += [
                Check(f"{size} MB: ours ÷ {TYPED}", median[OURS] / median[TYPED], 1.1 + START),
                Check(f"{size} MB: ours ÷ the fastest", median[OURS] / fastest, 1.25 + START),
            ]
            timings += [Timing(f"{size} MB, {name}", by_name[name].samples) for name in by_name]
            peaks.append(by_name[OURS].peak_mb)
        checks.append(Check("peak, MB", max(peaks), LIMIT))
        if len(SIZES) > 1:
            growth = (peaks[-1] - peaks[0]) / (SIZES[-1] - SIZES[0]) * 1000
            checks.append(Check("growth of the peak, MB per GB", growth, 20))
        notes = [*_limited(ours, folder, checks)]
        checks.append(Check("kills after which the next run differs", _kills(ours, folder), 0))
    return report("ingest", timings, checks, [f"{KILLS} kills of ingest and validate", *notes])


def choose(ours: Bake, **source: object) -> None:
    """Make this the only source in params.yaml, and forget what is known of others."""
    file = ours.path / "params.yaml"
    params = yaml.safe_load(file.read_text(encoding="utf-8"))
    params["data"]["sources"] = [source]
    params["data"]["limits"]["folders"] = [str(ours.path.parents[1])]  # where the inputs lie
    file.write_text(yaml.safe_dump(params), encoding="utf-8")
    forget(ours)


def forget(ours: Bake) -> None:
    """Let the next run read everything."""
    (ours.path / "data" / "ingested.json").unlink(missing_ok=True)


def stage(ours: Bake, name: str = "ingest") -> Command:
    """The command of the stage, as DVC runs it."""
    return [ours.python, "-m", f"{ours.package}.stages.{name}", "-cn", "pipeline"]


def make_input(ours: Bake, file: Path, size: int) -> Path:
    """So many megabytes of flights in the format that the file's name says."""
    say(f"making {file.name} of {size} MB")
    script = TEMPLATE / "benchmarks" / "inputs.py"
    ours.run(script, ours.path / "data/raw/flights.parquet", str(size), file)
    return file


def _race(ours: Bake, folder: Path, peer: Path, size: int) -> dict[str, Timing]:
    source = make_input(ours, folder / "in.csv", size)
    choose(ours, kind="csv", path=str(source))
    given = [str(source), str(ours.path / "data/raw/flights.parquet")]

    def other(name: str, python: Path, code: str, *more: str) -> Contender:
        return Contender(name, [python, "-c", code, *given, *more], folder, ours.env)

    contenders = [
        Contender(OURS, stage(ours), ours.path, ours.env, lambda: forget(ours)),
        other(TYPED, ours.python, BARE, "typed"),
        other(TEXT, ours.python, BARE, "text"),
        other(DUCK, peer, DUCKDB),
        other(ARROW, ours.python, PYARROW),
    ]
    rounds = 5 if size <= 500 else 3 if size <= 2000 else 1
    by_name = race(contenders if size <= 500 else contenders[:4], rounds, int(size <= 500))
    source.unlink()
    return by_name


def _limited(ours: Bake, folder: Path, checks: list[Check]) -> list[str]:
    """Ingest each kind under the limit; one that is killed counts."""
    notes, failed = [], 0
    with memory_limit(LIMIT) as group:
        if group is None:
            return ["no cgroup can be made here: the hard limit was not tried"]
        for ending, size in LIMITED.items():
            source = folder / f"in{ending}"
            if ending == ".db":
                text = make_input(ours, folder / "in.csv", size)
                ours.run("-c", SQLITE, text, source)
                text.unlink()
                choose(ours, kind="sql", path=str(source), table="flights")
            else:
                make_input(ours, source, size)
                choose(ours, kind=ending[1:], path=str(source))
            try:
                taken = run(within(group, stage(ours)), ours.path, ours.env)
                notes.append(f"{ending} of {size} MB within {LIMIT} MB: {taken.seconds:.1f} s")
            except RuntimeError as error:
                failed += 1
                notes.append(f"{ending} of {size} MB within {LIMIT} MB: {str(error)[-300:]}")
            source.unlink()
    checks.append(Check(f"kinds that need more than {LIMIT} MB (hard limit)", failed, 0))
    return notes


def _kills(ours: Bake, folder: Path) -> int:
    """How many times ingest and validate, run after a kill, ended with other bytes."""
    source = make_input(ours, folder / "in.csv", 100)
    choose(ours, kind="csv", path=str(source))
    both = " && ".join(shlex.join(map(str, stage(ours, name))) for name in ("ingest", "validate"))
    seconds = run(["sh", "-c", both], ours.path, ours.env).seconds
    good, chance, bad = _digest(ours), random.Random(1), 0
    for number in range(KILLS):
        forget(ours)
        child = subprocess.Popen(
            ["sh", "-c", both],
            cwd=ours.path,
            env=ours.env,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        time.sleep(chance.uniform(0, seconds))
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        during = _digest(ours)
        run(["sh", "-c", both], ours.path, ours.env)
        bad += (during, _digest(ours)) != (good, good)
        say(f"kill {number + 1} of {KILLS}: {bad} bad")
    return bad


def _digest(ours: Bake) -> str:
    digest = hashlib.sha256()
    data = ours.path / "data"
    parts = sorted((data / "ingested.parquet").iterdir())
    for file in (*parts, data / "valid.parquet", data / "quarantine.parquet"):
        digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()


if __name__ == "__main__":
    sys.exit(main())
