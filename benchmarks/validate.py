"""Validation with fourteen checks, quarantine included, beside raw polars and three libraries.

Clean rows, 5 % and all of them bad. Everyone writes the same two files, which is checked; times are
of whole processes, imports included.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.bakes import Bake, bake, scratch, venv
from benchmarks.protocol import QUICK, Check, Command, Contender, Timing, environment, race, report

SIZES = [300_000] if QUICK else [1_000_000, 10_000_000]
LARGE = 30_000_000  # rows, to see what memory does
SHARES = {"clean": 0.0, "5 % bad": 0.05, "all bad": 1.0}
RAW = "raw polars"
PEERS = ["pointblank", "pandera", "great expectations"]
SCRIPT = Path(__file__).with_name("validators.py")
OURS = """
import json, sys
from pathlib import Path
from {package}.schema.row import parse_schema
from {package}.validate.quarantine import validate
paths = [Path(name) for name in sys.argv[2:]]
validate(paths[0], parse_schema(json.loads(sys.argv[1])), paths[1], paths[2])
"""
COUNT = """
import sys, polars as pl
print(*(pl.scan_parquet(name).select(pl.len()).collect().item() for name in sys.argv[1:]))
"""
SCHEMA: dict[str, Any] = {
    "additionalProperties": False,
    "required": ["id", "departure", "arrival", "carrier", "origin", "tail", "miles", "heat"],
    "properties": {
        "id": {"type": ["integer", "null"], "minimum": 1, "x-unique": True},
        "departure": {"type": "string", "format": "date-time"},
        "arrival": {"type": ["string", "null"], "format": "date-time"},
        "carrier": {"type": "string", "pattern": "^[A-Z0-9]{2}$"},
        "origin": {"type": ["string", "null"], "enum": ["EWR", "JFK", "LGA"]},
        "tail": {"type": ["string", "null"], "minLength": 2, "maxLength": 8},
        "miles": {"type": ["integer", "null"], "minimum": 0, "maximum": 12000},
        "heat": {"type": ["number", "null"], "minimum": -60, "maximum": 140},
    },
    "x-rules": {
        "arrives later": "arrival >= departure",
        "after the start": "departure >= DATE '2013-01-01'",
    },
}


def main() -> int:
    """Run the comparison; return the exit code."""
    with scratch() as folder:
        ours = bake(folder / "bake")
        peers = venv(
            folder / "peers",
            "polars>=2.1,<3",
            "pyarrow",
            "pandas>=3.0,<3.1",
            "pointblank>=1.1",
            "pandera[polars]>=0.35",
            "great-expectations>=1.24",
        )
        by_case: dict[tuple[int, str, str], Timing] = {}
        for size in SIZES:
            for share, bad in SHARES.items():
                source = folder / "rows.parquet"
                _run(ours.python, SCRIPT, "rows", size, bad, source)
                timed = _race(folder, ours, peers, source, share == "5 % bad", size)
                by_case |= {(size, share, name): timing for name, timing in timed.items()}
        checks = _checks(by_case)
        if not QUICK:
            _run(ours.python, SCRIPT, "rows", LARGE, SHARES["5 % bad"], source)
            once = race([_ours(folder, ours, source)], rounds=1, warmups=0)["ours"]
            growth = once.peak_mb - by_case[SIZES[-1], "5 % bad", "ours"].peak_mb
            name = "growth of the peak, MB per million rows"
            checks.append(Check(name, growth / (LARGE - SIZES[-1]) * 1_000_000, 20))
            by_case[LARGE, "5 % bad", "ours"] = once
    timings = [
        Timing(f"{name}: {size:,} rows, {share}", timing.samples)
        for (size, share, name), timing in by_case.items()
    ]
    return report("validate", timings, checks, ["peers ran on 5 % bad rows"])


def _race(
    folder: Path, ours: Bake, peers: Path, source: Path, everyone: bool, size: int
) -> dict[str, Timing]:
    """Ours and raw polars in turn; then, if asked for, the others, once where that is slow."""
    files = {name: _written(folder, name) for name in (RAW, *PEERS)}
    others = {
        name: Contender(name, [peers, SCRIPT, name, source, *files[name]], folder, environment())
        for name in (RAW, *PEERS)
    }
    both = [_ours(folder, ours, source), others[RAW]]
    timed = race(both, rounds=2 if QUICK else 3 if size > 1_000_000 else None)
    written = [_written(folder, "ours"), files[RAW]]
    if everyone:
        once = QUICK or size > 1_000_000
        chosen = [others[name] for name in PEERS]
        timed |= race(chosen, rounds=1 if once else None, warmups=0 if once else 1)
        written += [files[name] for name in PEERS]
    counts = {_run(ours.python, "-c", COUNT, *paths) for paths in written}
    if len(counts) > 1:
        raise RuntimeError(f"not all found the same rows valid and bad: {counts}")
    return timed


def _ours(folder: Path, ours: Bake, source: Path) -> Contender:
    code = OURS.format(package=ours.package)
    command: Command = [
        ours.python,
        "-c",
        code,
        json.dumps(SCHEMA),
        source,
        *_written(folder, "ours"),
    ]
    return Contender("ours", command, ours.path, ours.env)


def _written(folder: Path, name: str) -> list[Path]:
    return [folder / f"{name}-{to}.parquet" for to in ("valid", "bad")]


def _checks(timings: dict[tuple[int, str, str], Timing]) -> list[Check]:
    checks = []
    for size in SIZES:
        one = {(share, name): t for (of, share, name), t in timings.items() if of == size}
        for share in SHARES:
            ratio = one[share, "ours"].median / one[share, RAW].median
            checks.append(Check(f"ours ÷ raw polars: {size:,} rows, {share}", ratio, 2.0))
        fastest = min(one["5 % bad", name].median for name in PEERS)
        name = f"ours ÷ fastest of {', '.join(PEERS)}: {size:,} rows"
        checks.append(Check(name, one["5 % bad", "ours"].median / fastest, 1.0))
        bad = one["all bad", "ours"].median / one["clean", "ours"].median
        checks.append(Check(f"all bad ÷ clean: {size:,} rows", bad, 2.0))
        memory = max(one[s, "ours"].peak_mb / one[s, RAW].peak_mb for s in SHARES)
        checks.append(Check(f"peak, ours ÷ raw polars: {size:,} rows", memory, 1.5))
    return checks


def _run(*command: object) -> str:
    words = [str(word) for word in command]
    return subprocess.check_output(words, env=environment(), text=True)


if __name__ == "__main__":
    sys.exit(main())
