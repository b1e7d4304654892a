"""DVC's locks, and partial files: those of dead processes are removed."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog

from ..artifacts import atomic_write, remove, writer_pid

TMP = Path(".dvc/tmp")
RWLOCKS = (TMP / "rwlock", TMP / "exps/rwlock")  # of pipelines, of experiments
OUTPUT_FOLDERS = ("data", "models", "reports")  # of stages

log = structlog.get_logger()


def alive(pid: int, since: float) -> bool:
    """Whether the process still runs that had this number at a time, in seconds since 1970.

    One that has ended but that its parent never asked about (a zombie: where PID 1 of a container
    does not reap) is dead. One that started later is another, which got the number.
    """
    import psutil

    try:
        process = psutil.Process(pid)
        ended = process.status() in {psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD}
        return not ended and process.create_time() <= since + 1  # the start is known to a second
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True


def release_stale() -> None:
    """Remove dead processes from DVC's lock files; a broken lock file is removed."""
    for file in RWLOCKS:
        if not remove_broken(file, "rwlock.lock", lambda file: entries(file) is not None):
            held = entries(file)
            if held and held != _living(held, file):
                with guard(file.with_name("rwlock.lock")) as ours:
                    if ours:
                        _keep_living(file)


def busy() -> bool:
    """Whether a live process is named in DVC's lock as one that writes."""
    held = entries(RWLOCKS[0]) or {}
    return bool(held and _living(held, RWLOCKS[0])["write"])


def remove_partial_files() -> None:
    """Remove partial files of dead processes."""
    for folder in (Path(), TMP, *Path("pipelines").glob("*")):
        _remove_dead(folder.glob(".*.partial"))
    for name in OUTPUT_FOLDERS:
        _remove_dead(Path(name).rglob(".*.partial"))


def _remove_dead(partials: Iterator[Path]) -> None:
    for partial in partials:
        try:
            written = partial.lstat().st_mtime
        except FileNotFoundError:
            continue  # its writer is done
        if not alive(writer_pid(partial) or -1, written):
            remove(partial)
            log.warning("removed a partial file", file=str(partial))


def remove_broken(file: Path, lock: str, is_valid: Callable[[Path], bool]) -> bool:
    """Remove an invalid file, unless a live process holds the lock that DVC writes it under.

    Returns whether it was removed.
    """
    if not file.exists() or is_valid(file):
        return False
    where = file if file in RWLOCKS else RWLOCKS[0]
    where.parent.mkdir(parents=True, exist_ok=True)  # not there in a fresh clone
    with guard(where.with_name(lock)) as ours:
        if not ours:
            log.info("another DVC process is at work; this stays", file=str(file))
        if not ours or is_valid(file):
            return False
        file.unlink()
    log.warning("removed a broken file that a killed process left", file=str(file))
    return True


@contextmanager
def guard(file: Path) -> Iterator[bool]:
    """Hold one of DVC's own locks; false if another process holds it."""
    from dvc.lock import LockError, make_lock

    lock = make_lock(str(file), tmp_dir=str(file.parent))
    try:
        lock.lock()
    except LockError:
        yield False
        return
    try:
        yield True
    finally:
        lock.unlock()


def entries(file: Path) -> dict[str, Any] | None:
    """Who reads and who writes what, by a lock file of DVC; None if DVC could not read it."""
    if not file.exists():
        return {}
    try:
        held = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        return None
    if held == {}:
        return {}
    from dvc.rwlock import SCHEMA
    from voluptuous import Invalid

    try:
        return dict(SCHEMA(held))
    except Invalid:
        return None


def _living(held: dict[str, Any], file: Path) -> dict[str, Any]:
    since = file.stat().st_mtime
    read = {p: [h for h in hs if alive(h["pid"], since)] for p, hs in held["read"].items()}
    return {
        "write": {path: h for path, h in held["write"].items() if alive(h["pid"], since)},
        "read": {path: holders for path, holders in read.items() if holders},
    }


def _keep_living(file: Path) -> None:
    held = entries(file)
    if not held:
        return
    living = _living(held, file)
    with atomic_write(file) as partial:
        partial.write_text(json.dumps(living), encoding="utf-8")
    for path in held["write"].keys() - living["write"].keys():
        log.info("released what a killed process held", file=path)
