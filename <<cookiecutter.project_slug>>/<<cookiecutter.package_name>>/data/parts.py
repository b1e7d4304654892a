"""The ingested table: a folder with one Parquet file a source file, so that a new one adds one.

A part whose source file is as it was (by path, size and time, as DVC judges it) is taken over
without reading that file. What is known of the files stands beside the table, on this machine only;
without it all files are read, and the parts are the same bytes.
"""

import functools
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import polars as pl

from ..errors import DataError, from_system
from ..groups.data import Limits
from ..runtime.artifacts import sha256_of
from ..runtime.retries import patiently
from .readers.plain import refused
from .sources import open_table, schema_of
from .tables import FAULTS, Table, Unit, sink, unreadable


@dataclass(frozen=True)
class Part:
    """What is known of a part: its file, the digest of that, and the text columns of its source."""

    name: str
    sha256: str
    columns: list[str] | None  # None: not all are text, so the source has to tell them


@dataclass(frozen=True)
class Known:
    """The parts by the signature of their source file, and the columns that all of them have."""

    schema: str
    parts: dict[str, Part]

    @classmethod
    def read(cls, file: Path) -> "Known":
        """What a file says; nothing if it is not there, or not whole."""
        try:
            found = json.loads(file.read_text(encoding="utf-8"))
            parts = {sign: Part(**part) for sign, part in found["parts"].items()}
            return cls(found["schema"], parts)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return cls("", {})


@dataclass(frozen=True)
class Care:
    """How sources are read: how long, from where, and which columns are protected."""

    retry_s: float  # how long a fault that may pass is waited out
    limits: Limits = field(default_factory=Limits)
    protect: Callable[[pl.LazyFrame], pl.LazyFrame] = lambda rows: rows  # before anything is kept
    mark: str = ""  # tells one protection from another


def write_parts(
    units: Sequence[Unit], folder: Path, care: Care, before: Path, known: Known
) -> Known:
    """Write one part a unit to ``folder``, all with the same columns, or take it from ``before``.

    Raises:
        DataError, ConfigError: a unit cannot be read.
        TransientError: it cannot be read within ``care.retry_s`` seconds.
    """
    writer = _Writer(folder, care)
    signs = [_signature(unit, care.mark) for unit in units]
    old = [known.parts.get(sign or "") for sign in signs]
    tables = [
        None if part and part.columns else writer.open(number, unit)
        for number, (unit, part) in enumerate(zip(units, old, strict=True))
    ]
    schemas = [
        table.rows.collect_schema()
        if table
        else pl.Schema(dict.fromkeys(_columns(part), pl.String()))
        for table, part in zip(tables, old, strict=True)
    ]
    schema = schema_of([(unit.shown, found) for unit, found in zip(units, schemas, strict=True)])
    same = str(schema) == known.schema
    parts = {}
    for number, (unit, sign, part, table) in enumerate(zip(units, signs, old, tables, strict=True)):
        name = f"{number:05}.parquet"
        if not (same and part and _take_over(before / part.name, part.sha256, folder / name)):
            opened = table or writer.open(number, unit)
            writer.write(number, unit, opened, schema, folder / name)
        if sign:
            text = set(schemas[number].dtypes()) == {pl.String()}
            columns = schemas[number].names() if text else None
            parts[sign] = Part(name, sha256_of(folder / name), columns)
    return Known(str(schema), parts)


def _columns(part: Part | None) -> list[str]:
    return (part.columns if part else None) or []


class _Writer:
    """Opens tables and writes parts; each has a scratch folder until it is written."""

    def __init__(self, folder: Path, care: Care) -> None:
        self.scratch = folder / ".scratch"
        self.care = care

    def open(self, number: int, unit: Unit) -> Table:
        place = self.scratch / f"{number:05}"

        def attempt() -> Table:
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir(parents=True)
            table = open_table(unit, place)
            return replace(table, rows=self.care.protect(table.rows))

        return patiently(attempt, self.care.retry_s)

    def write(self, number: int, unit: Unit, table: Table, schema: pl.Schema, file: Path) -> None:
        found = table.rows.collect_schema()
        rows = table.rows
        if found != schema:
            rows = rows.select(
                (pl.col(name) if name in found else pl.lit(None)).cast(dtype).alias(name)
                for name, dtype in schema.items()
            )

        def attempt() -> None:
            try:
                sink(rows, file)
            except OSError as error:
                if "object-store error" in str(error):  # polars' own word for all of them
                    raise refused(unit.shown, error) from error
                raise

        try:
            patiently(attempt, self.care.retry_s)
        except FAULTS as error:
            if from_system(error):
                raise
            table.inspect(None)
            raise unreadable(unit, error) from error
        table.inspect(file)
        shutil.rmtree(self.scratch / f"{number:05}", ignore_errors=True)


def _take_over(part: Path, sha256: str, to: Path) -> bool:
    """Whether the part is as it was written, and now also at ``to``."""
    if not part.is_file() or sha256_of(part) != sha256:
        return False
    try:
        os.link(part, to)
    except OSError:  # another file system, or one without links
        shutil.copyfile(part, to)
    return True


def _signature(unit: Unit, mark: str) -> str | None:
    """What tells a file on this machine from a changed one; None where nothing does."""
    if not unit.is_local or unit.path != unit.shown or "." in unit.kind:
        return None
    state = unit.file.stat()
    told = [mark, asdict(unit), state.st_size, state.st_mtime_ns, _code()]
    return hashlib.sha256(json.dumps(told, default=str, sort_keys=True).encode()).hexdigest()


@functools.cache
def _code() -> str:
    """A digest of what makes parts: these modules and polars."""
    digest = hashlib.sha256(pl.__version__.encode())
    for file in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def count(folder: Path) -> int:
    """The rows of all parts.

    Raises:
        DataError: there are none.
    """
    rows = int(pl.scan_parquet(folder).select(pl.len()).collect().item())
    if not rows:
        raise DataError("the sources hold no row. Fix them, or edit conf/data.", "data.no_rows")
    return rows
