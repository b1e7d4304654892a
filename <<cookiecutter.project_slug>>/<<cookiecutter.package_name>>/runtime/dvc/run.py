"""The run that a stage belongs to, by the DVC process and the git commit that it comes from."""

import functools
import hashlib
import json
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


@functools.cache
def run_id() -> str:
    """The identifier of this run, such as ``20261124-102048-3f2a9c``; one for all its stages.

    It is made of the start and the number of the nearest DVC process above this one, so that
    stages, each a process of its own, agree without a file or a variable; by hand, of this process.
    """
    import psutil

    this = psutil.Process()
    origin = next((process for process in this.parents() if _is_dvc(process)), this)
    started = origin.create_time()
    digest = hashlib.sha256(f"{origin.pid}-{started}".encode()).hexdigest()[:6]
    return f"{datetime.fromtimestamp(started, UTC):%Y%m%d-%H%M%S}-{digest}"


def with_run_id(report: dict[str, Any], last: Path, run: str) -> dict[str, Any]:
    """The report with a run; an equal last one keeps its own, so that alerts are sent once."""
    try:
        before = json.loads(last.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        before = None
    same = isinstance(before, dict) and before == report | {"run_id": before.get("run_id")}
    return before if same else report | {"run_id": run}


def _is_dvc(process: "psutil.Process") -> bool:  # type: ignore[name-defined]  # noqa: F821
    import psutil

    try:
        return any(Path(word).name in ("dvc", "dvc.exe") for word in process.cmdline()[:3])
    except psutil.Error:
        return False


def is_stage() -> bool:
    """Whether DVC started this process as a stage."""
    return "DVC_STAGE" in os.environ


def experiment_name() -> str | None:
    """The name of the DVC experiment that runs this stage; None in `dvc repro` and by hand."""
    return os.environ.get("DVC_EXP_NAME")


def git_commit() -> str | None:
    """The commit that is checked out; None outside of a git repository."""
    return commit_of("HEAD")


def commit_of(revision: str) -> str | None:
    """The commit that git knows by a name; None if there is none."""
    commit = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    return (commit or "").strip() or None


def committed_text(file: Path) -> str | None:
    """The text of a file in the commit that is checked out; None if that has no such file."""
    return _git("show", f"HEAD:./{file.as_posix()}")


def _git(*arguments: str) -> str | None:
    """What git prints; None if it fails."""
    done = subprocess.run(  # noqa: S603
        ["git", *arguments],  # noqa: S607 - git from the PATH, as DVC does
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout if done.returncode == 0 else None
