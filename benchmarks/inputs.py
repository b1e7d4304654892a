"""Inputs of any size: the demo's flights over and over, with noise, in every format.

python -m benchmarks.inputs FLIGHTS MEGABYTES OUTPUT     OUTPUT ends in csv, ndjson, json or parquet

Runs on its own file alone, so that any Python that has polars can make them.
"""

import sys
from pathlib import Path

import polars as pl


def noisy(flights: pl.DataFrame, number: int) -> pl.DataFrame:
    """The flights as of another time: keys of their own, measurements that differ."""
    row = pl.int_range(pl.len())
    return flights.with_columns(
        pl.col("flight_id") + number * 1_000_000,
        (pl.col("temperature_f") + row * 7919 % 1000 / 1000).round(3),
        (pl.col("pressure_mbar") + row * (31 + number) % 977 / 1000).round(3),
    )


def make(flights: Path, megabytes: int, output: Path) -> None:
    """Write them until the text is as large as asked; Parquet holds what that much CSV holds."""
    rows = pl.read_parquet(flights)
    text = output.with_suffix(".csv") if output.suffix == ".parquet" else output
    with text.open("wb") as out:
        number = 0
        while out.tell() < megabytes * 1_000_000:
            batch = noisy(rows, number)
            if text.suffix == ".csv":
                batch.write_csv(out, include_header=not number)
            elif text.suffix == ".ndjson":
                batch.write_ndjson(out)
            else:
                lines = batch.write_ndjson().rstrip("\n").replace("\n", ",")
                out.write(("[" if not number else ",").encode() + lines.encode())
            number += 1
        if text.suffix == ".json":
            out.write(b"]")
    if output.suffix == ".parquet":
        pl.scan_csv(text, try_parse_dates=True).sink_parquet(output)
        text.unlink()


if __name__ == "__main__":
    make(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
