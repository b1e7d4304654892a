"""Incoming rows: their files or queries, read as training rows are, and the schema they must keep.

Readers, protection, joins, types and rules are those of the training rows. Only the target is not
required, nor a column that the model does not need. Each file is read into a part of its own, which
a later run reuses if the file is unchanged.
"""

import functools
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import polars as pl

from ..config.data import Data, Source
from ..errors import DataError
from ..paths import INCOMING
from ..runtime.artifacts import sha256_of
from ..runtime.parquet import read_batches, sink, slices
from ..runtime.progress import progress
from ..runtime.resumable import Record, digest, keep_only, resume
from ..schema.constraints import columns_of
from ..schema.row import RowSchema
from .collect import find_files, read_policy, sources_joiner
from .dropped import KIND_OF, PACKED, dropped_files
from .parts import PartWriter, ReadPolicy, cast_to, file_signature
from .sources import common_schema
from .tables import SourceFile

ROWS = "rows.parquet"
EMPTY = "empty"  # name of the part where nothing arrived; that of a file ends in a digest
LONGEST = 60  # characters of a part's name that come from its file's


@dataclass(frozen=True)
class IncomingFile:
    """An incoming file or query, as it was read."""

    name: str  # of its part
    label: str | None  # in messages; None: nothing arrived
    rows: Path
    schema: pl.Schema
    sha256: str


@dataclass(frozen=True)
class Batch:
    """All incoming files, with their common columns and the sources that are joined to them."""

    files: list[IncomingFile]
    stacked: pl.Schema  # the columns of all files together
    schema: pl.Schema  # those and the columns of the joined sources
    joined: str  # a digest of the joined sources
    join: Callable[[pl.LazyFrame], pl.LazyFrame]

    @property
    def sha256(self) -> str:
        """Changes with the files, their rows and the joined rows."""
        return digest([[file.name, file.sha256] for file in self.files], self.joined)

    def signature(self, file: IncomingFile) -> list[str]:
        """Changes with the rows of a file as ``rows`` returns them."""
        return [file.sha256, str(self.schema), self.joined]

    def rows(self, *files: IncomingFile) -> pl.LazyFrame:
        """The rows of these files, one below the other, with the columns of ``schema``."""
        if all(file.schema == self.stacked for file in files):
            return self.join(pl.scan_parquet([file.rows for file in files], glob=False))
        parts = [cast_to(self.stacked, pl.scan_parquet(f.rows, glob=False)) for f in files]
        return self.join(pl.concat(parts))

    def batches(self, file: IncomingFile) -> Iterator[pl.DataFrame]:
        """The rows of a file, at most ROW_GROUP at a time; one batch at least.

        polars' streaming join holds ever more of them: 0.8 GB of 10 million.
        """
        for rows in read_batches(file.rows):
            yield from slices(self.join(cast_to(self.stacked, rows.lazy())).collect())


def read(
    data: Data,
    schema: RowSchema,
    target: str,
    needed: Sequence[str],
    *,
    folder: Path,
    scratch: Path,
) -> Batch:
    """Read the incoming rows, without the target, to ``folder``, one part a file.

    A part of the last run is reused if its file is unchanged. Where nothing arrived, there is one
    part that has no row and all columns.

    Args:
        data: where the rows are, and what is joined to them.
        schema: of the row.
        target: a column that is dropped.
        needed: columns that are there even if nothing arrived.
        folder: the parts; those of files that are gone are removed.
        scratch: an empty folder for fetched, unpacked and joined rows; the batch reads from it.

    Raises:
        DataError, ConfigError, TransientError: a file cannot be read, stacked or joined.
    """
    policy = read_policy(data)
    unlabelled = replace(
        policy,
        protect=lambda rows: policy.protect(rows).drop(target, strict=False),
        fingerprint=digest(policy.fingerprint, target),
    )
    sources = incoming_files(data, policy, scratch / "fetched")
    columns = [name for name in dict.fromkeys([*schema.columns, *needed]) if name != target]
    files = _read_files(sources, unlabelled, folder, scratch) or [_empty_part(columns, folder)]
    keep_only(folder, [file.name for file in files])

    stacked = common_schema([(file.label or "", file.schema) for file in files])
    batch = Batch(files, stacked, stacked, "", lambda rows: rows)
    return _with_joined(batch, data.joined, policy, scratch) if sources and data.joined else batch


def _with_joined(
    batch: Batch, joined: Sequence[Source], policy: ReadPolicy, scratch: Path
) -> Batch:
    rows = batch.rows(*batch.files)
    join = sources_joiner(rows, joined, scratch, policy)
    digests = [sha256_of(part) for part in sorted(scratch.glob(".joined*/*.parquet"))]
    sha256 = digest(digests, [asdict(source) for source in joined])
    return replace(batch, schema=join(rows).collect_schema(), joined=sha256, join=join)


def _read_files(
    sources: Sequence[SourceFile], policy: ReadPolicy, folder: Path, scratch: Path
) -> list[IncomingFile]:
    files = []
    with progress("read", len(sources), "files") as step:
        writer = PartWriter(scratch / "open", policy, step)
        for source, name in zip(sources, _part_names(sources), strict=True):
            signature = file_signature(source, policy.fingerprint)
            write = functools.partial(_write_part, writer, name, source)
            record, _ = resume(folder / name, signature, write)
            files.append(_incoming_file(name, source.label, folder, record))
            step()
    return files


def _write_part(writer: PartWriter, name: str, source: SourceFile, folder: Path) -> dict[str, str]:
    table = writer.open(name, source)
    writer.write(name, source, table, table.rows.collect_schema(), folder / ROWS)
    return {}


def _empty_part(columns: Sequence[str], folder: Path) -> IncomingFile:
    def write(to: Path) -> dict[str, str]:
        sink(pl.LazyFrame(schema=dict.fromkeys(columns, pl.String())), to / ROWS)
        return {}

    record, _ = resume(folder / EMPTY, None, write)
    return _incoming_file(EMPTY, None, folder, record)


def _incoming_file(name: str, label: str | None, folder: Path, record: Record) -> IncomingFile:
    rows = folder / name / ROWS
    schema = pl.scan_parquet(rows, glob=False).collect_schema()
    return IncomingFile(name, label, rows, schema, record.files[ROWS])


def _part_names(files: Sequence[SourceFile]) -> Iterator[str]:
    """A name for the part of each file: the end of the file's own, and a digest.

    Any two names differ in more than case. None has a character that is special to a file system or
    a shell.
    """
    repeats: Counter[str] = Counter()
    for file in files:
        identity = digest(file.label, file.kind, file.uri_env, file.query, file.table, file.options)
        suffix = digest(identity, repeats[identity])[:16]
        repeats[identity] += 1
        stem = part_stem(file.label)
        yield f"{stem}-{suffix}" if stem else suffix


def part_stem(label: str) -> str:
    """The end of a file's own name, in characters that are special nowhere; it may be empty."""
    path = Path(label.lower())
    path = path.relative_to(INCOMING) if path.is_relative_to(INCOMING) else path
    while path.suffix in (*KIND_OF, *PACKED):
        path = path.with_suffix("")
    return re.sub(r"[^a-z0-9_]+", "-", str(path))[-LONGEST:].strip("-")


def incoming_files(data: Data, policy: ReadPolicy, scratch: Path) -> list[SourceFile]:
    """What ``data.incoming`` names, or each data file in data/incoming; none if nothing is there.

    Raises:
        DataError, ConfigError, TransientError: see ``collect.find_files``, ``dropped_files``.
    """
    if data.incoming:
        return find_files(data.incoming, policy, scratch)
    return dropped_files(INCOMING, "data.incoming", data.stacked, policy, scratch)


def expected_schema(
    schema: RowSchema, columns: Sequence[str], target: str, needed: Sequence[str]
) -> RowSchema:
    """The schema of rows that have no target, and of which only some columns are needed.

    A rule of the row that names an absent column is left out.

    Args:
        schema: of the training rows.
        columns: those of the incoming rows, without the target.
        target: the column that is not required.
        needed: the columns that the model and its predictions require.

    Raises:
        DataError: one of these is absent.
    """
    missing = [name for name in needed if name not in columns]
    if missing:
        raise DataError(
            f"what arrived lacks {', '.join(missing)}, which the model needs; it has "
            f"{', '.join(columns)}. Fix the source, or train without it (data.ignore).",
            "data.missing_column",
        )
    return replace(
        schema,
        columns={name: column for name, column in schema.columns.items() if name != target},
        required=[],
        rules={name: sql for name, sql in schema.rules.items() if columns_of(sql) <= set(columns)},
    )
