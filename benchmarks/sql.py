"""A table of SQLite and of PostgreSQL by the ingest stage, beside bare ADBC and pyarrow."""

import sys
from pathlib import Path

from benchmarks.bakes import Bake, bake, scratch
from benchmarks.ingest import SQLITE, choose, forget, make_input, stage
from benchmarks.postgres import postgres
from benchmarks.protocol import QUICK, Check, Command, Contender, Timing, race, report

MEGABYTES = 90 if QUICK else 500  # as CSV; 500 are 4.7 million rows
BARE = """
import importlib, sys
import pyarrow.parquet as pq
driver, address = sys.argv[1:]
dbapi = importlib.import_module(f"adbc_driver_{driver}.dbapi")
with dbapi.connect(address) as base, base.cursor() as cursor:
    cursor.execute("SELECT * FROM flights")
    reader = cursor.fetch_record_batch()
    with pq.ParquetWriter("bare.parquet", reader.schema, compression="zstd") as out:
        for batch in reader:
            out.write_batch(batch)
"""
FILL = """
import sys, polars as pl
from adbc_driver_postgresql import dbapi
source, address = sys.argv[1:]
with dbapi.connect(address) as base, base.cursor() as cursor:
    mode = "create"
    for rows in pl.scan_csv(source, try_parse_dates=True).collect_batches(chunk_size=200_000):
        table = rows.to_arrow(compat_level=pl.CompatLevel.oldest())
        cursor.adbc_ingest("flights", table, mode=mode)
        mode = "append"
    base.commit()
"""


def main() -> int:
    """Run the comparison; return the exit code."""
    with scratch() as folder, postgres() as address:
        ours = bake(folder / "bake")
        ours.run("-m", f"{ours.package}.stages.compose")
        text = make_input(ours, folder / "in.csv", MEGABYTES)
        file = folder / "in.db"
        ours.run("-c", SQLITE, text, file)
        timings = _race(ours, folder, "sqlite", str(file), {"path": str(file)})
        notes = []
        if address is None:
            notes.append("no PostgreSQL server is installed: SQLite only")
        else:
            ours.run("-c", FILL, text, address)
            timings |= _race(ours, folder, "postgresql", address, {"uri_env": "BENCH_DATABASE"})
    checks = [
        Check(f"{name}: ours ÷ bare ADBC", found.median / timings[f"{name}, bare"].median, 1 / 0.9)
        for name, found in timings.items()
        if not name.endswith(", bare")
    ]
    return report("sql", list(timings.values()), checks, [f"{MEGABYTES} MB as CSV", *notes])


def _race(
    ours: Bake, folder: Path, driver: str, address: str, where: dict[str, str]
) -> dict[str, Timing]:
    choose(ours, kind="sql", table="flights", **where)
    env = ours.env | {"BENCH_DATABASE": address}
    bare: Command = [ours.python, "-c", BARE, driver, address]
    contenders = [
        Contender(driver, stage(ours), ours.path, env, lambda: forget(ours)),
        Contender(f"{driver}, bare", bare, folder, env),
    ]
    return race(contenders)


if __name__ == "__main__":
    sys.exit(main())
