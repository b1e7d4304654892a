"""The stage wrapper: configuration, log, and one clear error with the exit code of its kind."""

import functools
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import structlog
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from ..config import Config, load, read
from ..errors import ConfigError, PipelineError, ResourceError, from_system
from . import logs
from .dvc.run import is_stage, run_id

ROOT = Path(__file__).resolve().parents[2]

log = structlog.get_logger()


def stage(job: Callable[[Config], float | None]) -> Callable[[], None]:
    """Turn a function that takes the checked configuration into a command.

    The command is an ordinary Hydra app: groups and values can be overridden, `-m` sweeps. The
    job's return value is what a sweep optimises. What DVC runs, `-cn pipeline` and nothing else,
    does not start Hydra: params.yaml is composed already, so it is read as it is, in half the
    time that a Hydra app takes to start.
    """
    name = job.__module__ if job.__module__ != "__main__" else Path(sys.argv[0]).stem

    def task(composed: DictConfig) -> float | None:
        started = time.perf_counter()
        check_checkout()
        result = job(load(composed))
        log.info("done", seconds=round(time.perf_counter() - started, 2))
        return result

    @functools.wraps(job)
    def command() -> None:
        os.environ["HYDRA_FULL_ERROR"] = "1"  # errors come here instead of ending the process
        logs.configure(run_id=run_id(), stage=name)
        with exit_on_error():
            if sys.argv[1:] == ["-cn", "pipeline"]:
                task(read("params.yaml"))
            else:
                import hydra

                hydra.main(config_path=str(ROOT / "conf"), config_name="config")(task)()

    return command


class exit_on_error:  # noqa: N801 - reads as a statement
    """On an error, logs one clear message and ends the process with the exit code of its kind."""

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: object
    ) -> None:
        if isinstance(error, Exception):
            reported = as_pipeline_error(error)
            if reported is None:
                log.error("failed by a bug: please report it", exc_info=error)
                sys.exit(PipelineError.exit_code)
            log.error(reported.message, kind=reported.kind, code=reported.code, **reported.context)
            sys.exit(reported.exit_code)


def as_pipeline_error(error: Exception) -> PipelineError | None:
    """The error as a PipelineError; None if it is none that a user could act on."""
    if isinstance(error, PipelineError):
        return error
    from hydra.errors import HydraException

    if isinstance(error, HydraException | OmegaConfBaseException | YAMLError):
        from .dvc.workspace import untracked_hint

        reason = " ".join(f"{error} {error.__cause__ or ''}".split())
        missing = getattr(error, "missing_cfg_file", None)
        hint = untracked_hint(f"conf/{missing}.yaml") if missing else ""
        return ConfigError(f"{reason}. Edit conf/ or the override.{hint}", "config.compose")
    if from_system(error):
        return ResourceError(
            f"the system refused: {error}. Check space, permissions and paths.", "resource.os"
        )
    if isinstance(error, MemoryError):
        return ResourceError(
            "out of memory. Use fewer rows or a larger machine.", "resource.memory"
        )
    return None


def check_checkout() -> None:
    """Refuse to run as a DVC stage with the code of another checkout.

    Raises:
        ConfigError: says where the stage runs, and where its code comes from.
    """
    here = Path.cwd().resolve()
    if is_stage() and here != ROOT:
        raise ConfigError(
            f"this stage runs in {here}, but its code comes from {ROOT}. "
            "Do not install the package; run `python -m` from the repository's root.",
            "config.foreign_code",
        )
