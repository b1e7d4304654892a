"""The demo's later months: `python -m PACKAGE.commands.arrive 6` brings the flights of June."""

import argparse
import sys
from pathlib import Path

import polars as pl

from ..runtime.artifacts import atomic_write

LATER = Path("data/demo/later.parquet")


def arrive(month: int) -> Path:
    """Write the month's flights, without the answer, to data/incoming/ and return the file."""
    flights = pl.scan_parquet(LATER).filter(pl.col("scheduled_departure").dt.month() == month)
    batch = Path(f"data/incoming/2013-{month:02}.parquet")
    with atomic_write(batch) as partial:
        flights.drop("late").collect().write_parquet(partial)
    return batch


def main() -> None:
    """Copy one month to data/incoming/."""
    parser = argparse.ArgumentParser(description=arrive.__doc__)
    parser.add_argument("month", type=int, choices=range(5, 13))
    sys.stdout.write(f"{arrive(parser.parse_args().month)} has arrived\n")


if __name__ == "__main__":
    main()
