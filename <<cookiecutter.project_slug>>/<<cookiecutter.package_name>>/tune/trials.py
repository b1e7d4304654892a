"""One trial after the other, in this process."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog

from ..config.tune import Tune
from ..errors import ConfigError, ModelError
from ..model.estimators import at_most
from ..model.fitting import first_line
from .objective import REFUSED, Problem, Pruned, Report, Space
from .samplers import pruner, sampler
from .space import draw
from .study import Place, fail, opened

log = structlog.get_logger()


APART = 100_003  # between the seeds of two workers: more than a study has trials


@dataclass(frozen=True)
class Job:
    """All that a process needs to run trials."""

    problem: Problem
    space: Space
    settings: Tune
    place: Place


def run_here(job: Job, left: int, deadline: float, step: Callable[[], None]) -> None:
    """Run so many trials, none that would begin after the deadline.

    Args:
        deadline: by ``time.monotonic``.
        step: called after each.
    """
    with at_most(job.problem.spec.workers), opened(job.place) as study:
        prepare(study, job, worker=0)
        for _ in range(left):
            if time.monotonic() >= deadline:
                return
            run_trial(study, study.ask(), job)
            step()


def prepare(study: Any, job: Job, worker: int) -> None:
    """Give the study its sampler and pruner; the sampler repeats neither itself nor another's."""
    drawn = len(study.get_trials(deepcopy=False))  # differs between workers that start in turn
    seed = job.problem.spec.seed + drawn + worker * APART
    study.sampler = sampler(job.settings.sampler, seed)
    study.pruner = pruner(job.settings.pruner)


def run_trial(study: Any, trial: Any, job: Job) -> None:
    """Draw parameters, score them, tell the study.

    Raises:
        PipelineError: what other parameters would not change, such as a metric that raises.
    """
    from optuna.trial import TrialState

    params = _draw(trial, job)
    report = None if job.settings.pruner.name == "none" else _report(trial)
    try:
        values = job.problem.score(params, report)
    except Pruned:
        study.tell(trial, state=TrialState.PRUNED)
    except ModelError as error:
        if error.code != REFUSED:
            raise
        log.warning("a trial failed", params=params, reason=error.message)
        fail(study, trial.number, error.message)
    else:
        study.tell(trial, values)


def _draw(trial: Any, job: Job) -> dict[str, Any]:
    from optuna.exceptions import StorageInternalError

    try:
        return draw(trial, job.space)
    except StorageInternalError:
        raise
    except Exception as error:  # a sampler may lack a package, or not fit the space
        raise ConfigError(
            f"tune.sampler {job.settings.sampler.name} cannot draw from this space: "
            f"{first_line(error)}. Install what it needs, or take another in conf/tune.",
            "config.sampler",
        ) from error


def _report(trial: Any) -> Report:
    def report(step: int, value: float) -> None:
        trial.report(value, step)
        if trial.should_prune():
            raise Pruned

    return report
