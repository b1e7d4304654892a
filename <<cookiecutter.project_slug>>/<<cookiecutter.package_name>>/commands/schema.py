"""Schemas from data, and data from schemas.

infer                  draft a schema of what conf/data names, joins included
infer FILE             of a file, folder, pattern or address, read as ingest reads that kind
synthesize N SCHEMA    make N valid rows, edge cases among them
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
from ..schema import row as schema
from ..schema.infer import infer
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
    """What a schema is drafted from, and where the configuration says that the schema stands."""

    title: str
    sources: Sequence[Source]
    key: str | None = None
    schema: Path | None = None
    policy: ReadPolicy = field(default_factory=lambda: ReadPolicy(retry_s=30.0))


def ingested(sources: Sequence[Source], folder: Path, policy: ReadPolicy) -> pl.LazyFrame:
    """The rows that ingest makes of the sources, written down in ``folder``.

    Raises:
        ConfigError, DataError, TransientError: as ingest does, for what it cannot read.
    """
    stacked = [source for source in sources if source.join is None]
    joined = [source for source in sources if source.join is not None]
    collect(find_files(stacked, policy, folder / ".fetched"), joined, folder, policy)
    return pl.scan_parquet(folder)


def draft(what: Input, to: Path, key: str | None) -> None:
    """Write the schema that all rows of the sources keep, read as ingest reads them.

    Raises:
        ConfigError: the key is no column.
    """
    with tempfile.TemporaryDirectory() as folder:
        rows = ingested(what.sources, Path(folder), what.policy)
        names = rows.collect_schema().names()
        if key:
            check_names(names, {"--key": [key]})
        document = infer(rows, what.title, key or (what.key if what.key in names else None))
    write_json(to, document)


def configured(overrides: Sequence[str] = ()) -> Input:
    """The sources that conf/ composes to, be the rest of it filled in or not.

    Raises:
        ConfigError: there is no conf/ here, or its sources are none.
    """
    if not CONF.is_dir():
        raise ConfigError(
            "there is no conf/ here. Run this from the repository's root, or name a file.",
            "config.missing",
        )
    with initialize_config_dir(str(CONF.resolve()), job_name="schema"):
        data = compose("config", overrides=list(overrides)).data
    known = {name: data[name] for name in ("key", "schema") if not OmegaConf.is_missing(data, name)}
    sources = checked(lambda: OmegaConf.to_object(data.sources))
    limits = checked(lambda: OmegaConf.to_object(data.limits))
    path = Path(known["schema"]) if "schema" in known else None
    policy = ReadPolicy(data.retry_s, limits)
    return Input("One row of the sources", sources, known.get("key"), path, policy)


def of_file(path: str, options: str | None, table: str | None) -> Input:
    """A file, folder, pattern or address as a source of the kind that its ending tells.

    Its options are those of the configured source of that kind, or of ``conf/data/KIND.yaml``
    where none is configured, and over them those given as YAML.

    Raises:
        ConfigError: the ending or the options tell nothing.
    """
    kind = _kind(path)
    if kind == "sql" and not table:
        raise ConfigError(f"{path} is a database: name a table of it by --table.", "config.table")
    given = _options(options)
    chosen = configured() if CONF.is_dir() else Input("", [])
    others = [source for source in chosen.sources if source.kind == kind]
    if not others and (CONF / f"data/{kind}.yaml").is_file() and kind != "sql":
        others = list(configured([f"data={kind}"]).sources)
    usual = others[0].options if others else {}
    source = checked(lambda: Source(kind=kind, path=path, table=table, options={**usual, **given}))
    log.info("reads", path=path, kind=kind, options=source.options)
    return replace(chosen, title=f"One row of {Path(path).name}", sources=[source], schema=None)


def _kind(path: str) -> str:
    """The kind of source that the ending of a path tells; of a folder, those of its files."""
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


def _options(text: str | None) -> dict[str, Any]:
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


def make(rows: int, path: Path, to: Path, seed: int) -> None:
    """Write rows that a schema allows, as CSV or Parquet by the name's ending."""
    table = synthesize(schema.read(str(path)), rows, seed)
    with atomic_write(to) as partial:
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
    inferring.add_argument("file", nargs="?", help="left out: the sources of conf/data")
    inferring.add_argument("--key", help="the column that names a row")
    inferring.add_argument("--options", help="of the reader, such as 'separator: \";\"'")
    inferring.add_argument("--table", help="of an SQLite file")
    making = commands.add_parser("synthesize")
    making.add_argument("rows", type=int)
    making.add_argument("file", type=Path, metavar="SCHEMA")
    making.add_argument("--seed", type=int, default=0)
    for command in (inferring, making):
        command.add_argument("--to", type=Path, help="the file to write")
        command.add_argument("--overwrite", action="store_true", help="though it is there")
    return parser.parse_args()


def _draft(chosen: argparse.Namespace) -> Path:
    if chosen.file:
        what = of_file(chosen.file, chosen.options, chosen.table)
        name = PACKED.sub("", chosen.table or Path(chosen.file).name)
        to = chosen.to or Path("schemas", f"{Path(name).stem}.json")
    elif chosen.options or chosen.table:
        raise ConfigError(
            "--options and --table are of a file; those of a source stand in conf/data.",
            "config.options",
        )
    else:
        what = configured()
        to = chosen.to or what.schema
    if to is None or "*" in to.name:
        raise ConfigError("name the file to write by --to, or as data.schema.", "config.schema")
    _refuse_existing(to, chosen.overwrite)
    draft(what, to, chosen.key)
    return to


def _refuse_existing(to: Path, overwrite: bool) -> None:
    if to.exists() and not overwrite:
        raise ConfigError(
            f"{to} is there already. Choose another name by --to, or say --overwrite.",
            "config.exists",
        )


def main() -> None:
    """Run one of the two commands."""
    chosen = _arguments()
    logs.configure(run_id=run_id(), stage="schema")
    with exit_on_error():
        if chosen.what == "infer":
            to = _draft(chosen)
        else:
            to = chosen.to or Path("data", f"{chosen.file.stem}.parquet")
            _refuse_existing(to, chosen.overwrite)
            make(chosen.rows, chosen.file, to, chosen.seed)
        sys.stdout.write(f"{to}\n")


if __name__ == "__main__":
    main()
