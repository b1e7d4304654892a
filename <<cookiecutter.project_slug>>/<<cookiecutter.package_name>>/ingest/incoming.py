"""What arrives to be answered: where its files are, their rows, and what those must be.

It takes the road of the training rows: the same readers, protection, joins, types and rules. Only
the target is not asked for, nor a column that the model does not need. Each file is read to a part
of its own, which a later run takes over if the file is as it was.
"""

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
from ..runtime.parquet import sink
from ..runtime.resumable import Record, digest, keep_only, resume
from ..schema.constraints import columns_of
from ..schema.row import RowSchema
from . import sources
from .collect import find_files, joiner, read_policy
from .parts import PartWriter, ReadPolicy, signature, with_columns_of
from .tables import SourceFile

KIND_OF = {
    ".csv": "csv",
    ".json": "json",
    ".jsonl": "ndjson",
    ".ndjson": "ndjson",
    ".parquet": "parquet",
}
PACKED = (".gz", ".zst")
ROWS = "rows.parquet"
EMPTY = "empty"  # the part where nothing arrived; that of a file ends in a digest
LONGEST = 60  # characters of a part's name that come from its file's


@dataclass(frozen=True)
class IncomingFile:
    """An incoming file or query, as it was read."""

    name: str  # of its part
    label: str | None  # what it is called to people; None: nothing arrived
    rows: Path
    schema: pl.Schema
    sha256: str


@dataclass(frozen=True)
class Batch:
    """What arrived, file by file, and what is the same in all: the columns, and what is joined."""

    files: list[IncomingFile]
    own: pl.Schema  # the columns of all files together
    schema: pl.Schema  # and those of the joined sources
    joined: str  # a digest of these
    attach: Callable[[pl.LazyFrame], pl.LazyFrame]

    @property
    def sha256(self) -> str:
        """Tells this batch from one of other files, rows or joined rows."""
        return digest([[file.name, file.sha256] for file in self.files], self.joined)

    def signature(self, file: IncomingFile) -> list[str]:
        """Tells the rows of a file, as ``rows`` gives them, from other ones."""
        return [file.sha256, str(self.schema), self.joined]

    def rows(self, *files: IncomingFile) -> pl.LazyFrame:
        """The rows of some files, one below the other, with the columns of ``schema``."""
        if all(file.schema == self.own for file in files):
            return self.attach(pl.scan_parquet([file.rows for file in files], glob=False))
        parts = [with_columns_of(self.own, pl.scan_parquet(f.rows, glob=False)) for f in files]
        return self.attach(pl.concat(parts))

    def written(self, file: IncomingFile, scratch: Path) -> Path:
        """A Parquet file with the rows of a file; ``scratch`` is one that may be overwritten."""
        if self.schema == self.own == file.schema:
            return file.rows
        sink(self.rows(file), scratch)
        return scratch


def read(
    data: Data,
    schema: RowSchema,
    target: str,
    needed: Sequence[str],
    *,
    folder: Path,
    scratch: Path,
) -> Batch:
    """Read what arrived, without the target, to ``folder``, one part a file.

    A part of the run before is taken over if its file is as it was. Where nothing arrived, there is
    one part that has no row and all columns.

    Args:
        needed: columns that are there even if nothing arrived.
        folder: the parts; those of files that went away go away.
        scratch: an empty folder, for what is fetched, unpacked and joined; the batch needs it.

    Raises:
        DataError, ConfigError, TransientError: a file cannot be found, read, stacked or joined.
    """
    policy = read_policy(data)
    unlabelled = replace(
        policy,
        protect=lambda rows: policy.protect(rows).drop(target, strict=False),
        mark=digest(policy.mark, target),
    )
    arrived = arrived_files(data, policy, scratch / "fetched")
    writer = PartWriter(scratch / "open", unlabelled)
    named = zip(arrived, _part_names(arrived), strict=True)
    files = [_read_file(source, name, writer, folder) for source, name in named]
    if not arrived:
        columns = [name for name in dict.fromkeys([*schema.columns, *needed]) if name != target]
        files = [_nothing(columns, folder)]
    keep_only(folder, [file.name for file in files])

    own = sources.schema_of([(file.label or "", file.schema) for file in files])
    alone = Batch(files, own, own, "", lambda rows: rows)
    if not (arrived and data.joined):
        return alone
    attach = joiner(alone.rows(*files), data.joined, scratch, policy)
    told = [sha256_of(part) for part in sorted(scratch.glob(".joined*/*.parquet"))]
    joined = digest(told, [asdict(source) for source in data.joined])
    return replace(
        alone, schema=attach(alone.rows(*files)).collect_schema(), joined=joined, attach=attach
    )


def _read_file(source: SourceFile, name: str, writer: PartWriter, folder: Path) -> IncomingFile:
    def write(to: Path) -> dict[str, str]:
        table = writer.open(name, source)
        writer.write(name, source, table, table.rows.collect_schema(), to / ROWS)
        return {}

    record, _ = resume(folder / name, signature(source, writer.policy.mark), write)
    return _incoming_file(name, source.label, folder, record)


def _nothing(columns: Sequence[str], folder: Path) -> IncomingFile:
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
    """A name for the part of each file: what its own name says, and a digest that tells it apart.

    Any two files have names that differ in more than case; none has a character that a file system
    or a shell may take for something else.
    """
    again: Counter[str] = Counter()
    for file in files:
        identity = digest(file.label, file.kind, file.uri_env, file.query, file.table, file.options)
        told = digest(identity, again[identity])[:16]
        again[identity] += 1
        path = Path(file.label.lower())
        path = path.relative_to(INCOMING) if path.is_relative_to(INCOMING) else path
        while path.suffix in (*KIND_OF, *PACKED):
            path = path.with_suffix("")
        words = re.sub(r"[^a-z0-9_]+", "-", str(path))[-LONGEST:].strip("-")
        yield f"{words}-{told}" if words else told


def arrived_files(data: Data, policy: ReadPolicy, scratch: Path) -> list[SourceFile]:
    """What ``data.incoming`` names, or each data file in data/incoming; none if nothing is there.

    Raises:
        DataError: an ending tells no kind; a file is no regular one, or was not pulled; nothing is
            where ``data.incoming`` says.
        ConfigError, TransientError: see ``sources.files``.
    """
    if data.incoming:
        return find_files(data.incoming, policy, scratch)
    pointers = [file for file in INCOMING.rglob("*.dvc") if not file.with_suffix("").exists()]
    if pointers:
        raise DataError(
            f"the data of {pointers[0]} is not here. Run `dvc pull`, or take the file away.",
            "data.missing_file",
        )
    try:
        files = sources.source_files(Source(kind="csv", path=str(INCOMING)), scratch, policy.limits)
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
            "those of data.sources do. Take it away, or say in data.incoming how it is read.",
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
