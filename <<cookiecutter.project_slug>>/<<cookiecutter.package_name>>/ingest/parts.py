"""The ingested table: a folder with one Parquet file a source file, so that a new one adds one.

A part whose source file is unchanged (by path, size and time, as DVC judges it) is reused without
reading that file. The manifest, which lists the files, stands beside the table, on this machine
only; without it all files are read, and the parts are the same bytes.
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
from ..runtime.progress import Step, progress
from ..runtime.resumable import code_digest
from ..runtime.retries import retry
from .readers.fetch import read_error
from .sources import common_schema, open_table
from .tables import READ_ERRORS, SourceFile, Table, unreadable

CODE = Path(__file__).parent  # the code that writes parts


@dataclass(frozen=True)
class Part:
    """A part: its file, the digest of that, and the columns of its source."""

    name: str
    sha256: str
    columns: list[str] | None  # None: not all are text, so the source must be opened for them


@dataclass(frozen=True)
class Manifest:
    """The parts by the signature of their source file, and the columns that all of them have."""

    schema: str
    parts: dict[str, Part]

    @classmethod
    def read(cls, file: Path) -> "Manifest":
        """The manifest in a file; an empty one if that is missing or damaged."""
        try:
            document = json.loads(file.read_text(encoding="utf-8"))
            parts = {signature: Part(**part) for signature, part in document["parts"].items()}
            return cls(document["schema"], parts)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return cls("", {})


@dataclass(frozen=True)
class ReadPolicy:
    """How sources are read: retry time, limits, and protection of personal columns."""

    retry_s: float  # how long transient faults are retried
    limits: Limits = field(default_factory=Limits)
    protect: Callable[[pl.LazyFrame], pl.LazyFrame] = lambda rows: rows  # before rows are written
    fingerprint: str = ""  # of the protection: parts under another one are not reused


def write_parts(
    files: Sequence[SourceFile], folder: Path, policy: ReadPolicy, before: Path, manifest: Manifest
) -> Manifest:
    """Write one part a source file to ``folder``, all with the same columns.

    Args:
        folder: receives the parts.
        before: the last such folder; parts of unchanged files are reused from it.
        manifest: of that folder.

    Raises:
        DataError, ConfigError: a source file cannot be read.
        TransientError: it cannot be read within ``policy.retry_s`` seconds.
    """
    with progress("ingest", len(files), "files") as step:
        writer = PartWriter(folder / ".scratch", policy, step)
        signatures = [file_signature(source, policy.fingerprint) for source in files]
        old = [manifest.parts.get(signature or "") for signature in signatures]
        tables = [
            None if part and part.columns else writer.open(f"{number:05}", source)
            for number, (source, part) in enumerate(zip(files, old, strict=True))
        ]
        schemas = [
            table.rows.collect_schema() if table else _text_schema(part)
            for table, part in zip(tables, old, strict=True)
        ]
        schema = common_schema(list(zip([source.label for source in files], schemas, strict=True)))
        same = str(schema) == manifest.schema
        parts = {}
        for number, source in enumerate(files):
            name, part = f"{number:05}", old[number]
            file = folder / f"{name}.parquet"
            if not (same and part and _reuse(before / part.name, part.sha256, file)):
                table = tables[number] or writer.open(name, source)
                writer.write(name, source, table, schema, file)
            if signature := signatures[number]:
                parts[signature] = Part(file.name, sha256_of(file), _text_columns(schemas[number]))
            step()
    return Manifest(str(schema), parts)


def _text_schema(part: Part | None) -> pl.Schema:
    return pl.Schema(dict.fromkeys((part.columns if part else None) or [], pl.String()))


def _text_columns(schema: pl.Schema) -> list[str] | None:
    """The names of the columns if all are text, else None."""
    return schema.names() if set(schema.dtypes()) == {pl.String()} else None


class PartWriter:
    """Opens tables and writes parts; each has a scratch folder until it is written."""

    def __init__(self, scratch: Path, policy: ReadPolicy, step: Step) -> None:
        self.scratch = scratch
        self.policy = policy
        self.step, self.rows = step, 0

    def open(self, name: str, source: SourceFile) -> Table:
        """The table of a source file, its personal columns protected.

        Args:
            name: of the part, and of its scratch folder.
            source: the file or query.

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
        """Write an opened table to a file with the columns of ``schema``.

        Raises:
            DataError, TransientError: the source file cannot be read to its end.
        """
        rows = cast_to(schema, table.rows)

        def attempt() -> None:
            try:
                sink(rows, file)
            except OSError as error:
                if "object-store error" in str(error):  # polars' own word for all of them
                    raise read_error(source.label, error) from error
                raise

        try:
            retry(attempt, self.policy.retry_s)
        except READ_ERRORS as error:
            if from_system(error):
                raise
            table.verify(None)
            raise unreadable(source, error) from error
        table.verify(file)
        shutil.rmtree(self.scratch / name, ignore_errors=True)
        self.rows += int(pl.scan_parquet(file, glob=False).select(pl.len()).collect().item())
        self.step(0, rows=self.rows)


def _reuse(part: Path, sha256: str, to: Path) -> bool:
    """Link an old part to ``to``; false if it is gone or not as it was written."""
    if not part.is_file() or sha256_of(part) != sha256:
        return False
    link(part, to)
    return True


def cast_to(schema: pl.Schema, rows: pl.LazyFrame) -> pl.LazyFrame:
    """The rows with the columns of a schema, whose types hold all values; an absent one is null."""
    types = rows.collect_schema()
    if types == schema:
        return rows
    return rows.select(
        (pl.col(name) if name in types else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in schema.items()
    )


def file_signature(source: SourceFile, fingerprint: str) -> str | None:
    """A digest that changes with a file on this machine; None where none can be given."""
    if not source.is_local or source.path != source.label or "." in source.kind:
        return None
    state = source.file.stat()
    facts = [fingerprint, asdict(source), state.st_size, state.st_mtime_ns, code_digest(CODE)]
    return hashlib.sha256(json.dumps(facts, default=str, sort_keys=True).encode()).hexdigest()


def count(folder: Path) -> int:
    """The rows of all parts.

    Raises:
        DataError: there are none.
    """
    rows = int(pl.scan_parquet(folder).select(pl.len()).collect().item())
    if not rows:
        raise DataError("the sources hold no row. Fix them, or edit conf/data.", "data.no_rows")
    return rows
