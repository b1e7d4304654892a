"""Atomic files and folders: written under another name, then renamed. JSON, and digests."""

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """A sibling, ``.NAME.PID.partial``, to write to; at the end it replaces ``path``.

    When the block raises or the process dies, ``path`` stays as it was. The process's number keeps
    two writers apart: one that outlived its run never publishes the partial file of another.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    old = path.with_name(f".{path.name}.old.{os.getpid()}.partial")
    path.parent.mkdir(parents=True, exist_ok=True)
    remove(partial)
    try:
        yield partial
        _flush(partial)
        if path.is_dir() or (partial.is_dir() and path.exists()):
            path.replace(old)  # a folder that goes away bit by bit would be seen half-empty
        partial.replace(path)
    finally:
        remove(partial)
        remove(old)


@contextmanager
def scratch(path: Path) -> Iterator[Path]:
    """A temporary folder beside ``path``, named as the siblings that ``atomic_write`` writes to."""
    folder = path.with_name(f".{path.name}.scratch.{os.getpid()}.partial")
    remove(folder)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        remove(folder)


def writer_pid(partial: Path) -> int | None:
    """The process that writes a partial file, by its name; None if that holds no number."""
    number = partial.name.split(".")[-2]
    return int(number) if number.isdecimal() else None


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def link(file: Path, to: Path) -> None:
    """Let a file stand at ``to`` as well, without a second copy where the file system can."""
    try:
        os.link(file, to)
    except OSError:  # another file system, or one without links
        shutil.copyfile(file, to)


def _flush(path: Path) -> None:
    path.stat()  # nothing was written: FileNotFoundError, before the old one is touched
    for file in [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]:
        with file.open("rb") as handle:
            os.fsync(handle.fileno())


def write_json(path: Path, value: Any) -> None:
    """Write a value as JSON, readable and always in the same form; NaN is refused.

    Raises:
        ValueError: the value holds NaN or an infinity.
    """
    text = json.dumps(value, indent=2, sort_keys=False, allow_nan=False, ensure_ascii=False)
    with atomic_write(path) as partial:
        partial.write_text(text + "\n", encoding="utf-8")


def append_line(path: Path, line: str) -> None:
    """Append a line to a file that several processes may append to; all of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)  # let go when the file closes, or the process dies
        end = handle.seek(0, os.SEEK_END)
        try:
            handle.write(f"{line}\n".encode())
            handle.flush()
            os.fsync(handle.fileno())
        except OSError:  # such as a full disk
            os.ftruncate(handle.fileno(), end)
            raise


def sha256_of(path: Path) -> str:
    """The digest of a file, or of a folder's file names and contents, in hexadecimal."""
    if path.is_file():
        with path.open("rb") as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest()
    digest = hashlib.sha256()
    for file in sorted(p for p in path.rglob("*") if p.is_file()):
        digest.update(f"{file.relative_to(path).as_posix()}\0{sha256_of(file)}\0".encode())
    return digest.hexdigest()
