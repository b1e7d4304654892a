"""Cleans up what a killed process or a bad disk leaves behind, which DVC leaves to people.

python -m PACKAGE.commands.doctor            remove locks and partial files of dead processes
python -m PACKAGE.commands.doctor run CMD    the same, then CMD; if it fails, restore outputs
python -m PACKAGE.commands.doctor verify     name every cache object and output that is corrupt
python -m PACKAGE.commands.doctor repair     remove those, and produce them again
"""

import argparse
import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from ..errors import DataError
from ..runtime import logs
from ..runtime.artifacts import atomic_write, remove
from ..runtime.dvc import locks
from ..runtime.dvc.queue import requeue_orphans
from ..runtime.dvc.run import committed_text, run_id
from ..runtime.stage import exit_on_error

log = structlog.get_logger()


@dataclass(frozen=True)
class Corruption:
    """Files whose bytes are not those that their name, or dvc.lock, promises."""

    objects: list[Path]
    outputs: list[Path]

    def __bool__(self) -> bool:
        return bool(self.objects or self.outputs)


def clean_up() -> None:
    """Remove stale locks, broken records and partial files of dead processes.

    Experiments of a killed worker go back into DVC's queue.
    """
    locks.release_stale()
    for record in (Path("dvc.lock"), *Path("pipelines").glob("*/dvc.lock")):
        if locks.remove_broken(record, "lock", _is_record):
            _from_git(record)
    locks.remove_partial_files()
    requeue_orphans()


def _is_record(file: Path) -> bool:
    """Whether DVC can read a dvc.lock; it writes it in place, so a kill can leave it empty."""
    import yaml
    from dvc.schema import COMPILED_LOCKFILE_SCHEMA
    from voluptuous import Invalid

    try:
        COMPILED_LOCKFILE_SCHEMA(yaml.safe_load(file.read_text(encoding="utf-8")))
    except (ValueError, yaml.YAMLError, Invalid):
        return False
    return True


def _from_git(file: Path) -> None:
    """Write the last committed content of a file, if there is one; DVC's run cache has the rest."""
    text = committed_text(file)
    if text is not None:
        with atomic_write(file) as partial:
            partial.write_text(text, encoding="utf-8")


def run(command: list[str]) -> int:
    """Clean up, run a command, and return its exit code.

    DVC removes a stage's outputs before it runs; when the command fails, they are restored.
    Ctrl-C is the command's to handle: it ends in order, then the same happens.
    """
    clean_up()
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        code = subprocess.run(command, check=False).returncode  # noqa: S603 - the user's own command
        if code and not locks.busy():
            _restore()
    finally:
        signal.signal(signal.SIGINT, before)
    return code if code >= 0 else 128 - code


def _restore() -> None:
    from dvc.exceptions import DvcException

    try:
        for path in restore():
            log.info("the last good output is restored", file=path)
    except DvcException as error:  # such as a dvc.yaml that cannot be read
        log.warning("the last good outputs could not be restored", reason=str(error))


def restore() -> list[str]:
    """Restore recorded outputs that are missing in the work tree; returns their paths."""
    with _repository() as repo:
        missing = [
            out
            for out in repo.index.outs
            if out.hash_info and not out.exists and not out.changed_cache()
        ]
        return _checkout(repo, missing)


def verify() -> Corruption:
    """Check the digest of each cache object, and of each output that dvc.lock records."""
    with _repository() as repo:
        objects = [file for file in _objects(repo) if _md5(file) != _promised(file)]
        outputs = [
            path
            for out in repo.index.outs
            if out.hash_info
            for path in _wrong(out)
            if path.exists()
        ]
    return Corruption(objects, outputs)


def repair() -> Corruption:
    """Remove what is corrupt and produce it again: from the work tree, the cache, or by running.

    What no stage writes and a person may have edited, so that DVC sees a change, is left as it is.

    Raises:
        DataError: something is still corrupt or missing; the message names it.
    """
    corrupt = verify()
    with _repository() as repo:
        recorded = (out for out in repo.index.outs if out.hash_info)
        outs = [out for out in recorded if out.exists or not out.changed_cache()]
        wrong = [out for out in outs if _wrong(out)]
        ours = [
            out for out in wrong if out.stage.cmd or not out.exists or not out.changed_checksum()
        ]
        for path in corrupt.objects:
            path.chmod(0o644)
            path.unlink()
        for out in outs:
            if out not in wrong and out.use_cache and out.changed_cache():
                out.commit()  # the work tree still has it
        cached = [out for out in ours if out.use_cache and not out.changed_cache()]
        for out in ours:
            if out in cached or out.stage.cmd:
                remove(Path(out.fs_path))
        _checkout(repo, cached)
        _reproduce(repo, [out for out in ours if out.stage.cmd and not out.exists])
        missing = [Path(out.fs_path) for out in outs if not out.exists]
    _refuse_corrupt(verify(), missing)
    return corrupt


def _reproduce(repo: Any, outs: list[Any]) -> None:
    from dvc.exceptions import DvcException

    stages = sorted({out.stage.addressing for out in outs})
    try:
        if stages:
            repo.reproduce(stages)
    except DvcException as error:
        raise DataError(f"{', '.join(stages)} failed: {error}", "data.repair") from error


def _refuse_corrupt(corrupt: Corruption, missing: list[Path]) -> None:
    names = [os.path.relpath(path) for path in (*corrupt.objects, *corrupt.outputs, *missing)]
    if names:
        raise DataError(
            f"{', '.join(names)} is not what was recorded, and could not be made again. If you "
            "changed it, `dvc commit`; if not, remove it and `dvc pull`, or put it back.",
            "data.corrupt_input",
        )


def _repository() -> Any:
    from dvc.repo import Repo

    return Repo()


def _checkout(repo: Any, outs: list[Any]) -> list[str]:
    paths = [os.path.relpath(out.fs_path) for out in outs]
    if paths:
        repo.checkout(paths, force=True, allow_missing=True)
    return paths


def _objects(repo: Any) -> Iterator[Path]:
    """Each object of the cache, wherever that is; not partial copies, which DVC ignores."""
    cache = Path(os.path.relpath(repo.cache.local.path))
    return (f for f in sorted(cache.glob("??/*")) if f.is_file() and not f.name.startswith("."))


def _promised(file: Path) -> str:
    return file.parent.name + file.name.removesuffix(".dir")


def _wrong(out: Any) -> list[Path]:
    """The files of an output, or the folder itself, that are not what dvc.lock promises."""
    top, digest = Path(out.fs_path), str(out.hash_info.value)
    if not digest.endswith(".dir"):
        return [] if top.exists() and _md5(top) == digest else [top]
    listing = Path(out.cache.oid_to_path(digest))
    if listing.exists() and _md5(listing) == _promised(listing):
        files = ((top / e["relpath"], e["md5"]) for e in json.loads(listing.read_bytes()))
        return [path for path, md5 in files if not path.exists() or _md5(path) != md5]
    return [] if _listed(top) == digest else [top]


def _listed(folder: Path) -> str:
    """The name that DVC would give a folder: the MD5 of the listing of its files."""
    files = sorted((f.relative_to(folder).parts, f) for f in folder.rglob("*") if f.is_file())
    listing = [{"md5": _md5(file), "relpath": "/".join(parts)} for parts, file in files]
    text = json.dumps(listing, sort_keys=True).encode()
    return hashlib.md5(text, usedforsecurity=False).hexdigest() + ".dir"


def _md5(file: Path) -> str:
    with file.open("rb") as handle:
        return hashlib.file_digest(handle, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def main() -> None:
    """Run one of the four commands."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        "action", nargs="?", default="clean", choices=["clean", "run", "verify", "repair"]
    )
    parser.add_argument("command", nargs=argparse.REMAINDER, help="of `run`")
    arguments = parser.parse_args()
    logs.configure(run_id=run_id(), stage="doctor")
    with exit_on_error():
        if arguments.action == "run":
            sys.exit(run(arguments.command))
        if arguments.action == "clean":
            clean_up()
            return
        verifying = arguments.action == "verify"
        corrupt = verify() if verifying else repair()
        for path in (*corrupt.objects, *corrupt.outputs):
            log.error("corrupt" if verifying else "repaired", file=str(path))
        if corrupt and verifying:
            raise DataError(
                "corrupt files, named above. Run `python -m … .doctor repair`.", "data.corrupt"
            )


if __name__ == "__main__":
    main()
