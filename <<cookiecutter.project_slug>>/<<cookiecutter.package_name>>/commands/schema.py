"""Schemas from data, and synthetic data from schemas.

infer                  draft a schema of the sources in conf/data, joins included
infer FILE             of a file, folder, pattern or address, read as ingest reads that kind
synthesize N SCHEMA    write N valid rows, edge cases among them
"""

import argparse
import re
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl
import structlog
import yaml
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from ..config import checked
from ..config.columns import check_names
from ..config.data import Source
from ..errors import ConfigError
from ..ingest.collect import collect, find_files
from ..ingest.parts import ReadPolicy
from ..runtime import logs
from ..runtime.artifacts import atomic_write, write_json
from ..runtime.dvc.run import run_id
from ..runtime.stage import exit_on_error
from ..schema.infer import infer
from ..schema.row import read_schema
from ..schema.synthesize import synthesize

CONF = Path("conf")
PACKED = re.compile(r"\.(gz|zst)$")
KINDS_OF = {
    "csv": "csv",
    "tsv": "csv",
    "txt": "csv",
    "json": "json",
    "ndjson": "ndjson",
    "jsonl": "ndjson",
    "parquet": "parquet",
    "db": "sql",
    "sqlite": "sql",
    "sqlite3": "sql",
}

log = structlog.get_logger()


@dataclass(frozen=True)
class Input:
    """The sources that a schema is drafted from, and the file that conf/ names for it."""

    title: str
    sources: Sequence[Source]
    key: str | None = None
    schema: Path | None = None
    policy: ReadPolicy = field(default_factory=lambda: ReadPolicy(retry_s=30.0))


def read_sources(sources: Sequence[Source], folder: Path, policy: ReadPolicy) -> pl.LazyFrame:
    """The rows of the sources as ingest reads them, written to ``folder``.

    Raises:
        ConfigError, DataError, TransientError: as ingest does, for what it cannot read.
    """
    stacked = [source for source in sources if source.join is None]
    joined = [source for source in sources if source.join is not None]
    collect(find_files(stacked, policy, folder / ".fetched"), joined, folder, policy)
    return pl.scan_parquet(folder)


def draft(inputs: Input, to: Path, key: str | None) -> None:
    """Write a schema that all rows of the sources satisfy, read as ingest reads them.

    Raises:
        ConfigError: the key is no column.
    """
    with tempfile.TemporaryDirectory() as folder:
        rows = read_sources(inputs.sources, Path(folder), inputs.policy)
        names = rows.collect_schema().names()
        if key:
            check_names(names, {"--key": [key]})
        document = infer(rows, inputs.title, key or (inputs.key if inputs.key in names else None))
    write_json(to, document)


def configured_input(overrides: Sequence[str] = ()) -> Input:
    """The sources that conf/ composes to; the rest of it may still have to be filled in.

    Raises:
        ConfigError: there is no conf/ here, or its sources are invalid.
    """
    if not CONF.is_dir():
        raise ConfigError(
            "there is no conf/ here. Run this from the repository's root, or name a file.",
            "config.missing",
        )
    with initialize_config_dir(str(CONF.resolve()), job_name="schema"):
        data = compose("config", overrides=list(overrides)).data
    filled = {n: data[n] for n in ("key", "schema") if not OmegaConf.is_missing(data, n)}
    sources = checked(lambda: OmegaConf.to_object(data.sources))
    limits = checked(lambda: OmegaConf.to_object(data.limits))
    path = Path(filled["schema"]) if "schema" in filled else None
    policy = ReadPolicy(data.retry_s, limits)
    return Input("One row of the sources", sources, filled.get("key"), path, policy)


def file_input(path: str, options: str | None, table: str | None) -> Input:
    """A file, folder, pattern or address as a source of the kind that its ending names.

    Its options are those of the configured source of that kind, or of ``conf/data/KIND.yaml``
    where none is configured, and over them those of the command line, as YAML.

    Raises:
        ConfigError: the ending names no kind, or the options are no YAML mapping.
    """
    kind = _kind(path)
    if kind == "sql" and not table:
        raise ConfigError(f"{path} is a database: name a table of it by --table.", "config.table")
    own = _parse_options(options)
    configured = configured_input() if CONF.is_dir() else Input("", [])
    others = [source for source in configured.sources if source.kind == kind]
    if not others and (CONF / f"data/{kind}.yaml").is_file() and kind != "sql":
        others = list(configured_input([f"data={kind}"]).sources)
    usual = others[0].options if others else {}
    source = checked(lambda: Source(kind=kind, path=path, table=table, options={**usual, **own}))
    log.info("read", path=path, kind=kind, options=source.options)
    return replace(configured, title=f"One row of {Path(path).name}", sources=[source], schema=None)


def _kind(path: str) -> str:
    """The kind of source by the ending of a path; of a folder, by those of its files."""
    files = [file.name for file in Path(path).rglob("*.*") if file.is_file()]
    names = files if Path(path).is_dir() else [path.partition("?")[0]]
    endings = {PACKED.sub("", name.lower()).rpartition(".")[2] for name in names}
    kinds = {KINDS_OF[ending] for ending in endings if ending in KINDS_OF}
    if len(kinds) != 1:
        raise ConfigError(
            f"{path} is none of: {', '.join(f'.{ending}' for ending in KINDS_OF)}. Name it as a "
            "source in conf/data, with its kind, and run this without a file.",
            "config.kind",
        )
    return kinds.pop()


def _parse_options(text: str | None) -> dict[str, Any]:
    try:
        options = yaml.safe_load(text or "{}")
    except yaml.YAMLError as error:
        reason = " ".join(str(error).split())
        raise ConfigError(f"--options {text!r} is not YAML: {reason}.", "config.options") from error
    if not isinstance(options, dict):
        raise ConfigError(
            f"--options {text!r} should be `name: value`, such as 'separator: \";\"'.",
            "config.options",
        )
    return options


def write_synthetic(rows: int, schema: Path, to: Path, seed: int) -> None:
    """Write rows that a schema allows, as CSV or Parquet by the name's ending."""
    table = synthesize(read_schema(str(schema)), rows, seed)
    with atomic_write(to) as partial:
        if to.suffix == ".csv":
            table.write_csv(partial, datetime_format="%Y-%m-%dT%H:%M:%S%.f")
        else:
            table.write_parquet(partial)


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    infer_parser = commands.add_parser("infer")
    infer_parser.add_argument("file", nargs="?", help="left out: the sources of conf/data")
    infer_parser.add_argument("--key", help="the column that names a row")
    infer_parser.add_argument("--options", help="of the reader, such as 'separator: \";\"'")
    infer_parser.add_argument("--table", help="of an SQLite file")
    synthesize_parser = commands.add_parser("synthesize")
    synthesize_parser.add_argument("rows", type=int)
    synthesize_parser.add_argument("schema", type=Path)
    synthesize_parser.add_argument("--seed", type=int, default=0)
    for command in (infer_parser, synthesize_parser):
        command.add_argument("--to", type=Path, help="the file to write")
        command.add_argument("--overwrite", action="store_true", help="though it is there")
    return parser.parse_args()


def _draft(arguments: argparse.Namespace) -> Path:
    if arguments.file:
        inputs = file_input(arguments.file, arguments.options, arguments.table)
        name = PACKED.sub("", arguments.table or Path(arguments.file).name)
        to = arguments.to or Path("schemas", f"{Path(name).stem}.json")
    elif arguments.options or arguments.table:
        raise ConfigError(
            "--options and --table are of a file; those of a source stand in conf/data.",
            "config.options",
        )
    else:
        inputs = configured_input()
        to = arguments.to or inputs.schema
    if to is None or "*" in to.name:
        raise ConfigError("name the file to write by --to, or as data.schema.", "config.schema")
    _refuse_existing(to, arguments.overwrite)
    draft(inputs, to, arguments.key)
    return to


def _refuse_existing(to: Path, overwrite: bool) -> None:
    if to.exists() and not overwrite:
        raise ConfigError(
            f"{to} is there already. Choose another name by --to, or say --overwrite.",
            "config.exists",
        )


def main() -> None:
    """Run one of the two commands."""
    arguments = _parse_arguments()
    logs.configure(run_id=run_id(), stage="schema")
    with exit_on_error():
        if arguments.command == "infer":
            to = _draft(arguments)
        else:
            to = arguments.to or Path("data", f"{arguments.schema.stem}.parquet")
            _refuse_existing(to, arguments.overwrite)
            write_synthetic(arguments.rows, arguments.schema, to, arguments.seed)
        sys.stdout.write(f"{to}\n")


if __name__ == "__main__":
    main()
