"""Files that are put into a folder, and how each is read: as the configured source of its kind."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ..config.data import Source
from ..errors import DataError
from ..runtime.dvc.workspace import missing_data
from .parts import ReadPolicy
from .sources import source_files
from .tables import SourceFile

KIND_OF = {
    ".csv": "csv",
    ".json": "json",
    ".jsonl": "ndjson",
    ".ndjson": "ndjson",
    ".parquet": "parquet",
}
PACKED = (".gz", ".zst")


def dropped_files(
    folder: Path, key: str, configured: Sequence[Source], policy: ReadPolicy, scratch: Path
) -> list[SourceFile]:
    """Each data file in a folder, in the order of names; none if nothing is there.

    Args:
        folder: with files of any kinds, in folders or not.
        key: of the configuration, which could name sources instead; for the messages.
        configured: sources that say how files of their ending, or kind, are read.
        policy: how sources are read.
        scratch: a folder for what is fetched.

    Raises:
        DataError: an ending belongs to no kind; a file is no regular one, or was not pulled.
        ConfigError: see ``sources.source_files``.
    """
    missing = next(missing_data(folder), None)
    if missing:
        raise DataError(
            f"{missing} is tracked by DVC, but not here. Run `dvc pull`, or `dvc remove` it.",
            "data.missing_file",
        )
    try:
        files = source_files(Source(kind="csv", path=str(folder)), scratch, policy.limits)
    except DataError as error:
        if error.code != "data.missing_file":
            raise
        return []
    return [_of_kind(file, configured, key) for file in files]


def _of_kind(source_file: SourceFile, configured: Sequence[Source], key: str) -> SourceFile:
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
            f"those of data.sources do. Take it away, or say in {key} how it is read.",
            "data.unknown_kind",
        )
    return replace(source_file, kind=kind)


def _ending(name: str) -> str:
    path = Path(name.lower())
    return Path(path.stem).suffix if path.suffix in PACKED else path.suffix
