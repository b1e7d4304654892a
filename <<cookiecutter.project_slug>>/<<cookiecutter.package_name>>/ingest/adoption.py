"""Labelled rows that arrived join the sources: each incoming file as one more file of a source."""

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from glob import has_magic
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl

from ..config.data import Data, Source
from ..errors import DataError
from ..runtime.artifacts import atomic_write
from ..runtime.parquet import LEVEL, ROW_GROUP
from ..runtime.progress import progress
from ..schema.constraints import cast_columns
from ..schema.row import RowSchema
from .collect import find_files
from .dropped import PACKED
from .incoming import part_stem
from .parts import PartWriter, ReadPolicy
from .sources import COUNTS, common_schema
from .tables import SourceFile

DIGEST = 12  # hexadecimal digits of a file's content in its name
NO_PLACE = (
    "no file can be added to data.sources: none is a folder or a pattern of plain files in this "
    "repository (parquet, csv, ndjson, json). A database, an address or a single file gets its "
    "labelled rows by a job of your own. Or name a folder or a pattern, such as "
    "data/raw/*.parquet, in conf/data."
)


@dataclass(frozen=True)
class Place:
    """Where new files of a source go."""

    source: Source
    folder: Path
    prefix: str  # of their names
    suffix: str
    schema: pl.Schema  # the columns of all its files

    def as_file(self, path: Path, label: str) -> SourceFile:
        """A file as one of the source's is read."""
        return SourceFile(self.source.kind, label, str(path), self.source.options)


def places(data: Data, policy: ReadPolicy, scratch: Path) -> list[Place]:
    """Every source that takes one more file, in order.

    Args:
        data: the sources.
        policy: how they are read.
        scratch: an empty folder.

    Raises:
        DataError, ConfigError, TransientError: a file of such a source cannot be read.
    """
    places = []
    for number, source in enumerate(data.stacked):
        if spot := _spot(source):
            within = scratch / str(number)
            files = find_files([source], policy, within / "found")
            with progress("columns", len(files), "files") as step:
                writer = PartWriter(within / "open", _unprotected(policy), step)
                schemas = [writer.open("any", f).rows.collect_schema() for f in files]
            labels = [file.label for file in files]
            schema = common_schema(list(zip(labels, schemas, strict=True)))
            places.append(Place(source, *spot, schema))
    return places


def _spot(source: Source) -> tuple[Path, str, str] | None:
    """The folder, begin and ending of a source's new files; None where it takes none."""
    path, kind = source.path, source.kind
    if path is None or "://" in path or kind not in WRITERS:
        return None
    if any(name in source.options for name in COUNTS):  # of one file only
        return None
    whole = Path(path).is_dir()
    if not whole and (Path(path).exists() or not has_magic(path)):
        return None
    folder, last = (Path(path), "*") if whole else (Path(path).parent, Path(path).name)
    folder = folder.parent if folder.name == "**" else folder
    if not folder.resolve().is_relative_to(Path.cwd().resolve()):
        return None
    prefix, suffix = last.partition("*")[0], last.rpartition("*")[2] or f".{kind}"
    plain = suffix == Path(f"x{suffix}").suffix not in PACKED
    fits = plain and fnmatchcase(f"{prefix}x{suffix}", last) and not has_magic(str(folder))
    return (folder, prefix, suffix) if fits else None


def known_keys(
    data: Data, policy: ReadPolicy, schema: RowSchema, keys: pl.Series, scratch: Path
) -> pl.Series:
    """Those of some keys that rows of the sources have; databases and addresses are not asked.

    Args:
        data: the sources.
        policy: how they are read.
        schema: of their rows.
        keys: in the type of the schema, named as the key's column.
        scratch: an empty folder.
    """
    local = [s for s in data.stacked if s.path and "://" not in s.path and s.kind != "sql"]
    wanted, held = keys.unique().implode(), [keys.clear()]
    for file in find_files(local, policy, scratch / "found"):
        rows = cast_columns(_read(file, policy, scratch / "open", [keys.name]), schema)
        if keys.name in rows.collect_schema():
            asked = rows.select(pl.col(keys.name).cast(keys.dtype, strict=False))
            there = asked.filter(pl.col(keys.name).is_in(wanted)).collect(engine="streaming")
            held.append(there.to_series())
    return pl.concat(held).unique()


def _unprotected(policy: ReadPolicy) -> ReadPolicy:
    """For inputs that become inputs: their personal columns stay as they came."""
    return replace(policy, protect=lambda rows: rows)


def _read(
    file: SourceFile, policy: ReadPolicy, scratch: Path, columns: Sequence[str] | None = None
) -> pl.LazyFrame:
    """The rows of a file, or those of ``columns`` that it has, in a copy that is in ``scratch``."""
    with progress("read", 1, "files") as step:
        writer, copy = PartWriter(scratch, policy, step), scratch / "rows.parquet"
        table = writer.open("any", file)
        types = table.rows.collect_schema()
        names = types.names() if columns is None else [n for n in columns if n in types]
        writer.write("any", file, table, pl.Schema({n: types[n] for n in names}), copy)
    return pl.scan_parquet(copy, glob=False)


@dataclass(frozen=True)
class Labelled:
    """An incoming file, and what came true of some of its rows."""

    file: SourceFile
    valid: pl.DataFrame  # the rows of it that were predicted, as `predict` wrote them
    labels: pl.DataFrame  # the key, each once, and the target: of rows among these


def add_file(
    labelled: Labelled, place: Place, policy: ReadPolicy, schema: RowSchema, scratch: Path
) -> Path:
    """Write the labelled rows, as they came, as a file of a source; the same rows are one file.

    Args:
        labelled: the rows; at least one.
        place: for the new file.
        policy: how sources are read.
        schema: of their rows.
        scratch: an empty folder.

    Raises:
        DataError: the file is another than the one that was predicted; it lacks a column that the
            schema requires; or the source would read other rows than those that were written.
    """
    key, target = labelled.labels.columns
    plain = _unprotected(policy)
    raw = _read(labelled.file, plain, scratch).collect().drop(target, strict=False)
    _check_required(raw, place, schema, labelled.file.label, target)
    typed = cast_columns(policy.protect(raw.lazy()), schema).collect()
    truth = typed.select(key).join(labelled.labels, on=key, how="left", maintain_order="left")
    chosen = truth[target].is_not_null()
    _check_predicted(typed.filter(chosen), labelled, schema)
    rows = raw.with_columns(truth[target]).filter(chosen)
    names = [name for name in place.schema if name in rows.columns]
    content = _content(place, rows.select(names), schema)
    digest = sha256(content).hexdigest()[:DIGEST]
    stem = f"{part_stem(labelled.file.label)}-{digest}".lstrip("-_")
    path = place.folder / f"{place.prefix}{stem}{place.suffix}"
    with atomic_write(path) as partial:
        partial.write_bytes(content)
        written = _read(place.as_file(partial, str(path)), plain, scratch)
        if not _says_the_same(rows.select(names), written, schema):
            raise _unwritable(place)
    return path


def _check_required(
    raw: pl.DataFrame, place: Place, schema: RowSchema, label: str, target: str
) -> None:
    missing = [
        name
        for name in place.schema
        if name in schema.required and name not in raw.columns and name != target
    ]
    if missing:
        raise DataError(
            f"{label} lacks {', '.join(missing)}, which the schema requires of training rows. "
            "Bring the column with the rows, or make it optional in the schema.",
            "data.missing_column",
        )


def _check_predicted(rows: pl.DataFrame, labelled: Labelled, schema: RowSchema) -> None:
    """Refuse rows that are others than those that were predicted, and so not validated."""
    key, _ = labelled.labels.columns
    valid = labelled.valid.join(labelled.labels, on=key, how="semi", maintain_order="left")
    names = [name for name in _declared(rows, schema) if name in valid.columns]
    if not rows.select(names).equals(valid.select(names)):
        raise DataError(
            f"{labelled.file.label} has changed since it was predicted. Run `make monitor`, then "
            "`make adopt`.",
            "data.changed",
        )


def _declared(rows: pl.DataFrame, schema: RowSchema) -> Iterator[str]:
    return (name for name in rows.columns if name in schema.columns)


def _content(place: Place, rows: pl.DataFrame, schema: RowSchema) -> bytes:
    """The file, its values in the types that the source's files have; text stays as it came."""
    typed = cast_columns(rows.lazy(), schema).collect()
    values = [
        rows[name] if rows.schema[name] == dtype else typed[name].cast(dtype, strict=False)
        for name, dtype in place.schema.items()
        if name in rows.columns
    ]
    try:
        return WRITERS[place.source.kind](pl.DataFrame(values), place.source)
    except (pl.exceptions.PolarsError, UnicodeEncodeError) as error:
        raise _unwritable(place) from error


def _says_the_same(rows: pl.DataFrame, written: pl.LazyFrame, schema: RowSchema) -> bool:
    """Whether a file that was written is read as the rows that it was written of."""
    names = list(_declared(rows, schema))
    if any(name not in written.collect_schema() for name in names):
        return False
    before, after = (cast_columns(one, schema).select(names) for one in (rows.lazy(), written))
    return bool(after.collect().equals(before.collect()))


def _unwritable(place: Place) -> DataError:
    return DataError(
        f"{place.source.path} cannot get these rows as a file that its options would read as it "
        "was written. Bring what arrives in the kind and the form of the source, or add the rows "
        "by a job of your own.",
        "data.adopted",
    )


def _parquet(rows: pl.DataFrame, source: Source) -> bytes:  # noqa: ARG001 - a writer's signature
    content = io.BytesIO()
    rows.write_parquet(content, row_group_size=ROW_GROUP, compression_level=LEVEL)
    return content.getvalue()


def _csv(rows: pl.DataFrame, source: Source) -> bytes:
    quote = source.options.get("quote_char", '"')
    how: dict[str, Any] = {"quote_char": quote} if quote else {"quote_style": "never"}
    nulls = source.options.get("null_values") or [""]
    nulls = [nulls] if isinstance(nulls, str) else list(nulls)
    how["separator"] = source.options.get("separator", ",")
    text = rows.write_csv(null_value="" if "" in nulls else nulls[0], **how)
    return bytes(text.encode(source.options.get("encoding", "utf-8")))


def _ndjson(rows: pl.DataFrame, source: Source) -> bytes:  # noqa: ARG001 - a writer's signature
    return rows.write_ndjson().encode()


def _json(rows: pl.DataFrame, source: Source) -> bytes:  # noqa: ARG001 - a writer's signature
    return rows.write_json().encode()


WRITERS: dict[str, Callable[[pl.DataFrame, Source], bytes]] = {
    "parquet": _parquet,
    "csv": _csv,
    "ndjson": _ndjson,
    "json": _json,
}


def place_for(file: SourceFile, known: Sequence[Place]) -> Place:
    """The first source of the file's own kind, else the first of all."""
    alike = [place for place in known if place.source.kind == file.kind]
    return [*alike, *known][0]
