"""Schemas from data, and data from schemas.

infer FILE             draft a schema of a CSV, Parquet or NDJSON file
synthesize N SCHEMA    make N valid rows, edge cases among them
"""

import argparse
import sys
from pathlib import Path

from .data import schema
from .data.inference import infer, scan
from .data.synthetic import synthesize
from .errors import ConfigError
from .runtime import logs
from .runtime.artifacts import replacing, write_json
from .runtime.run import run_id
from .runtime.stage import reported


def draft(file: Path, to: Path) -> None:
    """Write the schema that all rows of a file keep."""
    write_json(to, infer(scan(file), title=f"One row of {file.name}"))


def make(rows: int, path: Path, to: Path, seed: int) -> None:
    """Write rows that a schema allows, as CSV or Parquet by the name's ending."""
    table = synthesize(schema.read(str(path)), rows, seed)
    with replacing(to) as partial:
        if to.suffix == ".csv":
            table.write_csv(partial, datetime_format="%Y-%m-%dT%H:%M:%S%.f")
        else:
            table.write_parquet(partial)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="what", required=True)
    inferring = commands.add_parser("infer")
    inferring.add_argument("file", type=Path)
    making = commands.add_parser("synthesize")
    making.add_argument("rows", type=int)
    making.add_argument("file", type=Path, metavar="SCHEMA")
    making.add_argument("--seed", type=int, default=0)
    for command in (inferring, making):
        command.add_argument("--to", type=Path, help="the file to write")
        command.add_argument("--overwrite", action="store_true", help="though it is there")
    return parser.parse_args()


def main() -> None:
    """Run one of the two commands."""
    chosen = _arguments()
    logs.configure(run_id=run_id(), stage="schema")
    folder, ending = ("schemas", "json") if chosen.what == "infer" else ("data", "parquet")
    to = chosen.to or Path(folder, f"{chosen.file.stem}.{ending}")
    with reported():
        if to.exists() and not chosen.overwrite:
            raise ConfigError(
                f"{to} is there already. Choose another name by --to, or say --overwrite.",
                "config.exists",
            )
        if chosen.what == "infer":
            draft(chosen.file, to)
        else:
            make(chosen.rows, chosen.file, to, chosen.seed)
        sys.stdout.write(f"{to}\n")


if __name__ == "__main__":
    main()
