"""Labels that come late, what came true of rows that were predicted: read as training rows are."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from ..config.data import Data
from ..errors import DataError
from ..paths import LABELS
from ..runtime.progress import progress
from .collect import find_files, read_policy
from .dropped import dropped_files
from .parts import PartWriter
from .tables import SourceFile


@dataclass(frozen=True)
class LabelFile:
    """A file or query of labels."""

    label: str  # in messages
    by: str  # the first column of ``rows``, which says of what row each label is
    rows: pl.DataFrame  # that column and the target, as they were read


def read_labels(data: Data, target: str, by: Sequence[str], scratch: Path) -> list[LabelFile]:
    """What ``data.labels`` names, or each data file in data/labels; none if nothing is there.

    Columns beside those two are left out, so whole rows may be brought, too.

    Args:
        data: where labels are, and how files are read.
        target: the column that holds what came true.
        by: columns that can say of what row that is; the first that a file has counts.
        scratch: an empty folder.

    Raises:
        DataError: a file lacks the target, or all columns of ``by``; or cannot be read.
        ConfigError, TransientError: a file cannot be read.
    """
    policy, fetched = read_policy(data), scratch / "fetched"
    if data.labels:
        sources = find_files(data.labels, policy, fetched)
    else:
        sources = dropped_files(LABELS, "data.labels", data.stacked, policy, fetched)
    with progress("read", len(sources), "files") as step:
        writer, files = PartWriter(scratch / "open", policy, step), []
        for source in sources:
            files.append(_read(writer, source, target, by, scratch / "rows.parquet"))
            step()
    return files


def _read(
    writer: PartWriter, source: SourceFile, target: str, by: Sequence[str], file: Path
) -> LabelFile:
    table = writer.open("labels", source)
    types = table.rows.collect_schema()
    named = next((name for name in by if name in types), None)
    if named is None or target not in types:
        raise DataError(
            f"{source.label} should hold labels: the column {target!r}, and {' or '.join(by)}; "
            f"found: {', '.join(types)}. Fix the file, or take it away.",
            "data.labels",
        )
    schema = pl.Schema({name: types[name] for name in (named, target)})
    writer.write("labels", source, table, schema, file)
    return LabelFile(source.label, named, pl.read_parquet(file, glob=False))
