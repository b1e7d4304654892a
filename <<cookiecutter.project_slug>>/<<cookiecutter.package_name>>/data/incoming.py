"""What arrives to be answered: where its files are, and what its rows must be.

It takes the road of the training rows: the same readers, protection, joins, types and rules. Only
the target is not asked for, nor a column that the model does not need.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from ..errors import DataError
from ..groups.data import Data, Source
from . import intake, sources
from .duplicates import repeats
from .parts import Care
from .rules import columns_of
from .schema import RowSchema
from .tables import Unit, sink

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
        DataError, ConfigError, TransientError: see ``units`` and ``intake.gather``.
    """
    care = intake.care(data)

    def protect(rows: pl.LazyFrame) -> pl.LazyFrame:
        return care.protect(rows).drop(target, strict=False)

    arrived = units(data, care, folder / ".fetched")
    if arrived:
        unlabelled = replace(care, protect=protect)
        intake.gather(arrived, data.joined, folder, unlabelled)
    else:
        names = dict.fromkeys([*schema.columns, *needed])
        names.pop(target, None)
        sink(pl.LazyFrame(schema=dict.fromkeys(names, pl.String())), folder / "00000.parquet")
    return [unit.shown for unit in arrived]


def units(data: Data, care: Care, scratch: Path) -> list[Unit]:
    """What ``data.incoming`` names, or each data file in data/incoming; none if nothing is there.

    Raises:
        DataError: an ending tells no kind; a file is no regular one, or was not pulled; nothing is
            where ``data.incoming`` says.
        ConfigError, TransientError: see ``sources.units``.
    """
    if data.incoming:
        return intake.find(data.incoming, care, scratch)
    pointers = [file for file in FOLDER.rglob("*.dvc") if not file.with_suffix("").exists()]
    if pointers:
        raise DataError(
            f"the data of {pointers[0]} is not here. Run `dvc pull`, or take the file away.",
            "data.missing_file",
        )
    try:
        files = sources.units(Source(kind="csv", path=str(FOLDER)), scratch, care.limits)
    except DataError as error:
        if error.code != "data.missing_file":
            raise
        return []
    return [_of_kind(file, data.stacked) for file in files]


def _of_kind(unit: Unit, configured: Sequence[Source]) -> Unit:
    """The file as the first configured source of its ending, else of the ending's kind, is read."""
    ending = _ending(unit.shown)
    kind = KIND_OF.get(ending)
    alike = [source for source in configured if ending and _ending(source.path or "") == ending]
    alike += [source for source in configured if source.kind == kind]
    if alike:
        like = alike[0]
        return replace(
            unit, kind=like.kind, options=like.options, query=like.query, table=like.table
        )
    if kind is None:
        raise DataError(
            f"{unit.shown}: expected is a file that ends in {', '.join(KIND_OF)}, or as those of "
            "data.sources do. Take it away, or say in data.incoming how it is read.",
            "data.unknown_kind",
        )
    return replace(unit, kind=kind)


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


def check_key(valid: Path, key: str) -> None:
    """Refuse rows that no key tells apart: an answer could not be brought to its row.

    Raises:
        DataError: a key is null, or stands twice.
    """
    keys = pl.scan_parquet(valid).select(key)
    nulls = int(keys.null_count().collect().item())
    again = int(repeats(keys, pl.col(key)).sum())
    if nulls or again:
        raise DataError(
            f"the key {key} should name each row that arrived; {nulls} rows have none, and {again} "
            "have that of a row above. Fix the source, or let the schema put them into quarantine: "
            '"x-unique": true, and no null.',
            "data.key",
        )
