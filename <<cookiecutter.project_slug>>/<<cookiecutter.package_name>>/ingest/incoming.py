"""What arrives to be answered: where its files are, and what its rows must be.

It takes the road of the training rows: the same readers, protection, joins, types and rules. Only
the target is not asked for, nor a column that the model does not need.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from ..config.data import Data, Source
from ..errors import DataError
from ..runtime.parquet import sink
from ..schema.constraints import columns_of
from ..schema.row import RowSchema
from . import sources
from .collect import collect, find_files, read_policy
from .parts import ReadPolicy
from .tables import SourceFile

FOLDER = Path("data/incoming")
KIND_OF = {
    ".csv": "csv",
    ".json": "json",
    ".jsonl": "ndjson",
    ".ndjson": "ndjson",
    ".parquet": "parquet",
}
PACKED = (".gz", ".zst")


def gather(
    data: Data, schema: RowSchema, target: str, needed: Sequence[str], folder: Path
) -> list[str]:
    """Write what arrived to ``folder``, without the target; return the names of its files.

    Where nothing arrived, the table there has no row and all columns.

    Raises:
        DataError, ConfigError, TransientError: see ``files`` and ``intake.gather``.
    """
    policy = read_policy(data)

    def protect(rows: pl.LazyFrame) -> pl.LazyFrame:
        return policy.protect(rows).drop(target, strict=False)

    arrived = arrived_files(data, policy, folder / ".fetched")
    if arrived:
        unlabelled = replace(policy, protect=protect)
        collect(arrived, data.joined, folder, unlabelled)
    else:
        names = dict.fromkeys([*schema.columns, *needed])
        names.pop(target, None)
        sink(pl.LazyFrame(schema=dict.fromkeys(names, pl.String())), folder / "00000.parquet")
    return [source_file.label for source_file in arrived]


def arrived_files(data: Data, policy: ReadPolicy, scratch: Path) -> list[SourceFile]:
    """What ``data.incoming`` names, or each data file in data/incoming; none if nothing is there.

    Raises:
        DataError: an ending tells no kind; a file is no regular one, or was not pulled; nothing is
            where ``data.incoming`` says.
        ConfigError, TransientError: see ``sources.files``.
    """
    if data.incoming:
        return find_files(data.incoming, policy, scratch)
    pointers = [file for file in FOLDER.rglob("*.dvc") if not file.with_suffix("").exists()]
    if pointers:
        raise DataError(
            f"the data of {pointers[0]} is not here. Run `dvc pull`, or take the file away.",
            "data.missing_file",
        )
    try:
        files = sources.source_files(Source(kind="csv", path=str(FOLDER)), scratch, policy.limits)
    except DataError as error:
        if error.code != "data.missing_file":
            raise
        return []
    return [_of_kind(file, data.stacked) for file in files]


def _of_kind(source_file: SourceFile, configured: Sequence[Source]) -> SourceFile:
    """The file as the first configured source of its ending, else of the ending's kind, is read."""
    ending = _ending(source_file.label)
    kind = KIND_OF.get(ending)
    alike = [source for source in configured if ending and _ending(source.path or "") == ending]
    alike += [source for source in configured if source.kind == kind]
    if alike:
        like = alike[0]
        return replace(
            source_file, kind=like.kind, options=like.options, query=like.query, table=like.table
        )
    if kind is None:
        raise DataError(
            f"{source_file.label}: expected is a file that ends in {', '.join(KIND_OF)}, or as "
            "those of "
            "data.sources do. Take it away, or say in data.incoming how it is read.",
            "data.unknown_kind",
        )
    return replace(source_file, kind=kind)


def _ending(name: str) -> str:
    path = Path(name.lower())
    return Path(path.stem).suffix if path.suffix in PACKED else path.suffix


def expected(
    schema: RowSchema, found: Sequence[str], target: str, needed: Sequence[str]
) -> RowSchema:
    """The schema of rows that have no target, and of which only some columns are needed.

    A rule of the row that names a column which did not come is left out.

    Args:
        found: the columns that came, without the target.
        needed: those that the model and its answers cannot be without.

    Raises:
        DataError: one of these did not come.
    """
    missing = [name for name in needed if name not in found]
    if missing:
        raise DataError(
            f"what arrived lacks {', '.join(missing)}, which the model needs; it has "
            f"{', '.join(found)}. Fix the source, or train without it (data.ignore).",
            "data.missing_column",
        )
    return replace(
        schema,
        columns={name: column for name, column in schema.columns.items() if name != target},
        required=[],
        rules={name: sql for name, sql in schema.rules.items() if columns_of(sql) <= set(found)},
    )
