"""Outputs as they were in a commit or an experiment, out of DVC's cache."""

from pathlib import Path

from ...errors import ConfigError, DataError

WORKSPACE = "workspace"  # what DVC calls the files as they are now


def read(revision: str, path: Path) -> bytes:
    """An output in a commit, a branch, an experiment; or, of WORKSPACE, the file that is there.

    It comes from the cache, or else from the remote.

    Raises:
        ConfigError: there is no such revision.
        DataError: it has no such output, or that is neither in the cache nor in the remote.
    """
    if revision == WORKSPACE:
        try:
            return path.read_bytes()
        except OSError as error:
            raise DataError(
                f"{path} is not there ({error.strerror}). Run `make repro`, or name an experiment.",
                "data.revision",
            ) from error
    import dvc.api
    from dvc.exceptions import DvcException
    from dvc.scm import RevError

    try:
        return bytes(dvc.api.read(path.as_posix(), rev=revision, mode="rb"))
    except RevError as error:
        raise ConfigError(
            f"{revision!r} is no commit, branch or experiment of this repository; `dvc exp show` "
            "lists them.",
            "config.revision",
        ) from error
    except (DvcException, OSError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise DataError(
            f"{path} of {revision} cannot be read: {reason}. The machine that ran it has it in its "
            "cache: `dvc push` and `dvc exp push` share it.",
            "data.revision",
        ) from error
