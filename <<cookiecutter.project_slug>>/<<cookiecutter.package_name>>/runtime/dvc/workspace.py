"""The repository that DVC runs in, the copy that an experiment runs in, and DVC's files there."""

import glob
import os
from collections.abc import Iterator
from pathlib import Path

POINTER = ".dvc"  # ending of the file that `dvc add` writes beside the data


def repository_root() -> Path:
    """The repository that keeps records, also for experiments that run in a copy of it."""
    return Path(os.environ.get("DVC_ROOT", ".")).resolve()


def is_pointer(name: str) -> bool:
    """Whether a file of this name is DVC's, about the data that lies beside it."""
    return name.endswith(POINTER)


def missing_data(folder: Path) -> Iterator[Path]:
    """Files below a folder that DVC tracks and that are not there: they were not pulled."""
    for pointer in sorted(folder.rglob(f"*{POINTER}")):
        if not pointer.with_suffix("").exists():
            yield pointer.with_suffix("")


def move(file: Path, to: Path) -> None:
    """Move a file, with what DVC has beside it, into a folder that is made if need be.

    A killed call is made good by the next: DVC's file goes first, so that none says that the data
    is missing.
    """
    to.parent.mkdir(parents=True, exist_ok=True)
    pointer = file.with_name(file.name + POINTER)
    if pointer.exists():
        pointer.replace(to.with_name(to.name + POINTER))
    file.replace(to)


def untracked_hint(path: str | Path) -> str:
    """What to do about an input that is missing only because the experiment runs in a copy.

    Args:
        path: of a file, a folder or a pattern that is missing, relative to the repository.

    Returns:
        A sentence that begins with a blank, to end an error's message with; else ``""``.
    """
    origin, inside = repository_root(), os.path.normpath(path)
    in_copy = origin != Path.cwd().resolve()
    if not in_copy or inside == "." or inside.startswith((os.sep, os.pardir)):
        return ""
    patterns = [glob.escape(f"{origin}/") + str(path).replace("**/", d) for d in ("", "**/")]
    matches = any(glob.glob(pattern) for pattern in patterns)  # noqa: PTH207 - takes any text
    if not matches and not os.path.lexists(origin / path):
        return ""
    return (
        f" It is in {origin}, but this experiment runs in a copy, which has only what git or DVC "
        f"tracks: `git add {path}`, or `dvc add {path}` for what is large, and start it again."
    )
