"""Which run this is: one ``run_id`` for all stages that one DVC command starts, and its origin."""

import functools
import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path


@functools.cache
def run_id() -> str:
    """A name shared by every stage of one DVC command, such as ``20261124-102048-3f2a9c``.

    It is made of the start of the nearest DVC process above this one, so that stages, each a
    process of its own, agree without a file or a variable; by hand, of this process.
    """
    import psutil

    me = psutil.Process()
    origin = next((p for p in me.parents() if _is_dvc(p)), me)
    started = origin.create_time()
    digest = hashlib.sha256(f"{origin.pid}-{started}".encode()).hexdigest()[:6]
    return f"{datetime.fromtimestamp(started, UTC):%Y%m%d-%H%M%S}-{digest}"


def _is_dvc(process: "psutil.Process") -> bool:  # type: ignore[name-defined]  # noqa: F821
    import psutil

    try:
        return any(Path(word).name in ("dvc", "dvc.exe") for word in process.cmdline()[:3])
    except psutil.Error:
        return False


def experiment() -> str | None:
    """The name of the DVC experiment that runs this stage; None in `dvc repro` and by hand."""
    return os.environ.get("DVC_EXP_NAME")


def git_commit() -> str | None:
    """The commit that is checked out here; None outside of a git repository."""
    import subprocess

    found = subprocess.run(
        ["git", "rev-parse", "HEAD"],  # noqa: S607 - git from the PATH, as DVC does
        capture_output=True,
        text=True,
        check=False,
    )
    return found.stdout.strip() or None


def committed(file: Path) -> str | None:
    """The text of a file in the commit that is checked out here; None if it is not there."""
    import subprocess

    shown = subprocess.run(  # noqa: S603
        ["git", "show", f"HEAD:./{file.as_posix()}"],  # noqa: S607 - git from the PATH, as DVC does
        capture_output=True,
        text=True,
        check=False,
    )
    return shown.stdout if shown.returncode == 0 else None
