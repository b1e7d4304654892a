"""Outputs as they were in a commit or an experiment, from DVC's cache; nothing is checked out."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...errors import ConfigError, DataError, ResourceError

WORKSPACE = "workspace"  # what DVC calls the files as they are now


def read(revision: str, paths: Sequence[Path]) -> list[bytes]:
    """Outputs in a commit, a branch, a tag, an experiment; of WORKSPACE, the files that are there.

    They come from the cache, or else from the remote.

    Raises:
        ConfigError: there is no such revision.
        DataError: it has no such output.
        ResourceError: an output is neither in the cache nor in the remote.
    """
    if revision == WORKSPACE:
        return [_of_workspace(path) for path in paths]
    files = _files(revision)
    return [_of_revision(files, revision, path.as_posix()) for path in paths]


def fetch(revision: str, folder: Path, to: Path) -> bool:
    """Copy an output that is a folder, as it was in a commit, a branch, a tag or an experiment.

    It comes from the cache, or else from the remote. Returns whether the revision has it.

    Raises:
        ConfigError: there is no such revision.
        ResourceError: the output is neither in the cache nor in the remote.
    """
    from dvc.exceptions import DvcException
    from dvc_data.index import DataIndexError

    files, name = _files(revision), folder.as_posix()
    if not _is_recorded(files, name):
        return False
    try:
        files.get(name, str(to), recursive=True)
    except (DvcException, DataIndexError, OSError) as error:
        raise _unreachable(revision, name) from error
    return True


def _is_recorded(files: Any, name: str) -> bool:
    try:
        return "md5" in files.info(name)
    except FileNotFoundError:
        return False


def _of_revision(files: Any, revision: str, name: str) -> bytes:
    from dvc.exceptions import DvcException

    if not _is_recorded(files, name):
        raise DataError(
            f"{revision} has no {name}: the pipeline did not run there, or its dvc.lock was not "
            "committed. Name another revision (`dvc exp show` lists experiments), or check it out "
            "and run `make repro`.",
            "data.revision",
        )
    try:
        return bytes(files.read_bytes(name))
    except (DvcException, OSError) as error:
        raise _unreachable(revision, name) from error


def _unreachable(revision: str, name: str) -> ResourceError:
    return ResourceError(
        f"{name} of {revision} is neither in the cache nor in the remote. Get it by `dvc fetch "
        "--all-commits`, after `dvc push` where it was made; or check it out and run "
        "`make repro`.",
        "resource.revision",
    )


def _of_workspace(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise DataError(
            f"{path} is not there. Run `make repro`, or name other revisions than {WORKSPACE}.",
            "data.revision",
        ) from error


def _files(revision: str) -> Any:
    """The files of a revision."""
    from dvc.api import DVCFileSystem
    from dvc.exceptions import DvcException
    from dvc.scm import RevError, SCMError

    files = DVCFileSystem(rev=revision)
    try:
        files.repo  # noqa: B018 - opens it
    except RevError as error:
        raise ConfigError(
            f"{revision!r} is no experiment, branch, tag or commit here, or several experiments "
            "have this name; `dvc exp show` lists them.",
            "config.revision",
        ) from error
    except (DvcException, SCMError) as error:
        raise DataError(
            f"{revision} cannot be read: {str(error).splitlines()[0]}", "data.revision"
        ) from error
    return files
