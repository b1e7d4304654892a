"""The ingested table: a folder with one Parquet file a source file, so that a new one adds one.

A part whose source file is as it was (by path, size and time, as DVC judges it) is taken over
without reading that file. What is known of the files stands beside the table, on this machine only;
without it all files are read, and the parts are the same bytes.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import polars as pl

from ..config.data import Limits
from ..errors import DataError, from_system
from ..runtime.artifacts import link, sha256_of
from ..runtime.parquet import sink
from ..runtime.resumable import code_digest
from ..runtime.retries import retry
from .readers.fetch import refused
from .sources import open_table, schema_of
from .tables import FAULTS, SourceFile, Table, unreadable

CODE = Path(__file__).parent  # what makes parts


@dataclass(frozen=True)
class Part:
    """What is known of a part: its file, the digest of that, and the text columns of its source."""

    name: str
    sha256: str
    columns: list[str] | None  # None: not all are text, so the source has to tell them


@dataclass(frozen=True)
class Manifest:
    """The parts by the signature of their source file, and the columns that all of them have."""

    schema: str
    parts: dict[str, Part]

    @classmethod
    def read(cls, file: Path) -> "Manifest":
        """What a file says; nothing if it is not there, or not whole."""
        try:
            found = json.loads(file.read_text(encoding="utf-8"))
            parts = {sign: Part(**part) for sign, part in found["parts"].items()}
            return cls(found["schema"], parts)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return cls("", {})


@dataclass(frozen=True)
class ReadPolicy:
    """How sources are read: how long, from where, and which columns are protected."""

    retry_s: float  # how long a fault that may pass is waited out
    limits: Limits = field(default_factory=Limits)
    protect: Callable[[pl.LazyFrame], pl.LazyFrame] = lambda rows: rows  # before anything is kept
    mark: str = ""  # tells one protection from another


def write_parts(
    files: Sequence[SourceFile], folder: Path, policy: ReadPolicy, before: Path, manifest: Manifest
) -> Manifest:
    """Write one part a file to ``folder``, all with the same columns, or take it from ``before``.

    Raises:
        DataError, ConfigError: a source file cannot be read.
        TransientError: it cannot be read within ``policy.retry_s`` seconds.
    """
    writer = PartWriter(folder / ".scratch", policy)
    signs = [signature(source, policy.mark) for source in files]
    old = [manifest.parts.get(sign or "") for sign in signs]
    tables = [
        None if part and part.columns else writer.open(f"{number:05}", source)
        for number, (source, part) in enumerate(zip(files, old, strict=True))
    ]
    schemas = [
        table.rows.collect_schema()
        if table
        else pl.Schema(dict.fromkeys(_columns(part), pl.String()))
        for table, part in zip(tables, old, strict=True)
    ]
    schema = schema_of(
        [(source.label, found) for source, found in zip(files, schemas, strict=True)]
    )
    same = str(schema) == manifest.schema
    parts = {}
    for number, (source, sign, part, table) in enumerate(
        zip(files, signs, old, tables, strict=True)
    ):
        place = f"{number:05}"
        name = f"{place}.parquet"
        if not (same and part and _take_over(before / part.name, part.sha256, folder / name)):
            opened = table or writer.open(place, source)
            writer.write(place, source, opened, schema, folder / name)
        if sign:
            text = set(schemas[number].dtypes()) == {pl.String()}
            columns = schemas[number].names() if text else None
            parts[sign] = Part(name, sha256_of(folder / name), columns)
    return Manifest(str(schema), parts)


def _columns(part: Part | None) -> list[str]:
    return (part.columns if part else None) or []


class PartWriter:
    """Opens tables and writes parts; each has a place in the scratch folder until it is written."""

    def __init__(self, scratch: Path, policy: ReadPolicy) -> None:
        self.scratch = scratch
        self.policy = policy

    def open(self, name: str, source: SourceFile) -> Table:
        """The table of a source file, its columns protected.

        Raises:
            DataError, ConfigError, TransientError: see ``sources.open_table``.
        """
        place = self.scratch / name

        def attempt() -> Table:
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir(parents=True)
            table = open_table(source, place)
            return replace(table, rows=self.policy.protect(table.rows))

        return retry(attempt, self.policy.retry_s)

    def write(
        self, name: str, source: SourceFile, table: Table, schema: pl.Schema, file: Path
    ) -> None:
        """Write an opened table with these columns; one that it lacks is null.

        Raises:
            DataError, TransientError: the source file cannot be read to its end.
        """
        rows = with_columns_of(schema, table.rows)

        def attempt() -> None:
            try:
                sink(rows, file)
            except OSError as error:
                if "object-store error" in str(error):  # polars' own word for all of them
                    raise refused(source.label, error) from error
                raise

        try:
            retry(attempt, self.policy.retry_s)
        except FAULTS as error:
            if from_system(error):
                raise
            table.verify(None)
            raise unreadable(source, error) from error
        table.verify(file)
        shutil.rmtree(self.scratch / name, ignore_errors=True)


def _take_over(part: Path, sha256: str, to: Path) -> bool:
    """Whether the part is as it was written, and now also at ``to``."""
    if not part.is_file() or sha256_of(part) != sha256:
        return False
    link(part, to)
    return True


def with_columns_of(schema: pl.Schema, rows: pl.LazyFrame) -> pl.LazyFrame:
    """The rows with these columns in these types, which hold all values; a missing one is null."""
    found = rows.collect_schema()
    if found == schema:
        return rows
    return rows.select(
        (pl.col(name) if name in found else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in schema.items()
    )


def signature(source: SourceFile, mark: str) -> str | None:
    """What tells a file on this machine from a changed one; None where nothing does."""
    if not source.is_local or source.path != source.label or "." in source.kind:
        return None
    state = source.file.stat()
    told = [mark, asdict(source), state.st_size, state.st_mtime_ns, code_digest(CODE)]
    return hashlib.sha256(json.dumps(told, default=str, sort_keys=True).encode()).hexdigest()


def count(folder: Path) -> int:
    """The rows of all parts.

    Raises:
        DataError: there are none.
    """
    rows = int(pl.scan_parquet(folder).select(pl.len()).collect().item())
    if not rows:
        raise DataError("the sources hold no row. Fix them, or edit conf/data.", "data.no_rows")
    return rows
