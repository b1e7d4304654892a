"""Heals what a killed process or a bad disk leaves behind, which DVC leaves to people.

python -m PACKAGE.doctor                take away a broken lock and half-written files
python -m PACKAGE.doctor run CMD…       the same, then CMD; if it fails, last good outputs return
python -m PACKAGE.doctor verify         name every cache object and output that is corrupt
python -m PACKAGE.doctor repair         take those away, and make them again
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from .errors import DataError
from .runtime import logs
from .runtime.artifacts import remove
from .runtime.run import run_id
from .runtime.stage import reported

RWLOCK = Path(".dvc/tmp/rwlock")
CACHE = Path(".dvc/cache/files/md5")
WRITTEN = ("data", "models", "reports")  # where stages write

log = structlog.get_logger()


@dataclass(frozen=True)
class Findings:
    """What is corrupt: its bytes are not those that its name or dvc.lock promises."""

    objects: list[Path]
    outputs: list[Path]

    def __bool__(self) -> bool:
        return bool(self.objects or self.outputs)


def heal() -> None:
    """Remove a lock file that cannot be read and that nobody holds, and half-written files."""
    if RWLOCK.exists():
        from dvc.lock import LockError, make_lock

        try:
            with make_lock(str(RWLOCK.with_suffix(".lock")), tmp_dir=str(RWLOCK.parent)):
                if not _parses(RWLOCK):
                    RWLOCK.unlink()
                    log.warning(
                        "removed a broken lock that a killed process left", file=str(RWLOCK)
                    )
        except LockError:
            log.info("another DVC process is at work; its lock stays")
    for folder in WRITTEN:
        for partial in Path(folder).rglob(".*.partial"):
            if not _busy():
                remove(partial)
                log.warning("removed a half-written file", file=str(partial))


def _parses(file: Path) -> bool:
    try:
        json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        return False
    return True


def _busy() -> bool:
    """Whether a live process is named in DVC's lock as one that writes."""
    import psutil

    if not RWLOCK.exists() or not _parses(RWLOCK):
        return False
    holders = json.loads(RWLOCK.read_text(encoding="utf-8")).get("write", {}).values()
    return any(psutil.pid_exists(holder["pid"]) for holder in holders if holder)


def run(command: list[str]) -> int:
    """Heal, run a command, and return its exit code.

    DVC takes a stage's outputs away before it runs; when the command fails, they are restored.
    """
    heal()
    code = subprocess.run(command, check=False).returncode  # noqa: S603 - the user's own command
    if code:
        for path in restore():
            log.info("the last good output is back", file=path)
    return code


def restore() -> list[str]:
    """Bring back recorded outputs that are gone from the work tree; returns their paths."""
    with _repository() as repo:
        gone = [
            out
            for out in repo.index.outs
            if out.hash_info and not out.exists and not out.changed_cache()
        ]
        paths = [os.path.relpath(out.fs_path) for out in gone]
        if paths:
            repo.checkout(paths, force=True, allow_missing=True)
        return paths


def verify() -> Findings:
    """Read everything again: each cache object, and each output that dvc.lock records."""
    objects = [file for file in _objects() if _md5(file) != _promised(file)]
    with _repository() as repo:
        outputs = [
            path
            for out in repo.index.outs
            if out.hash_info
            for path, md5 in _files(out)
            if path.exists() and _md5(path) != md5
        ]
    return Findings(objects, outputs)


def repair() -> Findings:
    """Take away what is corrupt and make it again: from the work tree, the cache, or by running.

    Raises:
        DataError: an input, which no stage makes, is corrupt; the message names it.
    """
    found = verify()
    for path in (*found.objects, *found.outputs):
        path.chmod(0o644)
        path.unlink()
    with _repository() as repo:
        for out in repo.index.outs:
            if out.hash_info and out.use_cache and out.changed_cache():
                if out.exists and all(p.exists() for p, _ in _files(out)):
                    out.commit()  # the work tree still has it
                else:
                    remove(Path(out.fs_path))
        repo.checkout(force=True, allow_missing=True)
        lost = [out for out in repo.index.outs if out.hash_info and not out.exists]
        stages = sorted({out.stage.addressing for out in lost if out.stage.cmd})
        inputs = [os.path.relpath(out.fs_path) for out in lost if not out.stage.cmd]
        if stages:
            repo.reproduce(stages)
    if inputs:
        raise DataError(
            f"{', '.join(inputs)} is corrupt, and no stage makes it. `dvc pull`, or put it back.",
            "data.corrupt_input",
        )
    return found


def _repository() -> Any:
    from dvc.repo import Repo

    return Repo()


def _objects() -> Iterator[Path]:
    return (file for file in sorted(CACHE.glob("??/*")) if file.is_file())


def _promised(file: Path) -> str:
    return file.parent.name + file.name.removesuffix(".dir")


def _files(out: Any) -> Iterator[tuple[Path, str]]:
    """Each file of an output, and the MD5 that dvc.lock promises."""
    top, digest = Path(out.fs_path), str(out.hash_info.value)
    if not digest.endswith(".dir"):
        yield top, digest
        return
    listing = CACHE / digest[:2] / digest[2:]
    if listing.exists() and _parses(listing):
        for entry in json.loads(listing.read_text(encoding="utf-8")):
            yield top / entry["relpath"], entry["md5"]


def _md5(file: Path) -> str:
    with file.open("rb") as handle:
        return hashlib.file_digest(handle, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def main() -> None:
    """Run one of the four commands."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        "what", nargs="?", default="heal", choices=["heal", "run", "verify", "repair"]
    )
    parser.add_argument("command", nargs=argparse.REMAINDER, help="of `run`")
    chosen = parser.parse_args()
    logs.configure(run_id=run_id(), stage="doctor")
    with reported():
        if chosen.what == "run":
            sys.exit(run(chosen.command))
        if chosen.what == "heal":
            heal()
            return
        found = verify() if chosen.what == "verify" else repair()
        for path in (*found.objects, *found.outputs):
            log.error("corrupt" if chosen.what == "verify" else "repaired", file=str(path))
        if found and chosen.what == "verify":
            raise DataError(
                "corrupt files, named above. Run `python -m … .doctor repair`.", "data.corrupt"
            )


if __name__ == "__main__":
    main()
