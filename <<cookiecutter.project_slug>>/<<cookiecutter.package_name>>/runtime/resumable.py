"""Folders that a later run reuses if nothing that they were computed from has changed.

Each is written whole or not at all, so that a killed run leaves the finished ones. A folder's
record holds a signature of its inputs and the digests of its files: an edited folder is written
again.
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
    """What a finished folder was computed from, and what is in it."""

    signature: str | None  # of the inputs; None: their changes cannot be detected
    files: dict[str, str]  # name: SHA-256
    facts: dict[str, Any]  # what ``write`` returned


def resume(
    folder: Path, signature: str | None, write: Callable[[Path], dict[str, Any]]
) -> tuple[Record, bool]:
    """The record of a folder, and whether the folder was reused.

    Args:
        folder: reused if its record has this signature and its files are unchanged.
        signature: of all inputs; None where their changes cannot be detected: always written anew.
        write: writes files to the empty folder that it is given, and returns facts for the record,
            which JSON can hold.
    """
    record = _read(folder)
    if record and signature and record.signature == signature and _is_unchanged(folder, record):
        return record, True
    with atomic_write(folder) as partial:
        partial.mkdir()
        facts = write(partial)
        files = {file.name: sha256_of(file) for file in sorted(partial.iterdir())}
        record = Record(signature, files, facts)
        text = json.dumps(asdict(record), ensure_ascii=False)
        (partial / RECORD).write_text(text, encoding="utf-8")
    return record, False


def keep_only(folder: Path, names: Collection[str]) -> None:
    """Remove everything in a folder but these names, and what is being written now."""
    for path in folder.iterdir() if folder.exists() else ():
        if path.name not in names and not path.name.endswith(".partial"):
            remove(path)


def digest(*values: Any) -> str:
    """The SHA-256 of values that JSON can hold; of others, of their text."""
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()


@functools.cache
def code_digest(folder: Path) -> str:
    """The SHA-256 of the Python files below a folder, and of polars' version."""
    code = hashlib.sha256(pl.__version__.encode())
    for file in sorted(folder.rglob("*.py")):
        code.update(file.read_bytes())
    return code.hexdigest()


def _read(folder: Path) -> Record | None:
    try:
        return Record(**json.loads((folder / RECORD).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _is_unchanged(folder: Path, record: Record) -> bool:
    names = {path.name for path in folder.iterdir()} - {RECORD}
    return names == set(record.files) and all(
        sha256_of(folder / name) == sha256 for name, sha256 in record.files.items()
    )
