"""The demo's later months: `python -m PACKAGE.commands.arrive 6` brings the flights of June.

With ``--labels`` it brings what came true of them.
"""

import argparse
import sys
from pathlib import Path

import polars as pl

from ..runtime.artifacts import atomic_write

LATER = Path("data/demo/later.parquet")


def arrive(month: int) -> Path:
    """Write the month's flights, without the answer, to data/incoming/ and return the file."""
    batch = Path(f"data/incoming/2013-{month:02}.parquet")
    with atomic_write(batch) as partial:
        _flights(month).drop("late").collect().write_parquet(partial)
    return batch


def label(month: int) -> Path:
    """Write which of the month's flights were late to data/labels/ and return the file."""
    labels = Path(f"data/labels/2013-{month:02}.csv")
    with atomic_write(labels) as partial:
        _flights(month).select("flight_id", "late").collect().write_csv(partial)
    return labels


def _flights(month: int) -> pl.LazyFrame:
    return pl.scan_parquet(LATER).filter(pl.col("scheduled_departure").dt.month() == month)


def main() -> None:
    """Copy one month, or its labels."""
    parser = argparse.ArgumentParser(description=arrive.__doc__)
    parser.add_argument("month", type=int, choices=range(5, 13))
    parser.add_argument("--labels", action="store_true", help="what came true, to data/labels/")
    wanted = parser.parse_args()
    bring = label if wanted.labels else arrive
    sys.stdout.write(f"{bring(wanted.month)} has arrived\n")


if __name__ == "__main__":
    main()
