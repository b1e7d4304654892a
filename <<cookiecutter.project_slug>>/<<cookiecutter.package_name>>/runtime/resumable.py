"""Folders that a later run takes over where all that they were made of is unchanged.

Each is written whole or not at all, so that a killed run leaves those that were finished. A record
in it says what it was made of, with the digests of its files: one that was edited is made again.
"""

import functools
import hashlib
import json
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from .artifacts import atomic_write, remove, sha256_of

RECORD = "record.json"


@dataclass(frozen=True)
class Record:
    """What is known of a finished folder."""

    signature: str | None  # of what it was made of; None: of what nothing tells changes of
    files: dict[str, str]  # name: SHA-256
    facts: dict[str, Any]  # what its maker wants to know again


def resume(
    folder: Path, signature: str | None, make: Callable[[Path], dict[str, Any]]
) -> tuple[Record, bool]:
    """The record of a folder, and whether the folder was taken over instead of made.

    Args:
        signature: of all that the folder is made of; None where that cannot be told: made again.
        make: writes files into the empty folder that it is given; returns facts, as JSON has them.
    """
    record = _read(folder)
    if record and signature and record.signature == signature and _is_whole(folder, record):
        return record, True
    with atomic_write(folder) as partial:
        partial.mkdir()
        facts = make(partial)
        files = {file.name: sha256_of(file) for file in sorted(partial.iterdir())}
        record = Record(signature, files, facts)
        text = json.dumps(asdict(record), ensure_ascii=False)
        (partial / RECORD).write_text(text, encoding="utf-8")
    return record, False


def keep_only(folder: Path, names: Collection[str]) -> None:
    """Take away what stands in a folder under other names; what is half-written stays."""
    for path in folder.iterdir() if folder.exists() else ():
        if path.name not in names and not path.name.endswith(".partial"):
            remove(path)


def digest(*values: Any) -> str:
    """The SHA-256 of values that JSON holds."""
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()


@functools.cache
def code_digest(folder: Path) -> str:
    """The SHA-256 of the Python files below a folder, and of polars' version."""
    made_by = hashlib.sha256(pl.__version__.encode())
    for file in sorted(folder.rglob("*.py")):
        made_by.update(file.read_bytes())
    return made_by.hexdigest()


def _read(folder: Path) -> Record | None:
    try:
        return Record(**json.loads((folder / RECORD).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _is_whole(folder: Path, record: Record) -> bool:
    files = {path.name for path in folder.iterdir()} - {RECORD}
    return files == set(record.files) and all(
        sha256_of(folder / name) == told for name, told in record.files.items()
    )
